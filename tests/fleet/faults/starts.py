"""Faults of family ``update_runs``: machine runs that failed to start."""

from __future__ import annotations

from fleet.faults.membership import find_deployment, list_in
from fleet.faults.quota import add_workspace
from fleet.faults.registry import azure_windows, fault, hosted_windows, windows
from fleet.model import HOUR, Change, Deployment, Ints, World, make_guids
from fleet.story import Job, Outcome

SCENARIO = "run_failed_to_start"
MINUTE = 60
NOT_STARTED = (
    "Failed to start the runbook. Check the parameters passed. RunbookName Patch-MicrosoftOMSComputers. "
    "Exception You have requested to create a runbook job on a hybrid worker group that does not exist."
)
NOT_AVAILABLE = (
    "Failed to start, as hybrid worker was not available when scheduled job started, "
    "the worker was last seen at {seen}."
)
TOO_MANY, JUST_NOT = 204, 199


def starting(world: World, name: str, *ago: int) -> int:
    """Return a deployment whose runs nothing else overlaps."""
    wanted = Deployment(
        name=name, os_type="Windows", classes="Critical, Security, UpdateRollup", reboot="IfRequired"
    )
    return find_deployment(world, wanted, *ago)


def usual(world: World) -> int:
    """Return the deployment most of whose machines fail to start in its newest run."""
    return starting(world, "patch-starts", 44 * HOUR, 212 * HOUR)


def fail_to_start(world: World, number: int, machines: Ints, *, place: int = -1, old_id: bool = False) -> int:
    """Let the run of this place fail to start on these machines; return when it began."""
    list_in(world, number, machines)
    runs = world.deployments[number].runs
    place %= len(runs)
    world.outcomes += [
        Outcome(
            machine=machine, deployment=number, place=place, status="FailedToStart",
            minutes=8 + turn % 4, error=(NOT_STARTED, NOT_AVAILABLE)[turn % 3 == 1], old_id=old_id,
        )
        for turn, machine in enumerate(machines.tolist())
    ]  # fmt: skip
    return runs[place].start


@fault(f"{SCENARIO}/machine_deleted", azure_windows)
def delete_named(world: World, machines: Ints) -> None:
    """Delete machines that a deployment goes on naming."""
    moment = fail_to_start(world, usual(world), machines) - 5 * HOUR
    world.machines.loc[machines, ["deleted", "beat_to", "scan_to"]] = moment
    for machine in machines.tolist():
        world.changes.append(Change(machine=machine, at=moment, type="Delete", values={}))


@fault(f"{SCENARIO}/source_computer_id_changed", windows, touches=["starts", "id"], by_id=True)
def ask_for_old_id(world: World, machines: Ints) -> None:
    """Install agents anew before a run that still asks for the old id."""
    moment = fail_to_start(world, usual(world), machines, old_id=True)
    world.machines.loc[machines, "old_source_id"] = make_guids(world.rng("old ids"), len(machines))
    world.machines.loc[machines, "reinstalled"] = moment - 5 * HOUR


@fault(f"{SCENARIO}/machine_off", hosted_windows)
def be_off(world: World, machines: Ints) -> None:
    """Switch machines off before a run, for good; every second one not a day ago."""
    late = starting(world, "patch-starts-late", 16 * HOUR, 184 * HOUR)
    for number, some in ((usual(world), machines[::2]), (late, machines[1::2])):
        moment = fail_to_start(world, number, some) - 4 * HOUR
        world.machines.loc[some, ["beat_to", "scan_to"]] = moment
    arc = world.machines.loc[machines, "kind"] == "arc"
    world.machines.loc[machines, "power"] = arc.map({True: "Disconnected", False: "PowerState/deallocated"})


@fault(f"{SCENARIO}/machine_unreachable", windows, touches=["starts", "beat", "scan"])
def be_unreachable(world: World, machines: Ints) -> None:
    """Let machines be away when a run starts, and back two hours later."""
    moment = fail_to_start(world, usual(world), machines)
    for what in ("beat", "scan"):
        world.machines.loc[machines, f"{what}_gap_from"] = moment - 2 * HOUR
        world.machines.loc[machines, f"{what}_gap_to"] = moment + 2 * HOUR


@fault(f"{SCENARIO}/job_limit_reached", windows, touches=["starts"])
def crowd_out(world: World, machines: Ints) -> None:
    """Start a run while other runbooks hold all the jobs there may be, or just before they do."""
    number = starting(world, "patch-crowded", 58 * HOUR)
    crowd(world, fail_to_start(world, number, machines[::2]), TOO_MANY)
    number = starting(world, "patch-crowded-later", 66 * HOUR)
    moment = fail_to_start(world, number, machines[1::2])
    world.jobs += [
        Job(created=moment + 260 + place % 30, ended=moment + HOUR + place) for place in range(TOO_MANY)
    ]


@fault(f"{SCENARIO}/unknown", windows, fixed=9)
def fail_for_no_reason(world: World, machines: Ints) -> None:
    """Let runs not start for no reason, though something looks like one.

    There was a place left for one more job; the machine was switched off long after the run;
    nothing reached the workspace around it, so nobody can say that the machine was not there.
    """
    fail_to_start(world, usual(world), machines[:3])
    world.machines.loc[machines[:1], ["beat_to", "scan_to"]] = world.asked - 5 * HOUR
    if world.texts("kind")[machines[0]] == "azure":
        world.machines.loc[machines[:1], "power"] = "PowerState/deallocated"
    number = starting(world, "patch-busy", 62 * HOUR)
    moment = fail_to_start(world, number, machines[3:5])
    crowd(world, moment, JUST_NOT)
    before, after = (moment - HOUR, moment - 10), (moment + 20 * MINUTE, moment + HOUR)
    world.jobs += [Job(created=since, ended=until) for since, until in (before, after) for _ in range(50)]
    workspace = add_workspace(world, machines[5:], "law-mute")
    moment = fail_to_start(world, usual(world), machines[5:])
    workspace.heartbeat_gap = (moment - 45 * MINUTE, moment + 50 * MINUTE)


def crowd(world: World, moment: int, count: int) -> None:
    """Let other runbooks' jobs, so many at once, last from before a run's start until after it."""
    rng = world.rng(f"crowd {moment}")
    early = rng.integers(MINUTE, 20 * MINUTE, count)
    late = rng.integers(16 * MINUTE, 50 * MINUTE, count)
    world.jobs += [
        Job(created=moment - before, ended=moment + after)
        for before, after in zip(early.tolist(), late.tolist(), strict=True)
    ]
