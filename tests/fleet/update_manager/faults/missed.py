"""Faults of scenario ``scheduled_run_missed_machine``: a schedule ran and left machines out."""

from __future__ import annotations

from fleet.model import DAY, HOUR, NEVER, Bools, Ints
from fleet.update_manager.estate import weekly_at
from fleet.update_manager.faults.placing import (
    add,
    add_place,
    leave_schedules,
    move,
    record,
    retag,
    schedule,
    share,
)
from fleet.update_manager.faults.registry import (
    anyone,
    azure,
    azure_linux,
    azure_windows,
    fault,
)
from fleet.update_manager.model import Change, Estate, Scope

SCENARIO = "scheduled_run_missed_machine"
MONTHLY = 3
LAB, LINUX, WINDOWS, NAMED = 50, 60, 80, 34


def join_linux(estate: Estate, machines: Ints) -> int:
    """Let the weekly scope for Linux select machines; return when its newest run started."""
    leave_schedules(estate, machines)
    estate.set(machines, subscription=0, maintenance="weekly")
    return estate.asked - LINUX * HOUR


def join_windows(estate: Estate, machines: Ints) -> int:
    """Let the weekly scope for Windows select machines; return when its newest run started."""
    leave_schedules(estate, machines)
    estate.set(machines, subscription=0, location=0, maintenance="weekly", stage="prod")
    return estate.asked - WINDOWS * HOUR


@fault(f"{SCENARIO}/scope_not_visible", anyone, least=0, weight=0)
def hide_scope(estate: Estate, machines: Ints) -> None:
    """Let a scope name a subscription that whoever asks cannot see."""
    place = add_place(estate, "sub-hidden", visible=False)
    estate.configurations[MONTHLY].scopes.append(
        Scope(subscription=place, types=None, tags={"maintenance": ("monthly",)}, operator="Any")
    )


@fault(f"{SCENARIO}/assignment_lost_by_move", azure, least=2)
def lose_assignment(estate: Estate, machines: Ints) -> None:
    """Move machines to another resource group; their assignments stay behind."""
    number = share(estate, machines)
    configuration = estate.configurations[number]
    configuration.named = [machine for machine in configuration.named if machine not in machines]
    configuration.lost += machines.tolist()
    move(estate, machines, "rg-moved", estate.asked - 6 * DAY)


@fault(f"{SCENARIO}/machine_deleted dynamic", azure_linux)
def delete_before_run(estate: Estate, machines: Ints) -> None:
    """Delete machines of a dynamic scope between two runs."""
    _delete(estate, machines, join_linux(estate, machines) - 31 * HOUR)


@fault(f"{SCENARIO}/machine_deleted static", azure)
def delete_named(estate: Estate, machines: Ints) -> None:
    """Delete machines that a schedule still names."""
    share(estate, machines)
    _delete(estate, machines, estate.asked - (LAB + 31) * HOUR)


def _delete(estate: Estate, machines: Ints, at: int) -> None:
    """Delete machines at a moment."""
    estate.set(machines, deleted=at, assessed=at - 4 * HOUR)
    record(estate, machines, at, "Delete")


@fault(f"{SCENARIO}/machine_recreated", azure_linux)
def be_made_anew(estate: Estate, machines: Ints) -> None:
    """Delete machines and make them anew a few hours before the run."""
    at = join_linux(estate, machines) - 5 * HOUR
    estate.set(machines, recreated=at + HOUR)
    record(estate, machines, at, "Delete", "Create")


def heard_healthy(estate: Estate) -> Bools:
    """Allow healthy machines that the old service hears, and that a schedule reaches."""
    return estate.flags("healthy")


@fault(f"{SCENARIO}/machine_unavailable unheard", heard_healthy, weight=0, adopted=True)
def be_unheard(estate: Estate, machines: Ints) -> None:
    """Let machines send no heartbeat around the run, and be on before and after it."""
    at = estate.asked - NAMED * HOUR
    estate.set(machines, unheard=True, away_from=at, away_to=at + 1)


@fault(f"{SCENARIO}/changed_too_late", azure_linux)
def change_too_late(estate: Estate, machines: Ints) -> None:
    """Tag machines for a schedule ten minutes before it starts."""
    at = join_linux(estate, machines)
    estate.set(machines, maintenance=None, away_from=at, away_to=at + 1)
    retag(estate, machines, "maintenance", "weekly", at - 600)


@fault(f"{SCENARIO}/changed_before_run tag", azure_linux, least=2)
def change_tag(estate: Estate, machines: Ints) -> None:
    """Take the tag away since the run before; every second one gets another word."""
    at = join_linux(estate, machines)
    retag(estate, machines[::2], "maintenance", None, at - 20 * HOUR)
    retag(estate, machines[1::2], "maintenance", "retired", at - 20 * HOUR)


@fault(f"{SCENARIO}/changed_before_run place", azure_windows, least=2)
def change_place(estate: Estate, machines: Ints) -> None:
    """Move machines out of a scope: to another region, or to another resource group."""
    at = join_windows(estate, machines) - 22 * HOUR
    estate.set(machines[::2], old_location=0, location=3, changed=at)
    for machine in machines[::2].tolist():
        values: dict[str, tuple[str | None, str | None]] = {"location": ("westeurope", "uksouth")}
        estate.changes.append(Change(machine=machine, at=at, type="Update", values=values))
    # the scope of the second subscription is one resource group
    estate.set(machines[1::2], subscription=1, group="rg-apps")
    move(estate, machines[1::2], "rg-data", at)


@fault(f"{SCENARIO}/schedule_conflict", anyone, least=2, weight=0)
def collide(estate: Estate, machines: Ints) -> None:
    """Let two schedules start at once: the first takes the machine that both name."""
    schedule(estate, machines, "mc-twin-a", hours=38)
    second = add(estate, weekly_at("mc-twin-b", estate.asked - 38 * HOUR))
    estate.configurations[second].named += machines.tolist()
    estate.configurations[second].spared = machines[:1].tolist()
    estate.configurations[second - 1].spared = machines[1:].tolist()


@fault(f"{SCENARIO}/filter_excludes_machine", anyone, least=2)
def suspect(estate: Estate, machines: Ints) -> None:
    """Suspect machines that no schedule reaches."""
    leave_schedules(estate, machines)
    estate.suspects += machines.tolist()


@fault(f"{SCENARIO}/taken_by_other_runs once", anyone)
def be_left_out_once(estate: Estate, machines: Ints) -> None:
    """Leave machines out of the newest run alone."""
    share(estate, machines)
    at = estate.asked - LAB * HOUR
    estate.set(machines, away_from=at, away_to=at + 1)


@fault(f"{SCENARIO}/taken_by_other_runs often", anyone, least=2, weight=0)
def be_left_out_often(estate: Estate, machines: Ints) -> None:
    """Leave a machine out of the newest three runs of a daily schedule."""
    schedule(estate, machines, "mc-daily", hours=14, every="1Day")
    estate.set(machines[:1], away_from=estate.asked - 3 * DAY, away_to=NEVER)


@fault(f"{SCENARIO}/never_taken static", anyone)
def never_take(estate: Estate, machines: Ints) -> None:
    """Name machines that no run has taken yet."""
    share(estate, machines)
    estate.set(machines, away_from=0, away_to=NEVER)


@fault(f"{SCENARIO}/never_taken dynamic", azure_linux)
def never_select(estate: Estate, machines: Ints) -> None:
    """Never take machines that a scope selects, though others of the scope are."""
    join_linux(estate, machines)
    estate.set(machines, away_from=0, away_to=NEVER)


@fault(f"{SCENARIO}/unknown", anyone)
def be_forgotten(estate: Estate, machines: Ints) -> None:
    """Leave machines out for two weeks, for no reason that any row tells."""
    share(estate, machines)
    estate.set(machines, away_from=estate.asked - 15 * DAY, away_to=NEVER)
