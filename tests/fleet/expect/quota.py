"""Expect the findings of family ``quota``."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.identity import workspace_id
from fleet.model import HOUR, NEVER, USAGE_LAG, Planted, Workspace, World

STOPPED = ("OverQuota", "ForceOff", "SubscriptionSuspended")


def over_quota_now(workspace: Workspace) -> bool:
    """Tell whether a workspace says that it takes no data; every one here has a status row."""
    return workspace.status in STOPPED


def the_stop(workspace: Workspace) -> int:
    """Return when the stop of now began; NEVER where there is none."""
    open_stops = [stop.since for stop in workspace.stops if stop.until == NEVER]
    return min(open_stops, default=NEVER)


def newest_usage(world: World) -> int:
    """Return the end of the newest hour that ``Usage`` tells about."""
    return (world.asked - USAGE_LAG) // HOUR * HOUR


def _whole_hours(since: int, until: int) -> int:
    """Count the whole clock hours between two moments."""
    return max(0, until // HOUR - -(-since // HOUR))


def expect_quota(world: World) -> Iterator[Planted]:
    """Yield what must be said of every workspace."""
    for workspace in world.workspaces:
        for scenario, cause, severity in _findings(world, workspace):
            yield Planted(
                scenario=scenario, cause=cause, kind="workspace", name=workspace.name,
                id=workspace_id(world, workspace), severity=severity,
            )  # fmt: skip


def _findings(world: World, workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    """Yield scenario, cause and severity of what is wrong with one workspace."""
    over = over_quota_now(workspace)
    if workspace.status == "SubscriptionSuspended":
        yield "workspace_over_quota", "subscription_suspended", "high"
    elif workspace.stops:
        yield "workspace_over_quota", "daily_cap_reached", "high" if over else "medium"
    elif workspace.drops:
        yield "workspace_over_quota", "ingestion_rate_limited", "high" if over else "medium"
    silent_from, silent_to = workspace.heartbeat_gap
    if _whole_hours(silent_from, min(silent_to, world.asked)) >= 2:
        yield "ingestion_gap", "heartbeats_stopped", "medium"
    dry_from, dry_to = workspace.billable_gap
    if _whole_hours(dry_from, min(dry_to, newest_usage(world))) >= 2:
        by_cap = any(stop.since <= dry_from < stop.until for stop in workspace.stops)
        yield "ingestion_gap", "gap_during_cap" if by_cap else "billable_data_stopped", "medium"
    if workspace.on_course:
        yield "cap_ahead", "on_course_to_cap", "info"
