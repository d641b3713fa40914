"""Faults of family ``unplanned``: restarts and updates that nobody asked for."""

from __future__ import annotations

from fleet.faults.membership import find_deployment, leave_deployments, list_in
from fleet.faults.registry import fault, windows
from fleet.model import DAY, HOUR, Deployment, Ints, World
from fleet.reports import add_reports, drop_reports
from fleet.story import Happening, Outcome

REBOOT = "unexpected_reboot"
UNASKED = "update_without_deployment"
MINUTE = 60
SYSTEM = "NT AUTHORITY\\SYSTEM"
USERS = ("CONTOSO\\jdoe", "WEU-APP-00001\\Administrator", "CONTOSO\\svc-build")


def without_reboot(world: World, turn: int = 0) -> int:
    """Return a deployment that says never to restart, in one of the two spellings."""
    name, spelling, ago = (
        ("patch-no-reboot", "Never", 40 * HOUR),
        ("patch-no-restart", "NeverReboot", 30 * HOUR),
    )[turn]
    wanted = Deployment(name=name, os_type="Windows", classes="Critical, Security", reboot=spelling)
    return find_deployment(world, wanted, ago, ago + 168 * HOUR)


def run_an_hour(world: World, number: int, machines: Ints) -> int:
    """Let the newest run take an hour on these machines; return when it began."""
    list_in(world, number, machines)
    runs = world.deployments[number].runs
    world.outcomes += [
        Outcome(machine=machine, deployment=number, place=len(runs) - 1, status="Succeeded", minutes=60)
        for machine in machines.tolist()
    ]
    return runs[-1].start


def happen(world: World, machine: int, at: int, kind: str, detail: str = "") -> None:
    """Write something into a machine's log."""
    world.happenings.append(Happening(machine=machine, at=at, kind=kind, detail=detail))


@fault(f"{REBOOT}/restarted_by_user", windows, touches=["reboot"])
def restart_by_hand(world: World, machines: Ints) -> None:
    """Let a user restart machines in a run or soon after; some had been restarted before that."""
    for turn in range(2):
        some = machines[turn::2]
        start = run_an_hour(world, without_reboot(world, turn), some)
        for place, machine in enumerate(some.tolist()):
            if place % 2 == 1:
                happen(world, machine, start + 20 * MINUTE, "restart", SYSTEM)
            at = start + (30, 100, 170)[place % 3] * MINUTE
            happen(world, machine, at, "restart", USERS[(place + turn) % 3])


@fault(f"{REBOOT}/policy_reboots", windows, touches=["reboot", "au"])
def restart_by_policy(world: World, machines: Ints) -> None:
    """Let automatic updates restart machines, as either of two values of the policy asks for."""
    world.machines.loc[machines[::2], "au_options"] = "4"
    world.machines.loc[machines[1::2], "reboots_always"] = True
    _restart(world, machines)


@fault(f"{REBOOT}/unknown", windows, touches=["reboot", "au"])
def restart_for_no_reason(world: World, machines: Ints) -> None:
    """Let machines restart; another key than the policy's says 4 on some."""
    world.machines.loc[machines[::2], "au_options"] = "3"
    world.machines.loc[machines[::2], "auto_update"] = "4"
    _restart(world, machines)


def _restart(world: World, machines: Ints) -> None:
    """Let machines restart on their own, or come back after a fault of power."""
    for turn in range(2):
        some = machines[turn::2]
        start = run_an_hour(world, without_reboot(world, turn), some)
        for place, machine in enumerate(some.tolist()):
            kind = ("restart", "unclean", "power_lost")[(place + turn) % 3]
            happen(world, machine, start + 66 * MINUTE, kind, SYSTEM)


@fault(f"{UNASKED}/automatic_updates_enabled", windows, touches=["patches", "fixes", "au"])
def update_by_itself(world: World, machines: Ints) -> None:
    """Let automatic updates install what was needed, as the registry or the summary says."""
    world.machines.loc[machines[::2], "au_options"] = "4"
    world.machines.loc[machines[1::2], "installs_on_schedule"] = True
    install_unasked(world, machines)


@fault(f"{UNASKED}/unknown", windows, touches=["patches", "fixes", "au"])
def update_from_elsewhere(world: World, machines: Ints) -> None:
    """Let something else install what was needed."""
    world.machines.loc[machines[::2], "au_options"] = "3"
    install_unasked(world, machines)


def install_unasked(world: World, machines: Ints) -> None:
    """Let an update be needed and then installed; every second one had not been approved."""
    leave_deployments(world, machines)
    moment = world.asked - 3 * DAY - 5 * HOUR
    need_and_install(world, machines[::2], "sql", moment)
    need_and_install(world, machines[1::2], "crit", moment - 2 * DAY, approved=0)


def need_and_install(world: World, machines: Ints, key: str, moment: int, *, approved: int = 1) -> None:
    """Let machines need one update until a moment and have it from then on."""
    drop_reports(world, machines, [key])
    add_reports(world, machines, key, installed=moment, approved=approved)
