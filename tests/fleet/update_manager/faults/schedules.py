"""Faults of configurations: they do not run, collide, are not valid, or were cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from fleet.model import DAY, HOUR, NEVER, Ints
from fleet.update_manager.estate import weekly_at
from fleet.update_manager.faults.placing import add, add_place, schedule
from fleet.update_manager.faults.registry import Who, anyone, fault, windows
from fleet.update_manager.model import CHANGES_KEPT, Estate, Lists, Scope
from fleet.update_manager.schedule import wall_of

NOT_RUN = "schedule_did_not_run"


@fault(f"{NOT_RUN}/took_no_machine", anyone, least=2, weight=0)
def take_none(estate: Estate, machines: Ints) -> None:
    """Let the newest run take nobody."""
    schedule(estate, machines, "mc-empty", hours=35, bare=(0,))


@fault(f"{NOT_RUN}/provider_not_registered", anyone, weight=0)
def lose_provider(estate: Estate, machines: Ints) -> None:
    """Take the provider away where a schedule lies: it ran until last week."""
    number = schedule(estate, machines, "mc-orphan", hours=37, skipped=(0,))
    place = add_place(estate, "sub-schedules", unregistered=("Microsoft.Maintenance",))
    estate.configurations[number].subscription = place


@fault(f"{NOT_RUN}/never_ran", anyone, weight=0)
def never_run(estate: Estate, machines: Ints) -> None:
    """Never run a schedule that was changed before the window."""
    edited = min(estate.start, estate.asked - CHANGES_KEPT) - 6 * HOUR
    schedule(estate, machines, "mc-idle", hours=39, begins=NEVER, edited=edited)


@fault(f"{NOT_RUN}/unknown", anyone, weight=0)
def skip_run(estate: Estate, machines: Ints) -> None:
    """Skip one run between two that were held."""
    schedule(estate, machines, "mc-gap", hours=41, skipped=(1,))


@fault(f"{NOT_RUN}/expired", anyone, weight=0)
def expire(estate: Estate, machines: Ints) -> None:
    """Let a schedule expire since its newest run."""
    expires = wall_of(estate.asked - 3 * DAY, "UTC")
    schedule(estate, machines, "mc-ended", hours=5 * 24, expires=expires)


def _second(estate: Estate, machines: Ints, names: tuple[str, str], minutes: int, **lists: Lists) -> None:
    """Reach machines by two schedules; the second starts for the first time some minutes after the first."""
    first = schedule(estate, machines, names[0], hours=31, **lists)
    wall = estate.configurations[first].starts + timedelta(weeks=21, minutes=minutes)
    second = weekly_at(names[1], estate.asked - 31 * HOUR, starts=wall, every=f"Week {wall.strftime('%A')}")
    estate.configurations[add(estate, second)].named += machines.tolist()


@fault("schedule_conflict/same_start", anyone, weight=0)
def start_together(estate: Estate, machines: Ints) -> None:
    """Let two schedules of a machine start together from next week on."""
    _second(estate, machines, ("mc-pair-1", "mc-pair-2"), 0)


@fault("schedule_conflict/overlapping_windows", anyone, weight=0)
def overlap(estate: Estate, machines: Ints) -> None:
    """Let the windows of two schedules of a machine overlap from next week on."""
    _second(estate, machines, ("MC-overlap-1", "mc-overlap-2"), 60)


@fault("schedule_conflict/same_start definitions", windows, weight=0)
def start_definitions(estate: Estate, machines: Ints) -> None:
    """Let a schedule for nothing but definitions start together with another one."""
    _second(estate, machines, ("mc-def-1", "mc-def-2"), 0, windows=Lists(classes=("Definition",)))


def _cancel(cause: str, status: str) -> None:
    """Register that the newest run was cancelled."""

    @fault(f"run_cancelled/{cause}", anyone, weight=0)
    def make(estate: Estate, machines: Ints) -> None:
        told = None if cause == "unknown" else cause
        schedule(estate, machines, f"mc-cancelled-{cause}", hours=43, held={0: (status, told)})


for _cause, _status in (
    ("cancelled_by_api", "Cancelled"), ("platform_failure", "Canceled"), ("unknown", "Cancel")
):  # fmt: skip
    _cancel(_cause, _status)

_UNKNOWN = Lists(classes=("Critical", "Security", "Unclassified"))
_INVALID: Mapping[str, tuple[Who, dict[str, object]]] = {
    "classification_invalid": (anyone, {"windows": _UNKNOWN, "linux": _UNKNOWN}),
    "window_below_minimum": (anyone, {"minutes": 60}),
    "window_above_maximum": (anyone, {"minutes": 300}),
    "recurs_too_often": (anyone, {"every": "4Hours"}),
}


def _invalid(cause: str, who: Who, how: dict[str, object]) -> None:
    """Register that a configuration says what the service does not take."""

    @fault(f"configuration_invalid/{cause}", who, weight=0)
    def make(estate: Estate, machines: Ints) -> None:
        schedule(estate, machines, f"mc-{cause.replace('_', '-')}", hours=45, **how)


for _cause, (_who, _how) in _INVALID.items():
    _invalid(_cause, _who, _how)


@fault("schedule_near_limits/scopes_per_schedule", anyone, least=2, weight=0)
def have_many_scopes(estate: Estate, machines: Ints) -> None:
    """Give schedules almost as many scopes as there may be, or more."""
    for count, machine in zip((185, 203), machines.tolist(), strict=False):
        number = schedule(estate, machines[machines == machine], f"mc-scopes-{count}", hours=47)
        estate.configurations[number].scopes += [
            Scope(subscription=2, tags={"stage": (f"shelf-{shelf}",)}) for shelf in range(count)
        ]


@fault("schedule_near_limits/filters_per_scope", anyone, weight=0)
def have_many_filters(estate: Estate, machines: Ints) -> None:
    """Give a scope almost as many filters as there may be."""
    number = schedule(estate, machines, "mc-filters", hours=48)
    groups = tuple(f"rg-site-{site}" for site in range(46))
    estate.configurations[number].scopes.append(Scope(subscription=2, groups=groups))
