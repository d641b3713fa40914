"""Write every table of a snapshot from what is true of a fleet."""

from __future__ import annotations

from pathlib import Path

from fleet.model import World
from fleet.tables.arm import write_arm
from fleet.tables.automation import write_automation
from fleet.tables.both import write_both
from fleet.tables.graph import write_graph
from fleet.tables.happenings import write_happenings
from fleet.tables.heartbeats import write_heartbeats
from fleet.tables.operations import write_operations
from fleet.tables.progress import write_progress
from fleet.tables.sender import make_senders
from fleet.tables.updates import write_updates
from fleet.tables.usage import write_usage
from fleet.tables.workers import write_workers
from fleet.update_manager.model import Estate


def write_tables(world: World, folder: Path, estate: Estate | None = None) -> dict[str, int]:
    """Write all tables into a folder; return their numbers of rows.

    ``estate``: machines of Azure Update Manager beside those of the old service.
    """
    senders = make_senders(world)
    rows = {"Heartbeat": write_heartbeats(world, folder, senders)}
    rows["Update"], rows["UpdateSummary"] = write_updates(world, folder, senders)
    rows["UpdateRunProgress"] = write_progress(world, folder, senders)
    rows["Usage"] = write_usage(world, folder)
    for write in (
        write_operations, write_happenings, write_graph, write_automation, write_workers, write_arm,
    ):  # fmt: skip
        rows |= write(world, folder)
    return rows if estate is None else rows | write_both(world, estate, folder)
