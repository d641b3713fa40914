"""Look-alikes of families ``update_runs`` and ``unplanned``: what went wrong once, or not at all."""

from __future__ import annotations

from fleet.faults.membership import leave_deployments, list_in
from fleet.faults.registry import azure_windows, linux, lookalike, windows
from fleet.faults.runs import need_again, repair_linux, repair_windows
from fleet.faults.starts import fail_to_start, usual
from fleet.faults.unplanned import SYSTEM, USERS, happen, need_and_install, run_an_hour, without_reboot
from fleet.model import DAY, HOUR, Change, Ints, World
from fleet.reports import FOR_EVER, add_reports, drop_reports
from fleet.story import Install, Outcome

MINUTE = 60


def _end(world: World, number: int, machine: int, place: int, status: str, *installs: Install) -> None:
    """Let one of the last two runs end like this on a machine."""
    runs = world.deployments[number].runs
    world.outcomes.append(
        Outcome(
            machine=machine, deployment=number, place=len(runs) - 2 + place, status=status, minutes=50,
            installs=installs,
        )
    )  # fmt: skip


@lookalike(windows, fixed=1)
def start_the_next_time(world: World, machines: Ints) -> None:
    """Fail to start once; the next run starts."""
    fail_to_start(world, usual(world), machines, place=-2)


@lookalike(windows, fixed=2)
def end_well_at_last(world: World, machines: Ints) -> None:
    """Exceed the window once; the next run ends well, or fails on Windows."""
    number = repair_windows(world)
    list_in(world, number, machines)
    for turn, machine in enumerate(machines.tolist()):
        _end(world, number, machine, 0, "MaintenanceWindowExceeded")
        _end(world, number, machine, 1, ("Succeeded", "Failed")[turn])


@lookalike(linux, fixed=2)
def patch_linux_at_last(world: World, machines: Ints) -> None:
    """Fail once and end well later; a package fails in both runs on one machine."""
    number = repair_linux(world)
    list_in(world, number, machines)
    need_again(world, machines[1:], "pkg-tz")
    failing = Install(key="pkg-tz", status="Failed", result="Exit code 100")
    for place, status in enumerate(("Failed", "Succeeded")):
        _end(world, number, int(machines[0]), place, status)
        _end(world, number, int(machines[1]), place, "Succeeded", failing)


@lookalike(windows, fixed=2)
def install_at_last(world: World, machines: Ints) -> None:
    """Fail to install twice in one run, or in two and then succeed."""
    number = repair_windows(world)
    list_in(world, number, machines)
    once, thrice = machines.tolist()
    failing = Install(key="fix-old", status="InstallFailed", result="0x80070005", code="0x80070005")
    need_again(world, machines[:1], "fix-old")
    _end(world, number, once, 1, "Failed", failing, failing)
    _end(world, number, thrice, 0, "Failed", failing)
    _end(world, number, thrice, 1, "Succeeded", failing, Install(key="fix-old", status="Succeeded"))
    need_and_install(world, machines[1:], "fix-old", _after_run(world, number))


def _after_run(world: World, number: int) -> int:
    """Return a moment soon after the newest run of a deployment."""
    return world.deployments[number].runs[-1].start + 75 * MINUTE


@lookalike(windows, fixed=3)
def install_by_name(world: World, machines: Ints) -> None:
    """Install by a run what its rows name by the number only, with and without the prefix."""
    number = repair_windows(world)
    list_in(world, number, machines)
    for machine, named in zip(machines.tolist(), ("kb", "KB", "id"), strict=True):
        _end(world, number, machine, 1, "Succeeded", Install(key="sql", status="Succeeded", named=named))
    need_and_install(world, machines, "sql", _after_run(world, number))


@lookalike(windows, fixed=1)
def renew_definitions(world: World, machines: Ints) -> None:
    """Need Defender's definitions for half of every day; automatic updates are on."""
    leave_deployments(world, machines)
    world.machines.loc[machines, "au_options"] = "4"
    days = range(world.start // DAY, world.asked // DAY + 1)
    drop_reports(world, machines, [f"def-{day}" for day in days])
    for day in days:
        installed = day * DAY + 12 * HOUR if day < world.asked // DAY - 1 else FOR_EVER
        add_reports(
            world, machines, f"def-{day}", since=day * DAY, until=(day + 1) * DAY, installed=installed
        )


@lookalike(windows, fixed=4)
def restart_elsewhen(world: World, machines: Ints) -> None:
    """Restart too late or too early, power off, or write such an entry in another log."""
    start = run_an_hour(world, without_reboot(world), machines)
    late, early, off, other = machines.tolist()
    happen(world, late, start + 195 * MINUTE, "restart", USERS[0])
    happen(world, early, start - 10 * MINUTE, "restart", USERS[0])
    happen(world, off, start + 30 * MINUTE, "power_off", USERS[0])
    happen(world, other, start + 30 * MINUTE, "told_of_restart", SYSTEM)


@lookalike(windows, fixed=1)
def restart_as_planned(world: World, machines: Ints) -> None:
    """Restart in a run that may restart machines."""
    start = run_an_hour(world, repair_windows(world), machines)
    happen(world, int(machines[0]), start + 50 * MINUTE, "restart", SYSTEM)


@lookalike(azure_windows, fixed=2)
def be_hidden_from_reader(world: World, machines: Ints) -> None:
    """Exist and report, and not be shown to who asks; one was deleted and made again under its old name."""
    leave_deployments(world, machines)
    world.machines.loc[machines, "unread"] = True
    for day, kind in ((10, "Delete"), (9, "Create")):
        world.changes.append(
            Change(machine=int(machines[1]), at=world.asked - day * DAY, type=kind, values={})
        )
