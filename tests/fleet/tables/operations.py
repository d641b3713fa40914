"""Write ``Operation`` and ``_LogOperation``: what a workspace says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from fleet.identity import workspace_id
from fleet.model import DAY, HOUR, NEVER, Workspace, World
from fleet.tables.writer import TIME, write_records

TEXT = pa.string()
OPERATION = {
    "TimeGenerated": TIME, "TenantId": TEXT, "Computer": TEXT, "SourceComputerId": TEXT,
    "OperationCategory": TEXT, "OperationStatus": TEXT, "OperationKey": TEXT, "Detail": TEXT,
    "Solution": TEXT, "HelpLink": TEXT, "CorrelationId": TEXT, "SourceSystem": TEXT,
    "_ResourceId": TEXT, "Type": TEXT,
}  # fmt: skip
LOG_OPERATION = {
    "TimeGenerated": TIME, "TenantId": TEXT, "Category": TEXT, "Operation": TEXT, "Level": TEXT,
    "Detail": TEXT, "_ResourceId": TEXT, "Computer": TEXT, "CorrelationId": TEXT,
}  # fmt: skip
COLLECTION = ("Data Collection Status", "Ingestion", "Data collection Status")
RATE = ("Ingestion rate", "Ingestion", "Ingestion rate")
AGENT = ("Agent", "Agent", "Linux Agent")
TARGETING = ("Solution targeting", "Solution targeting", "Solution targeting")
FIELDS = ("Data collection", "Data collection", "Custom log column creation")

Row = tuple[int, tuple[str, str, str], str, str]


def write_operations(world: World, folder: Path) -> dict[str, int]:
    """Write both tables; they tell the same events."""
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for workspace in world.workspaces:
        home = {"TenantId": workspace.customer_id, "_ResourceId": workspace_id(world, workspace).lower()}
        for moment, (category, log_category, operation), level, detail in sorted(_rows(world, workspace)):
            if not world.start < moment <= world.asked:
                continue
            old.append(
                home
                | {
                    "TimeGenerated": moment, "OperationCategory": category, "Detail": detail,
                    "OperationStatus": "Succeeded" if level == "Info" else level,
                    "Solution": "LogManagement", "SourceSystem": "OMS", "Type": "Operation",
                }
            )  # fmt: skip
            new.append(
                home
                | {
                    "TimeGenerated": moment, "Category": log_category, "Operation": operation,
                    "Level": level, "Detail": detail,
                }
            )  # fmt: skip
    return {
        "Operation": write_records(folder, "Operation", old, OPERATION),
        "_LogOperation": write_records(folder, "_LogOperation", new, LOG_OPERATION),
    }


def _rows(world: World, workspace: Workspace) -> Iterator[Row]:
    """Yield the events of one workspace: stops and drops, and much that is neither."""
    for stop in workspace.stops:
        yield stop.since, COLLECTION, "Warning", stop.detail
        if stop.until < NEVER:
            yield stop.until, COLLECTION, "Info", "Data collection resumed"
        else:
            yield stop.since + HOUR, COLLECTION, "Warning", stop.detail
    for moment in workspace.drops:
        yield (
            moment,
            RATE,
            "Error",
            (
                "The data ingestion volume rate crossed the threshold in your workspace: "
                "6.4 MB per one minute and data has been dropped."
            ),
        )
    phase = sum(workspace.name.encode()) * 97 % DAY
    for day in range(world.start // DAY, world.asked // DAY + 1):
        moment = day * DAY + phase
        if day % 3 == 0:
            yield (
                moment,
                AGENT,
                "Warning",
                (
                    "Two successive configuration applications from OMS Settings failed - "
                    "please report issue to github.com/Microsoft/PowerShell-DSC-for-Linux/issues"
                ),
            )
        if day % 4 == 1:
            yield moment + 600, TARGETING, "Info", "Solution Updates was targeted to its scope."
        if day % 5 == 2 and workspace.name == "law-main":
            yield (
                moment + 1200,
                RATE,
                "Warning",
                (
                    "The data ingestion volume rate crossed 80% of the threshold in your workspace: "
                    "4.9 MB per one minute."
                ),
            )
        if day % 6 == 3:
            yield (
                moment + 1800,
                FIELDS,
                "Warning",
                ("The number of custom fields 512 is above the limit of 500 fields per data type."),
            )
