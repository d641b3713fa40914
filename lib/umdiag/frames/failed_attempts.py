"""One row per machine and maintenance configuration whose newest run failed there before it installed."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.run_outcomes import CANCELLED, FAILED, is_asked_for
from umdiag.frames.shared.text import folded, looked_up
from umdiag.model import Partial

#: In the order in which causes are decided.
REASONS = (
    "prerequisites_not_met",
    "machine_deleted",
    "machine_recreated",
    "machine_off",
    "shutdown_or_unresponsive",
    "waiting_for_other_update",
)
_RECREATED = pd.Timedelta(hours=12)
_OF_MACHINE = (
    "computer", "subject_id", "subscription", "operating_system", "power", "deleted", "invisible", "off",
)  # fmt: skip


def derive(
    schedule_attempts: pd.DataFrame,
    managed_machines: Partial,
    blind_subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    *,
    update_run: str,
) -> pd.DataFrame:
    """Return run_id, run_key, configuration, configuration_key, machine_key, arm_key (the same), start_time
    (when it was due), end_time, status, text (of the machine run, else of its run), computer, subject_id,
    os_type, power, service, machine (−1: no log needs to know it), blind (its subscription hides
    installations) and the reasons as boolean columns; null where they cannot be told.

    Left out are machines that are not shown and not known to be deleted, and rows whose run or installation
    was not seen.
    """
    rows = schedule_attempts[is_asked_for(schedule_attempts, update_run)]
    rows = rows[~rows.duplicated(["machine_key", "configuration_key"], keep="last")]
    failed = (rows["outcome"] == FAILED) & (rows["run_outcome"].fillna(CANCELLED) != CANCELLED)
    rows = rows[failed & surely_not(rows["installs"])].reset_index(drop=True)
    rows = with_machines(rows, managed_machines, _OF_MACHINE)
    rows = rows[~surely(rows["invisible"])].reset_index(drop=True)
    rows["text"] = rows["texts"].where(rows["texts"] != "", rows["run_texts"])
    rows["blind"] = _blind(rows, blind_subscriptions)
    text = folded(rows["text"])
    unresponsive = text.str.contains("shutdownorunresponsive", regex=False)
    rows["prerequisites_not_met"] = text.str.contains("prerequisite", regex=False)
    rows["machine_deleted"] = rows["deleted"].astype("boolean")
    rows["machine_recreated"] = unresponsive & _recreated(rows, resource_changes)
    rows["machine_off"] = rows["off"].astype("boolean") & (unresponsive | (text == ""))
    rows["shutdown_or_unresponsive"] = unresponsive
    rows["waiting_for_other_update"] = text.str.contains("waiting for an ongoing update", regex=False)
    rows[list(REASONS)] = rows[list(REASONS)].astype("boolean")
    rows["start_time"], rows["end_time"] = rows["scheduled"], rows["ended"]
    rows = rows.assign(arm_key=rows["machine_key"], machine=-1, service="update_manager")
    columns = (
        "run_id run_key configuration configuration_key machine_key arm_key start_time end_time status text"
        " computer subject_id os_type power service machine blind"
    )
    return rows[[*columns.split(), *REASONS]]


def with_machines(
    rows: pd.DataFrame, managed_machines: pd.DataFrame, columns: tuple[str, ...]
) -> pd.DataFrame:
    """Add what is known of each row's machine; os_type is the row's word first, where it has a column."""
    known = managed_machines.set_index("machine_key")
    rows = rows.assign(**{column: looked_up(rows["machine_key"], known[column]) for column in columns})
    system = rows["operating_system"].fillna("").astype("str")
    told = folded(rows["os_type"]) if "os_type" in rows else system
    return rows.assign(os_type=told.where(told != "", system))


def _blind(rows: pd.DataFrame, blind: pd.DataFrame | None) -> pd.Series[bool]:
    if blind is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    told = blind.set_index("subscription")["for_installations"]
    return looked_up(rows["subscription"], told).astype("boolean").fillna(False)


def _recreated(rows: pd.DataFrame, resource_changes: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether a machine was deleted and created again, under its id, in the 12 h before its run."""
    if resource_changes is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    changes = resource_changes.assign(
        machine_key=folded(resource_changes["target_id"]).str.rstrip("/"),
        kind=folded(resource_changes["change_type"]),
    )
    changes = changes[changes["kind"].isin(["create", "delete"])][["machine_key", "kind", "changed"]]
    near = rows[["machine_key", "scheduled"]].assign(row=rows.index).merge(changes, on="machine_key")
    before = near["scheduled"] - near["changed"]
    near = near[(before >= pd.Timedelta(0)) & (before <= _RECREATED)]
    ends = pd.DataFrame(
        {
            "gone": near[near["kind"] == "delete"].groupby("row")["changed"].min(),
            "back": near[near["kind"] == "create"].groupby("row")["changed"].max(),
        }
    )
    again = ends.index[ends["back"] > ends["gone"]]
    return pd.Series(rows.index.isin(again), index=rows.index, dtype="boolean")
