"""Faults of family ``onboarding`` that lie in who a machine says it is."""

from __future__ import annotations

from fleet.faults.membership import leave_deployments
from fleet.faults.registry import anyone, fault, hosted
from fleet.model import DAY, NEVER, Bools, Ints, World

STUCK = "machine_stuck_configuring"
WHO = (
    "kind", "os", "os_type", "location", "subscription", "group", "name", "computer", "vmuuid",
    "vm_id", "spelling", "env", "patch", "owner", "created", "power", "workspace", "address",
)  # fmt: skip


def told(world: World) -> Bools:
    """Allow machines whose identity is told by heartbeats alone."""
    return hosted(world) if world.drift else anyone(world)


def never_assess(world: World, machines: Ints) -> None:
    """Let machines never send an assessment; no deployment selects them."""
    leave_deployments(world, machines)
    world.machines.loc[machines, "scan_from"] = NEVER


def haunt(world: World, machine: int, ghost: int, *, same_id: bool) -> None:
    """Make one row a second agent of another's machine: heartbeats only, no worker."""
    for column in (*WHO, "source_id") if same_id else WHO:
        world.machines.loc[ghost, column] = world.machines.loc[machine, column]
    world.machines.loc[ghost, ["ghost", "worker", "scan_from"]] = [True, "none", NEVER]


def _tell_by_hardware(world: World, machines: Ints) -> None:
    """Let the workers of these machines be told by ARM id where there is one."""
    leave_deployments(world, machines)
    plain = world.machines.loc[machines, "kind"] == "plain"
    world.machines.loc[machines, "worker"] = plain.map({True: "name", False: "vm"})


@fault(f"{STUCK}/duplicate_computer_name", anyone, fixed=6, by_id=True)
def share_name(world: World, machines: Ints) -> None:
    """Let pairs of machines share a name: one without assessment, both with, one silent by now."""
    _tell_by_hardware(world, machines)
    first, second = machines[::2], machines[1::2]
    names = world.machines.loc[first, "computer"].str.swapcase().to_numpy()
    world.machines.loc[second, "computer"] = names
    world.machines.loc[second[:1], "scan_from"] = NEVER
    world.machines.loc[second[2:], ["beat_to", "scan_to"]] = world.asked - 3 * DAY


@fault(f"{STUCK}/cloned_image", hosted, fixed=5, by_id=True)
def clone_image(world: World, machines: Ints) -> None:
    """Let machines made from one image share an agent's id: a pair, and three."""
    _tell_by_hardware(world, machines)
    for group in (machines[:2], machines[2:]):
        world.machines.loc[group, "source_id"] = world.machines.loc[group[0], "source_id"]
        world.machines.loc[group[1:2], "scan_from"] = NEVER


@fault("registered_to_other_account/multi_homed", anyone, fixed=6, by_id=True)
def report_twice(world: World, machines: Ints) -> None:
    """Let agents report to two workspaces at once."""
    for machine, ghost in zip(machines[::2].tolist(), machines[1::2].tolist(), strict=True):
        haunt(world, machine, ghost, same_id=True)
        world.machines.loc[ghost, "workspace"] = (world.machines.loc[machine, "workspace"] + 1) % 3
        leave_deployments(world, machines)
