"""Look-alikes among schedules: what resembles a fault and must not be reported as one."""

from __future__ import annotations

from datetime import datetime

from fleet.model import DAY, HOUR, NEVER, Ints, iso
from fleet.update_manager.estate import weekly_at
from fleet.update_manager.faults.lists import numbers_of
from fleet.update_manager.faults.placing import add, add_place, schedule
from fleet.update_manager.faults.registry import anyone, azure, lookalike, windows
from fleet.update_manager.identity import arm_ids, configuration_id
from fleet.update_manager.model import Estate, Lists
from fleet.update_manager.schedule import wall_of


@lookalike(anyone, fixed=2)
def be_patched_from_a_hub(estate: Estate, machines: Ints) -> None:
    """Let a schedule of a subscription that cannot be seen reach machines."""
    number = schedule(estate, machines, "mc-hub", hours=32)
    estate.configurations[number].subscription = add_place(estate, "sub-hub", visible=False)


@lookalike(anyone, fixed=3)
def be_patched_right_now(estate: Estate, machines: Ints) -> None:
    """Start a run an hour ago: not all of its machines have begun."""
    schedule(estate, machines, "mc-now", hours=1, held={0: ("InProgress", None)})
    estate.set(machines[2:], away_from=estate.asked - HOUR, away_to=NEVER)


@lookalike(anyone, fixed=1)
def have_nothing_to_do(estate: Estate, machines: Ints) -> None:
    """Find no updates at all: the run takes nobody and says so."""
    schedule(estate, machines, "mc-nothing", hours=29, bare=(0,), held={0: ("NoUpdatesPending", None)})


@lookalike(anyone, fixed=1)
def run_an_hour_late(estate: Estate, machines: Ints) -> None:
    """Run an hour late every week: how the rhythm is meant is not known."""
    schedule(estate, machines, "mc-shifted", hours=30, shift=HOUR)


@lookalike(anyone, fixed=1)
def run_every_second_week(estate: Estate, machines: Ints) -> None:
    """Run every second week, in weeks that nothing tells."""
    wall = wall_of(estate.asked - 34 * HOUR, "UTC")
    schedule(estate, machines, "mc-fortnight", hours=34, every=f"2Weeks {wall.strftime('%A')}")


@lookalike(anyone, fixed=2)
def be_at_the_limits(estate: Estate, machines: Ints) -> None:
    """Have the shortest and the longest window that the service takes, and no end."""
    schedule(
        estate, machines[:1], "mc-shortest", hours=33, minutes=90, expires=datetime(9999, 12, 31, 23, 59)
    )
    schedule(estate, machines[1:], "mc-longest", hours=33, minutes=240, every="6Hours")


@lookalike(windows, fixed=1)
def exclude_what_nobody_needs(estate: Estate, machines: Ints) -> None:
    """Exclude by number what the machines do not need; what they need came out since."""
    lists = Lists(
        classes=("Critical",),
        included=("KB1", *numbers_of(estate, "fresh")),
        excluded=numbers_of(estate, "sql-old"),
    )
    schedule(estate, machines, "mc-careful", hours=32, windows=lists)


@lookalike(anyone, fixed=2)
def follow_each_other(estate: Estate, machines: Ints) -> None:
    """Let the window of one schedule begin when that of another ends."""
    schedule(estate, machines, "mc-relay-1", hours=31)
    second = weekly_at("mc-relay-2", estate.asked - 29 * HOUR)
    estate.configurations[add(estate, second)].named += machines.tolist()


@lookalike(anyone, fixed=1)
def be_new_schedule(estate: Estate, machines: Ints) -> None:
    """Make a schedule a week ago whose first start is still to come."""
    number = schedule(estate, machines, "mc-young", hours=100)
    configuration = estate.configurations[number]
    configuration.starts = wall_of(estate.asked + 3 * DAY, configuration.zone)
    configuration.every = f"Week {configuration.starts.strftime('%A')}"
    configuration.born = estate.asked - 7 * DAY


@lookalike(azure, fixed=1)
def maintain_hosts(estate: Estate, machines: Ints) -> None:
    """Have a configuration for hosts, with its assignment and a run that failed."""
    place = estate.subscriptions[0]
    about = {"subscriptionId": place.id, "tenantId": place.tenant, "resourceGroup": "rg-schedules"}
    template = weekly_at("mc-hosts", estate.asked - 30 * HOUR, subscription=0)
    full, target = configuration_id(estate, template), str(arm_ids(estate)[machines[0]])
    estate.extra.setdefault("resources", []).append(
        about | {
            "id": full, "name": "mc-hosts", "type": "microsoft.maintenance/maintenanceconfigurations",
            "location": "westeurope",
            "properties": {
                "maintenanceScope": "Host",
                "maintenanceWindow": {
                    "startDateTime": "2026-01-01 00:00", "duration": "02:00", "timeZone": "UTC",
                    "recurEvery": "Day",
                },
            },
        }
    )  # fmt: skip
    name, stamp = "hosts", iso(estate.asked - 30 * HOUR, "").translate({ord(c): None for c in "-:TZ"})
    estate.extra.setdefault("maintenanceresources", []).extend([
        about | {
            "id": f"{target}/providers/Microsoft.Maintenance/configurationAssignments/{name}", "name": name,
            "type": "microsoft.maintenance/configurationassignments",
            "properties": {"maintenanceConfigurationId": full, "resourceId": target},
        },
        about | {
            "id": f"{full}/providers/microsoft.maintenance/applyupdates/{stamp}", "name": stamp,
            "type": "microsoft.maintenance/maintenanceconfigurations/applyupdates",
            "properties": {
                "maintenanceConfigurationId": full, "status": "Failed",
                "startDateTime": iso(estate.asked - 30 * HOUR),
                "maintenanceConfiguration": {"name": "mc-hosts", "properties": {"maintenanceScope": "Host"}},
            },
        },
    ])  # fmt: skip
