"""Write ``Event``, ``ConfigurationData`` and ``ConfigurationChange`` for some machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from umdiag.fleet.identity import logged_ids
from umdiag.fleet.model import DAY, Ints, World
from umdiag.fleet.rhythm import last_heartbeat
from umdiag.fleet.tables.writer import TIME, write_records

TEXT = pa.string()
SENDER = {"TimeGenerated": TIME, "Computer": TEXT, "TenantId": TEXT, "_ResourceId": TEXT,
          "SourceSystem": TEXT, "Type": TEXT}  # fmt: skip
EVENT = SENDER | {
    "EventLog": TEXT, "Source": TEXT, "EventID": pa.int32(), "EventLevel": pa.int32(),
    "EventLevelName": TEXT, "RenderedDescription": TEXT, "EventData": TEXT, "ParameterXml": TEXT,
    "UserName": TEXT,
}  # fmt: skip
DATA = SENDER | {
    "SourceComputerId": TEXT, "VMUUID": TEXT, "ConfigDataType": TEXT, "SvcName": TEXT,
    "SvcDisplayName": TEXT, "SvcState": TEXT, "SvcStartupType": TEXT, "RegistryKey": TEXT,
    "Hive": TEXT, "ValueName": TEXT, "ValueData": TEXT, "ValueType": TEXT,
}  # fmt: skip
CHANGE = SENDER | {
    "SourceComputerId": TEXT, "VMUUID": TEXT, "ConfigChangeType": TEXT, "ChangeCategory": TEXT,
    "SoftwareName": TEXT, "Previous": TEXT, "Current": TEXT, "Publisher": TEXT,
    "SvcName": TEXT, "SvcState": TEXT, "SvcPreviousState": TEXT, "SvcStartupType": TEXT,
}  # fmt: skip
MOST = 400
AU_KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"
EVENTS = (
    ("System", "Microsoft-Windows-WindowsUpdateClient", 43, "Information",
     "Installation Started: Windows has started installing an update."),
    ("System", "Service Control Manager", 7036, "Information",
     "The Windows Update service entered the stopped state."),
    ("Application", "ESENT", 916, "Information",
     "svchost: the beta feature EseDiskFlushConsistency is enabled."),
    ("Operations Manager", "HealthService", 1210, "Information", "New configuration became active."),
)  # fmt: skip


def write_happenings(world: World, folder: Path) -> dict[str, int]:
    """Write a few quiet rows of each table."""
    windows = np.flatnonzero((world.machines["os_type"] == "Windows").to_numpy())
    chosen = windows[:: max(1, len(windows) // MOST, 8)]
    ids, newest = logged_ids(world), last_heartbeat(world)
    tables: dict[str, list[dict[str, Any]]] = {
        "Event": [],
        "ConfigurationData": [],
        "ConfigurationChange": [],
    }
    rng = world.rng("happenings")
    for machine in chosen:
        about = _about(world, int(machine), ids[machine])
        moments = np.sort(rng.integers(world.start + 1, max(world.start + 2, newest[machine]), 6))
        tables["Event"] += _events(about, moments, int(machine))
        tables["ConfigurationData"] += _data(about, int(newest[machine]) - DAY // 2)
        tables["ConfigurationChange"] += _changes(about, moments[:1])
    kinds = {"Event": EVENT, "ConfigurationData": DATA, "ConfigurationChange": CHANGE}
    return {
        name: write_records(
            folder, name,
            [row | {"Type": name} for row in rows if world.start < row["TimeGenerated"] <= world.asked],
            kinds[name],
        )
        for name, rows in tables.items()
    }  # fmt: skip


def _about(world: World, machine: int, arm_id: str | None) -> dict[str, Any]:
    """Return the columns every row of a machine carries."""
    row = world.machines.iloc[machine]
    return {
        "Computer": row["computer"], "VMUUID": row["vmuuid"], "SourceComputerId": row["source_id"],
        "TenantId": world.workspaces[row["workspace"]].customer_id, "SourceSystem": "OpsManager",
        "_ResourceId": None if arm_id is None else arm_id.lower(),
    }  # fmt: skip


def _events(about: dict[str, Any], moments: Ints, turn: int) -> list[dict[str, Any]]:
    """Return everyday events."""
    rows = []
    for place, moment in enumerate(moments):
        log, source, number, level, text = EVENTS[(turn + place) % len(EVENTS)]
        rows.append(
            about
            | {
                "TimeGenerated": int(moment), "EventLog": log, "Source": source, "EventID": number,
                "EventLevel": 4, "EventLevelName": level, "RenderedDescription": text,
                "UserName": "N/A",
            }
        )  # fmt: skip
    return rows


def _data(about: dict[str, Any], moment: int) -> list[dict[str, Any]]:
    """Return the state of the update service and of the policy for automatic updates."""
    service = {"ConfigDataType": "WindowsServices", "SvcName": "wuauserv", "SvcDisplayName": "Windows Update",
               "SvcState": "Running", "SvcStartupType": "Manual"}  # fmt: skip
    policy = {"ConfigDataType": "Registry", "RegistryKey": AU_KEY, "Hive": "HKEY_LOCAL_MACHINE",
              "ValueName": "AUOptions", "ValueData": "3", "ValueType": "REG_DWORD"}  # fmt: skip
    return [about | {"TimeGenerated": moment} | values for values in (service, policy)]


def _changes(about: dict[str, Any], moments: Ints) -> list[dict[str, Any]]:
    """Return a change of software."""
    software = {"ConfigChangeType": "Software", "ChangeCategory": "Modified",
                "SoftwareName": "Microsoft Edge", "Publisher": "Microsoft Corporation",
                "Previous": "141.0.3537.71", "Current": "141.0.3537.85"}  # fmt: skip
    return [about | {"TimeGenerated": int(moment)} | software for moment in moments]
