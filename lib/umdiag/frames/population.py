"""One row per machine of either service, and of those that no service manages: what machines.csv says."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.recognition import of_update_management
from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import among, folded, looked_up
from umdiag.model import UPDATE_MANAGEMENT, UPDATE_MANAGER, Partial

#: The columns of machines.csv.
COLUMNS = (
    "computer", "source_computer_id", "resource_id", "workspace", "os_type", "last_heartbeat",
    "last_assessed", "state", "missing_critical", "missing_security", "missing_other",
    "unapproved_security", "reboot_pending", "service",
)  # fmt: skip
_COLUMNS = [*COLUMNS, "name", "arm_key", "subject_id", "workspace_id", "machine"]
_OF_LOGS = ("computer", "source_computer_id", "workspace", "workspace_id", "last_heartbeat")
_SYSTEMS = {"windows": "Windows", "linux": "Linux"}


def derive(
    machines: Partial | None, managed_machines: Partial | None, *, services: Sequence[str]
) -> pd.DataFrame:
    """Return the columns of machines.csv and name (folded), arm_key, subject_id, workspace_id, machine
    (number in `machines`, null: no log row is of it).

    `service` is update_manager for a machine that it manages, else update_management where the logs know
    it, else "" (null: cannot be told). A machine that no service manages has the state not_managed, and
    is there only where Update Manager manages some, or is asked for by name.
    Raises Inconclusive where neither frame could be derived.
    """
    if machines is managed_machines is None:
        raise Inconclusive("no machine is known, neither from logs nor from Resource Graph")
    rows = pd.concat(
        [
            *([] if machines is None else [_by_logs(machines)]),
            *([] if managed_machines is None else [_by_resources(managed_machines, machines, services)]),
        ],
        ignore_index=True,
    )
    return rows.sort_values(["name", "source_computer_id", "arm_key"], kind="stable").reset_index(drop=True)


def table(population: pd.DataFrame | None, computers: Sequence[str]) -> pd.DataFrame:
    """Return machines.csv: its columns of the machines that the parameter `computers` names."""
    if population is None:
        return pd.DataFrame(columns=list(COLUMNS))
    return restricted(population, computers)[list(COLUMNS)].reset_index(drop=True)


def restricted(machines: pd.DataFrame, computers: Sequence[str]) -> pd.DataFrame:
    """Return the machines that the parameter `computers` names, all where it names none."""
    wanted = {name.strip().lower() for name in computers}
    return machines[among(machines["name"], wanted)] if wanted else machines


def _by_logs(machines: pd.DataFrame) -> pd.DataFrame:
    """Return the machines that Update Manager is not known to manage."""
    rows = of_update_management(machines)
    service = pd.Series(UPDATE_MANAGEMENT, index=rows.index, dtype="str")
    rows = rows.assign(service=service.mask(rows["update_manager"].isna()))
    return rows[_COLUMNS].astype({"machine": "Int64"})


def _by_resources(
    managed_machines: pd.DataFrame, machines: pd.DataFrame | None, services: Sequence[str]
) -> pd.DataFrame:
    """Return the machines that Update Manager manages, and those of Azure that the logs do not know."""
    logged = None if machines is None else machines[machines["arm_key"] != ""]
    known = among(managed_machines["machine_key"], [] if logged is None else logged["arm_key"])
    managed = surely(managed_machines["managed"])
    stranger = ~known & surely(managed_machines["shown"])
    if UPDATE_MANAGER not in services and not managed.any():
        stranger &= managed_machines["managed"].isna()
    there = (managed_machines["state"] != "gone") & ~surely(managed_machines["invisible"])
    rows = managed_machines[(managed | stranger) & there]
    managed = managed[rows.index]
    told = pd.DataFrame(
        {
            "computer": rows["computer"],
            "source_computer_id": "",
            "resource_id": rows["subject_id"],
            "workspace": "",
            "workspace_id": "",
            "os_type": rows["operating_system"].fillna(rows["os_type"]).map(_SYSTEMS).fillna(""),
            "last_heartbeat": pd.Series(pd.NaT, index=rows.index, dtype=TIME),
            "last_assessed": rows["assessed"],
            "state": rows["state"],
            "missing_critical": rows["critical"],
            "missing_security": rows["security"],
            "missing_other": rows["missing_other"],
            "unapproved_security": pd.Series(pd.NA, index=rows.index, dtype="Int64"),
            "reboot_pending": rows["reboot_pending"],
            "service": pd.Series(UPDATE_MANAGER, index=rows.index, dtype="str")
            .where(managed, "")
            .mask(rows["managed"].isna()),
            "arm_key": rows["machine_key"],
            "subject_id": rows["subject_id"],
            "machine": pd.Series(pd.NA, index=rows.index, dtype="Int64"),
        }
    )
    return _with_log_rows(told, logged)


def _with_log_rows(rows: pd.DataFrame, logged: pd.DataFrame | None) -> pd.DataFrame:
    """Name machines as their newest log rows do."""
    if logged is not None:
        order = logged.sort_values(["last_heartbeat", "machine"], na_position="first", kind="stable")
        newest = order.drop_duplicates("arm_key", keep="last").set_index("arm_key")
        for column in _OF_LOGS:
            rows[column] = looked_up(rows["arm_key"], newest[column]).fillna(rows[column])
        rows["machine"] = looked_up(rows["arm_key"], newest["machine"].astype("Int64"))
    rows["name"] = folded(rows["computer"])
    return rows[_COLUMNS]
