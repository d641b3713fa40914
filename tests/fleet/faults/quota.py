"""Faults of family ``quota``: workspaces that do not keep what machines send.

Each gets a small workspace of its own, since it changes what is so for every machine in it.
"""

from __future__ import annotations

import numpy as np

from fleet.faults.membership import join_prod_windows, leave_deployments, newest_run
from fleet.faults.registry import anyone, azure_windows, fault
from fleet.model import DAY, HOUR, NEVER, Ints, Stop, Workspace, World, make_guid

MINUTE = 60


def add_workspace(world: World, machines: Ints, name: str) -> Workspace:
    """Add a workspace and move these machines to it, out of every deployment."""
    made = Workspace(
        name=name, customer_id=make_guid(world.rng(f"workspace {name}")), subscription=2,
        location="westeurope", cap_gb=-1.0,
    )  # fmt: skip
    world.workspaces.append(made)
    world.machines.loc[machines, "workspace"] = len(world.workspaces) - 1
    leave_deployments(world, machines)
    return made


def _volumes(world: World, per_hour: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a steady billable volume per whole hour of the window."""
    hours = (world.asked - world.start // HOUR * HOUR) // HOUR + 1
    return np.full(hours, per_hour)


def _hour(world: World, moment: int) -> int:
    """Return the place of a moment's hour in a workspace's volumes."""
    return (moment - world.start // HOUR * HOUR) // HOUR


def cap_now(world: World, machines: Ints, name: str) -> None:
    """Let a workspace reach its daily cap 40 minutes after its last reset, 20 hours ago."""
    workspace = add_workspace(world, machines, name)
    reset = (world.asked - 20 * HOUR) // HOUR * HOUR
    stop = reset + 40 * MINUTE
    workspace.cap_gb, workspace.status, workspace.next_reset = 1.0, "OverQuota", reset + DAY
    workspace.stops.append(Stop(since=stop))
    workspace.billable_gap = (stop, NEVER)
    workspace.hourly_mb = _volumes(world, 24.0)
    workspace.hourly_mb[_hour(world, reset)] = 1004.0


@fault("workspace_over_quota/subscription_suspended", anyone, fixed=6)
def suspend_subscription(world: World, machines: Ints) -> None:
    """Suspend the subscription of a workspace: collection stops until someone pays."""
    workspace = add_workspace(world, machines, "law-suspended")
    stop = world.asked - 15 * HOUR + 20 * MINUTE
    workspace.status = "SubscriptionSuspended"
    workspace.stops.append(
        Stop(
            since=stop,
            detail="Data collection stopped due to the suspension of the Azure subscription. "
            "Ingestion status = SubscriptionSuspended",
        )
    )
    workspace.billable_gap = (stop, NEVER)


@fault("workspace_over_quota/daily_cap_reached", anyone, fixed=6)
def reach_cap(world: World, machines: Ints) -> None:
    """Reach the daily cap today."""
    cap_now(world, machines, "law-capped")


@fault("assessment_stale/quota_reached", anyone, fixed=6)
def lose_assessments_to_cap(world: World, machines: Ints, name: str = "law-noisy") -> None:
    """Reach the daily cap before the next assessment of most Windows machines."""
    cap_now(world, machines, name)
    # Windows machines whose last assessment before the stop is older than a day by now
    world.machines.loc[machines, "scan_first"] = np.where(
        world.column("scan_period")[machines] > HOUR,
        world.start + 11 * HOUR - 10 * MINUTE * np.arange(len(machines)),
        world.column("scan_first")[machines],
    )


@fault("workspace_over_quota/ingestion_rate_limited", anyone, fixed=4)
def pass_ingestion_rate(world: World, machines: Ints) -> None:
    """Drop data for a minute, twice: too much came at once."""
    workspace = add_workspace(world, machines, "law-burst")
    workspace.drops += [world.asked - 5 * DAY - 700, world.asked - 4 * DAY - 8 * HOUR]


@fault("ingestion_gap/gap_during_cap", anyone, fixed=4)
def reach_cap_once(world: World, machines: Ints) -> None:
    """Reach the daily cap some days ago; collection was resumed at the next reset."""
    workspace = add_workspace(world, machines, "law-resumed")
    reset = (world.asked - 4 * DAY - 10 * HOUR) // HOUR * HOUR
    stop = reset - 8 * HOUR + 20 * MINUTE
    workspace.cap_gb, workspace.next_reset = 1.0, reset + 5 * DAY
    workspace.stops.append(Stop(since=stop, until=reset + 60))
    workspace.billable_gap = (stop, reset + 60)
    workspace.hourly_mb = _volumes(world, 20.0)
    workspace.hourly_mb[_hour(world, reset - 16 * HOUR) : _hour(world, stop) + 1] = 119.0


@fault("ingestion_gap/heartbeats_stopped", azure_windows, fixed=10)
def silence_workspace(world: World, machines: Ints) -> None:
    """Let no heartbeat reach one workspace any more, and none reach another during a run."""
    silent, blind = machines[:6], machines[6:]
    workspace = add_workspace(world, silent, "law-silent")
    workspace.heartbeat_gap = (world.asked - 7 * HOUR + 10 * MINUTE, NEVER)
    # one of them had fallen silent long before
    world.machines.loc[silent[:1], ["beat_to", "scan_to"]] = world.asked - 3 * DAY
    workspace = add_workspace(world, blind, "law-blind")
    join_prod_windows(world, blind)
    start = newest_run(world).start
    workspace.heartbeat_gap = (start - 90 * MINUTE, start + 120 * MINUTE)
    # the run left one out; nobody can say that it was not connected
    world.machines.loc[blind[:1], "withheld"] = start


@fault("ingestion_gap/billable_data_stopped", anyone, fixed=5)
def stop_billable_data(world: World, machines: Ints) -> None:
    """Let billable data stop without any word of a cap; heartbeats go on."""
    workspace = add_workspace(world, machines, "law-nodata")
    workspace.billable_gap = (world.asked - 10 * HOUR, NEVER)


@fault("cap_ahead/on_course_to_cap", anyone, fixed=4)
def approach_cap(world: World, machines: Ints) -> None:
    """Let billable volume grow so that it will pass the cap before the next reset."""
    workspace = add_workspace(world, machines, "law-growing")
    workspace.cap_gb, workspace.status = 1.0, "ApproachingQuota"
    workspace.next_reset = (world.asked + 10 * HOUR) // HOUR * HOUR
    workspace.hourly_mb = _volumes(world, 30.0)
    workspace.hourly_mb[_hour(world, world.asked - 25 * HOUR) :] = 52.0
    workspace.on_course = True
