"""Write ``Usage``: volume per workspace, hour and type of data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fleet.identity import workspace_id
from fleet.model import HOUR, USAGE_LAG, Workspace, World
from fleet.tables.writer import TIME, write_records

TEXT = pa.string()
KINDS = {
    "TimeGenerated": TIME, "StartTime": TIME, "EndTime": TIME, "DataType": TEXT,
    "Quantity": pa.float64(), "QuantityUnit": TEXT, "IsBillable": pa.bool_(), "Solution": TEXT,
    "ResourceUri": TEXT, "TenantId": TEXT, "SourceSystem": TEXT, "Type": TEXT,
}  # fmt: skip
BILLABLE = {
    "Event": 0.44, "Perf": 0.26, "Update": 0.12, "UpdateSummary": 0.01, "UpdateRunProgress": 0.01,
    "ConfigurationChange": 0.06, "ConfigurationData": 0.1,
}  # fmt: skip
FREE = ("Heartbeat", "Operation", "Usage")
SOLUTIONS = {"Update": "Updates", "UpdateSummary": "Updates", "UpdateRunProgress": "Updates",
             "ConfigurationChange": "ChangeTracking", "ConfigurationData": "ChangeTracking"}  # fmt: skip
MB_PER_MACHINE = 0.2


def write_usage(world: World, folder: Path) -> int:
    """Write the volume of every whole hour, up to two hours ago."""
    records: list[dict[str, Any]] = []
    machines = np.bincount(world.column("workspace"), minlength=len(world.workspaces))
    first = world.start // HOUR * HOUR
    hours = range(first, world.asked - USAGE_LAG - HOUR + 1, HOUR)
    for number, workspace in enumerate(world.workspaces):
        rng = world.rng(f"usage {workspace.name}")
        about = {
            "QuantityUnit": "MBytes", "SourceSystem": "OMS", "Type": "Usage",
            "TenantId": workspace.customer_id, "ResourceUri": workspace_id(world, workspace),
        }  # fmt: skip
        for place, hour in enumerate(hours):
            if hour + HOUR - 1 <= world.start:
                continue
            volume = machines[number] * MB_PER_MACHINE
            if workspace.hourly_mb is not None:
                volume = workspace.hourly_mb[place]
            for name, quantity, billable in _flows(workspace, hour, volume, int(machines[number])):
                noise = 1 + 0.01 * rng.integers(-4, 5) if billable and workspace.hourly_mb is None else 1
                records.append(
                    about
                    | {
                        "TimeGenerated": hour + HOUR - 1, "StartTime": hour, "EndTime": hour + HOUR - 1,
                        "DataType": name, "Quantity": round(float(quantity * noise), 3),
                        "IsBillable": billable, "Solution": SOLUTIONS.get(name, "LogManagement"),
                    }
                )  # fmt: skip
    return write_records(folder, "Usage", records, KINDS)


def _flows(workspace: Workspace, hour: int, volume: float, machines: int) -> list[tuple[str, float, bool]]:
    """Return what flowed into a workspace in one hour; a type that did not flow has no row."""
    found: list[tuple[str, float, bool]] = []
    if not _within(hour, workspace.billable_gap):
        found += [(name, volume * share, True) for name, share in BILLABLE.items()]
    free = {"Heartbeat": machines * 0.004, "Operation": 0.01, "Usage": 0.02}
    silent = _within(hour, workspace.heartbeat_gap)
    found += [(name, mb, False) for name, mb in free.items() if not (silent and name == "Heartbeat")]
    return found


def _within(hour: int, gap: tuple[int, int]) -> bool:
    """Tell whether a whole hour lies in a gap."""
    return gap[0] <= hour and hour + HOUR <= gap[1]
