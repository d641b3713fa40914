"""Put machines into update deployments, or take them out."""

from __future__ import annotations

from fleet.deployments import TAGGED_ALL
from fleet.model import Change, Deployment, Ints, Run, World, make_guid


def leave_deployments(world: World, machines: Ints) -> None:
    """Let no deployment select these machines; something else patches them in time."""
    for column, value in (
        ("named", -1), ("patch", "none"), ("owner", "finance"), ("by_deployment", False),
    ):  # fmt: skip
        world.machines.loc[machines, column] = value


def join_prod_windows(world: World, machines: Ints) -> None:
    """Let the dynamic group of production Windows select these Azure machines."""
    for column, value in (
        ("named", -1), ("subscription", 0), ("location", 0), ("env", "prod"),
        ("patch", "weekly"), ("owner", "data"), ("by_deployment", True),
    ):  # fmt: skip
        world.machines.loc[machines, column] = value


def list_in(world: World, number: int, machines: Ints) -> None:
    """Let one deployment name these machines, and no other select them."""
    leave_deployments(world, machines)
    world.deployments[number].listed += [int(machine) for machine in machines]


def find_deployment(world: World, wanted: Deployment, *ago: int) -> int:
    """Return the place of the deployment of this name, made with runs so long ago if it is new."""
    for number, deployment in enumerate(world.deployments):
        if deployment.name == wanted.name:
            return number
    rng = world.rng(f"runs of {wanted.name}")
    for moment in sorted(world.asked - seconds for seconds in ago):
        wanted.runs.append(Run(id=make_guid(rng), start=moment, end=moment + 125 * 60))
    world.deployments.append(wanted)
    return len(world.deployments) - 1


def newest_run(world: World, number: int = TAGGED_ALL) -> Run:
    """Return the newest run of a deployment."""
    return world.deployments[number].runs[-1]


def retag(world: World, machines: Ints, tag: str, value: str | None, at: int) -> None:
    """Change a tag of some machines at a moment and record it."""
    old = world.machines.loc[machines, tag].copy()
    world.machines.loc[machines, f"old_{tag}"] = old
    world.machines.loc[machines, tag] = value
    world.machines.loc[machines, "changed"] = at
    for machine in machines:
        before = None if old.isna()[machine] else str(old[machine])
        world.changes.append(
            Change(machine=int(machine), at=at, type="Update", values={f"tags.{tag}": (before, value)})
        )
