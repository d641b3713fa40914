"""One row per machine that Azure shows or that patch rows name: its resource, its assessment, its state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.estate import derive as resources_of
from umdiag.frames.needed_updates import counted
from umdiag.frames.patch_states import derive as states_of
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.existence import absent, deleted
from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import after_last, among, folded, looked_up, subscriptions_of
from umdiag.model import Partial
from umdiag.queries.kql import empty, queries

#: So long an assessment may be under way; what runs for longer is stuck.
UNDER_WAY = pd.Timedelta(hours=4)
#: A machine that is off is current if it was assessed so lately.
_RECENT = pd.Timedelta(hours=24)
_OF_ASSESSMENT = (
    "status", "succeeded", "in_progress", "known", "assessed", "started", "critical", "security",
    "missing_other", "reboot_pending", "patch_service", "os_type", "texts",
)  # fmt: skip


def derive(
    managed: Partial,
    estate: Partial | None,
    azure_machines: pd.DataFrame | None,
    patch_states: Partial | None,
    patch_assessments: pd.DataFrame | None,
    needed_updates: pd.DataFrame | None,
    installations: Partial | None,
    schedule_machine_runs: Partial | None,
    blind_subscriptions: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
    assessment_stale_after: timedelta,
) -> pd.DataFrame:
    """Return the columns of `managed` and `estate` (null: no resource is shown), those of `patch_states`
    (null: no row; `known`, `succeeded` and `in_progress` are then false), subject_id, computer (last segment
    of the id), last_sign (newest patch row or run), shown (its resource was), deleted, deletion_seen (the
    same; null where changes were not seen), invisible (not shown, and not known to be deleted), off, blind
    (its subscription hides assessments), state.

    Counts that an assessment does not carry are those of the updates that it lists. `state` is by the book:
    unknown, disconnected, assessment_failed, not_assessed, assessment_stale, non_compliant, compliant,
    not_managed; `gone` where a machine was deleted and its last patch row is older than an assessment may be.
    """
    rows = _with_resources(_every(managed, schedule_machine_runs), estate)
    rows = _with_assessments(rows, patch_states, seen=patch_assessments is not None)
    rows = _with_listed_counts(rows, needed_updates)
    patched, taken = _last_patched(rows, installations), _last_taken(rows, schedule_machine_runs)
    rows["last_sign"] = pd.concat([patched, taken], axis=1).max(axis=1)
    whole = None if azure_machines is None else estate
    rows["deleted"] = deleted(
        rows["machine_key"], rows["last_sign"], whole, subscriptions, resource_changes, asked_at=asked_at
    )
    gone = rows["deleted"]
    rows["deletion_seen"] = gone.mask(gone) if resource_changes is None else gone
    rows["shown"] = ~absent(rows["machine_key"], whole)
    untold = ~rows["shown"] & rows["deleted"].isna()
    rows["invisible"] = untold.mask(untold) if subscriptions is None else untold
    rows["blind"] = _blind(rows, blind_subscriptions)
    now, stale_after = pd.Timestamp(asked_at), pd.Timedelta(assessment_stale_after)
    rows["state"] = _states(rows, now, stale_after)
    rows.loc[surely(rows["deleted"]) & ~(patched >= now - stale_after), "state"] = "gone"
    return rows.sort_values("machine_key", kind="stable").reset_index(drop=True)


def _every(managed: pd.DataFrame, machine_runs: pd.DataFrame | None) -> pd.DataFrame:
    """Add the machines that runs alone name: they are gone, or not shown."""
    if machine_runs is None:
        return managed
    taken = folded(machine_runs["resource_id"]).str.rstrip("/")
    strangers = taken[~among(taken, managed["machine_key"]) & (taken != "")].drop_duplicates()
    if strangers.empty:
        return managed
    known = managed.dtypes.to_dict()
    added = pd.DataFrame({"machine_key": strangers}).reindex(columns=list(known)).astype(known)
    added[list(known)[1:]] = False
    return pd.concat([managed, added.astype(known)], ignore_index=True)


def _with_resources(rows: pd.DataFrame, estate: pd.DataFrame | None) -> pd.DataFrame:
    if estate is None:
        estate = resources_of(empty(queries()["azure_machines"]))
    rows = rows.merge(estate.drop(columns="periodic"), on="machine_key", how="left")
    rows["subject_id"] = rows["resource_id"].fillna(rows["machine_key"])
    rows["computer"] = after_last(rows["subject_id"].str.rstrip("/"), "/")
    rows["subscription"] = subscriptions_of(rows["machine_key"])
    rows["off"] = ~rows["on"].astype("boolean")
    return rows


def _with_assessments(rows: pd.DataFrame, states: pd.DataFrame | None, *, seen: bool) -> pd.DataFrame:
    if states is None:
        states = states_of(empty(queries()["patch_assessments"]))
    known = states.set_index("machine_key")
    for column in _OF_ASSESSMENT:
        rows[column] = looked_up(rows["machine_key"], known[column])
    there = among(rows["machine_key"], known.index).astype("boolean")
    rows["has_assessment"] = there if seen else there.mask(~there)
    for column in ("succeeded", "in_progress", "known"):
        rows[column] = surely(rows[column])
    return rows


def _with_listed_counts(rows: pd.DataFrame, needed_updates: pd.DataFrame | None) -> pd.DataFrame:
    """Count what an assessment lists where it succeeded and carries no counts."""
    uncounted = rows["succeeded"] & rows["critical"].isna()
    if needed_updates is not None and uncounted.any():
        counts = counted(needed_updates)
        for column in ("critical", "security"):
            listed = looked_up(rows["machine_key"], counts[column])
            rows[column] = rows[column].fillna(listed.where(uncounted))
    return rows


def _last_patched(rows: pd.DataFrame, installations: pd.DataFrame | None) -> pd.Series[Any]:
    if installations is None:
        return rows["assessed"]
    ended = installations["ended"].fillna(installations["started"])
    newest = looked_up(rows["machine_key"], ended.groupby(installations["machine_key"]).max())
    return pd.concat([rows["assessed"], newest], axis=1).max(axis=1)


def _last_taken(rows: pd.DataFrame, machine_runs: pd.DataFrame | None) -> pd.Series[Any]:
    if machine_runs is None:
        return pd.Series(pd.NaT, index=rows.index, dtype=TIME)
    keys = folded(machine_runs["resource_id"]).str.rstrip("/")
    return looked_up(rows["machine_key"], machine_runs["started"].groupby(keys).max())


def _blind(rows: pd.DataFrame, blind: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether the assessments of each machine's subscription are hidden (null: cannot be told)."""
    if blind is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    told = blind.set_index("subscription")["for_assessments"]
    return looked_up(rows["subscription"], told).astype("boolean").fillna(False)


def _states(rows: pd.DataFrame, now: pd.Timestamp, stale_after: pd.Timedelta) -> pd.Series[str]:
    """Decide each state; the last that applies stands."""
    assessed, under_way = rows["assessed"], rows["in_progress"]
    since = rows["started"].fillna(assessed)
    stuck = under_way & (since < now - UNDER_WAY)
    lacking = rows["critical"] + rows["security"] > 0
    state = pd.Series("compliant", index=rows.index, dtype="str")
    state[surely(lacking)] = "non_compliant"
    state[assessed < now - stale_after] = "assessment_stale"
    no_row = ~rows["has_assessment"].fillna(False).astype(bool)
    state[no_row] = "not_assessed"
    state[(rows["status"] == "failed") | stuck] = "assessment_failed"
    current = rows["succeeded"] & (assessed >= now - _RECENT)
    state[surely(rows["deleted"]) | (surely(rows["off"]) & ~current)] = "disconnected"
    uncounted = rows["succeeded"] & lacking.isna()
    unclear = ~no_row & (~rows["known"] | (under_way & ~stuck) | uncounted)
    gone = surely(rows["deleted"])
    # Where not one assessment is shown of any machine, rows may be hidden everywhere.
    hidden = rows["blind"].fillna(True).astype(bool) | (not rows["has_assessment"].fillna(True).any())
    unseen = rows["has_assessment"].isna() | (no_row & ~gone & hidden)
    state[unclear | unseen | rows["invisible"].fillna(True).astype(bool) | rows["shown"].isna()] = "unknown"
    managed = rows["managed"].astype("boolean")
    state[managed.isna()] = "unknown"
    state[~managed.fillna(True).astype(bool)] = "not_managed"
    return state
