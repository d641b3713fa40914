"""Write every table of a snapshot from what is true of a fleet."""

from __future__ import annotations

from pathlib import Path

from umdiag.fleet.model import World
from umdiag.fleet.tables.arm import write_arm
from umdiag.fleet.tables.automation import write_automation
from umdiag.fleet.tables.graph import write_graph
from umdiag.fleet.tables.happenings import write_happenings
from umdiag.fleet.tables.heartbeats import write_heartbeats
from umdiag.fleet.tables.operations import write_operations
from umdiag.fleet.tables.progress import write_progress
from umdiag.fleet.tables.sender import make_senders
from umdiag.fleet.tables.updates import write_updates
from umdiag.fleet.tables.usage import write_usage
from umdiag.fleet.tables.workers import write_workers


def write_tables(world: World, folder: Path) -> dict[str, int]:
    """Write all tables into a folder; return their numbers of rows."""
    senders = make_senders(world)
    rows = {"Heartbeat": write_heartbeats(world, folder, senders)}
    rows["Update"], rows["UpdateSummary"] = write_updates(world, folder, senders)
    rows["UpdateRunProgress"] = write_progress(world, folder, senders)
    rows["Usage"] = write_usage(world, folder)
    for write in (
        write_operations, write_happenings, write_graph, write_automation, write_workers, write_arm,
    ):  # fmt: skip
        rows |= write(world, folder)
    return rows
