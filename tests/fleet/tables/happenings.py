"""Write ``Event``, ``ConfigurationData`` and ``ConfigurationChange`` for some machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fleet.identity import logged_ids
from fleet.model import DAY, Ints, World
from fleet.rhythm import last_heartbeat
from fleet.tables.event_texts import event_of
from fleet.tables.writer import TIME, write_records

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
# where the machine itself keeps what a user chose: not the policy
AUTO_UPDATE_KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
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
    """Write a few quiet rows of each table, and what happened on single machines."""
    windows = np.flatnonzero((world.machines["os_type"] == "Windows").to_numpy() & ~world.flags("ghost"))
    ids, newest = logged_ids(world), last_heartbeat(world)
    heard = windows[newest[windows] >= 0]
    tables: dict[str, list[dict[str, Any]]] = {
        "Event": [],
        "ConfigurationData": [],
        "ConfigurationChange": [],
    }
    rng = world.rng("happenings")
    for machine in heard[:: max(1, len(heard) // MOST, 8)]:
        about = _about(world, int(machine), ids[machine])
        moments = np.sort(rng.integers(world.start + 1, max(world.start + 2, newest[machine]), 6))
        tables["Event"] += _events(about, moments, int(machine))
        tables["ConfigurationData"] += _services(about, int(newest[machine]) - DAY // 2)
        tables["ConfigurationChange"] += _changes(about, moments[:1])
        if world.texts("au_options")[machine] is None:
            tables["ConfigurationData"] += registry_rows(about, int(newest[machine]) - DAY // 2)
    policy = ("au_options", "auto_update", "reboots_always")
    told = np.any([world.machines[name].fillna(False).astype(bool) for name in policy], axis=0)
    for machine in np.flatnonzero(told):
        about = _about(world, int(machine), ids[machine])
        values = {name: world.machines.loc[machine, name] for name in policy}
        tables["ConfigurationData"] += registry_rows(about, int(newest[machine]) - DAY // 2, **values)
    for one in world.happenings:
        about = _about(world, one.machine, ids[one.machine])
        tables["Event"].append(about | {"TimeGenerated": one.at} | event_of(one, about["Computer"]))
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
    computer = row["computer"].swapcase() if row["spelling"] else row["computer"]
    return {
        "Computer": computer, "VMUUID": row["vmuuid"], "SourceComputerId": row["source_id"],
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


def _services(about: dict[str, Any], moment: int) -> list[dict[str, Any]]:
    """Return the state of the update service."""
    service = {"ConfigDataType": "WindowsServices", "SvcName": "wuauserv", "SvcDisplayName": "Windows Update",
               "SvcState": "Running", "SvcStartupType": "Manual"}  # fmt: skip
    return [about | {"TimeGenerated": moment} | service]


def registry_rows(
    about: dict[str, Any], moment: int,
    au_options: str | None = "3", auto_update: str | None = None, reboots_always: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what the registry says of automatic updates."""
    values = ((AU_KEY, "AUOptions", au_options), (AUTO_UPDATE_KEY, "AUOptions", auto_update),
              (AU_KEY, "AlwaysAutoRebootAtScheduledTime", "1" if reboots_always else None))  # fmt: skip
    return [
        about
        | {
            "TimeGenerated": moment, "ConfigDataType": "Registry", "RegistryKey": key,
            "Hive": "HKEY_LOCAL_MACHINE", "ValueName": name, "ValueData": value, "ValueType": "REG_DWORD",
        }
        for key, name, value in values
        if isinstance(value, str)
    ]  # fmt: skip


def _changes(about: dict[str, Any], moments: Ints) -> list[dict[str, Any]]:
    """Return a change of software."""
    software = {"ConfigChangeType": "Software", "ChangeCategory": "Modified",
                "SoftwareName": "Microsoft Edge", "Publisher": "Microsoft Corporation",
                "Previous": "141.0.3537.71", "Current": "141.0.3537.85"}  # fmt: skip
    return [about | {"TimeGenerated": int(moment)} | software for moment in moments]
