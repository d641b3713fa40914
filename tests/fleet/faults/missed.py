"""Faults of family ``missed_machines``: a schedule ran and left machines out."""

from __future__ import annotations

import numpy as np

from fleet.deployments import TAGGED_ALL, TAGGED_ANY
from fleet.faults.membership import join_prod_windows, newest_run, retag
from fleet.faults.registry import anyone, azure_windows, fault
from fleet.model import HOUR, Change, Ints, Query, Subscription, World, make_guid

SCENARIO = "scheduled_run_missed_machine"


def _add_scope(world: World, number: int, subscription: Subscription) -> int:
    """Add a subscription and let a dynamic group reach into it."""
    world.subscriptions.append(subscription)
    place = len(world.subscriptions) - 1
    deployment = world.deployments[number]
    if deployment.query is not None:
        deployment.query = Query(
            scopes=(*deployment.query.scopes, (place, None)),
            locations=deployment.query.locations,
            tags=deployment.query.tags,
            operator=deployment.query.operator,
        )
    return place


@fault(f"{SCENARIO}/provider_not_registered", azure_windows)
def leave_unregistered(world: World, machines: Ints) -> None:
    """Target machines of a subscription without the Automation provider."""
    legacy = Subscription(
        id=make_guid(world.rng("legacy")), name="sub-legacy",
        tenant=world.subscriptions[0].tenant, registration="NotRegistered",
    )  # fmt: skip
    join_prod_windows(world, machines)
    world.machines.loc[machines, "subscription"] = _add_scope(world, TAGGED_ALL, legacy)


@fault(f"{SCENARIO}/scope_not_visible", anyone, fixed=0)
def hide_scope(world: World, machines: Ints) -> None:
    """Target a subscription that whoever asks cannot see."""
    hidden = Subscription(
        id=make_guid(world.rng("hidden")), name="sub-hidden",
        tenant=world.subscriptions[0].tenant, visible=False,
    )  # fmt: skip
    _add_scope(world, TAGGED_ANY, hidden)


@fault(f"{SCENARIO}/machine_deleted", azure_windows)
def delete_before_run(world: World, machines: Ints) -> None:
    """Delete machines between two runs; every second one is named in a deployment."""
    join_prod_windows(world, machines)
    moment = newest_run(world).start - 31 * HOUR
    world.machines.loc[machines[1::2], ["named", "patch"]] = [0, "none"]
    world.machines.loc[machines, ["deleted", "beat_to", "scan_to"]] = moment
    for machine in machines:
        world.changes.append(Change(machine=int(machine), at=moment, type="Delete", values={}))


@fault(f"{SCENARIO}/changed_before_run", azure_windows, weight=1.5)
def change_before_run(world: World, machines: Ints) -> None:
    """Change a tag or the location of machines so that the group lost them before its run."""
    join_prod_windows(world, machines)
    moment = newest_run(world).start - 20 * HOUR
    retag(world, machines[::3], "env", "retired", moment)
    retag(world, machines[1::3], "patch", None, moment)
    moved = machines[2::3]
    world.machines.loc[moved, "old_location"] = 0
    world.machines.loc[moved, "location"] = 3
    world.machines.loc[moved, "changed"] = moment
    for machine in moved:
        values: dict[str, tuple[str | None, str | None]] = {"location": ("westeurope", "uksouth")}
        world.changes.append(Change(machine=int(machine), at=moment, type="Update", values=values))


@fault(f"{SCENARIO}/machine_unavailable", azure_windows)
def be_away(world: World, machines: Ints) -> None:
    """Let machines be away when the run starts, and back some hours later."""
    join_prod_windows(world, machines)
    start = newest_run(world).start
    for what in ("beat", "scan"):
        world.machines.loc[machines, f"{what}_gap_from"] = start - 2 * HOUR
        world.machines.loc[machines, f"{what}_gap_to"] = start + 3 * HOUR


@fault(f"{SCENARIO}/worker_not_installed", azure_windows, weight=1.5)
def lose_worker(world: World, machines: Ints) -> None:
    """Leave machines without a system worker; some have one that looks like theirs."""
    join_prod_windows(world, machines)
    kinds = np.array(["none", "user", "namesake"], dtype=object)
    world.machines.loc[machines, "worker"] = kinds[np.arange(len(machines)) % 3]


@fault(f"{SCENARIO}/filter_excludes_machine", azure_windows, weight=1.5)
def fall_through_filter(world: World, machines: Ints) -> None:
    """Expect machines to be patched that a tag, a location or a scope keeps out of every group."""
    join_prod_windows(world, machines)
    world.machines.loc[machines[::3], "env"] = "test"
    world.machines.loc[machines[1::3], "location"] = 3
    world.machines.loc[machines[2::3], ["subscription", "group"]] = [1, "rg-data"]
    world.suspects += [int(machine) for machine in machines]


@fault(f"{SCENARIO}/unknown", azure_windows)
def be_forgotten(world: World, machines: Ints) -> None:
    """Leave machines out for no reason; some have a worker that only its group's name tells."""
    join_prod_windows(world, machines)
    world.machines.loc[machines, "withheld"] = newest_run(world).start
    world.machines.loc[machines[::2], "worker"] = "group"
