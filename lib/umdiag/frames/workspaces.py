"""One row per workspace that rows, settings or parameters name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.shared.text import among, fold, folded, last_segment
from umdiag.model import Adding, Partial

_STOPPED = ("overquota", "forceoff", "subscriptionsuspended")


def derive(
    heartbeat_hours: Partial | None,
    usage_hours: Partial | None,
    assessments: Partial | None,
    operation_events: Partial | None,
    log_operation_events: Partial | None,
    workspace_settings: Adding | None,
    *,
    workspaces: Sequence[str],
    asked_at: datetime,
) -> pd.DataFrame:
    """Return workspace_id, name, id, daily_cap_gb (null: not known, negative: none), next_reset, last_reset,
    ingestion_status ("": not known), status_over_quota (null: the status is not known).

    `workspace_id` is the customer id as rows carry it, "" where they carry none. A workspace whose rows
    carry no known id is taken for the only one named, where just one is.
    """
    facts = (heartbeat_hours, usage_hours, assessments, operation_events, log_operation_events)
    ids = [id_ for fact in facts if fact is not None for id_ in fact["workspace_id"].unique()]
    joined = places(ids, workspace_settings, workspaces)
    joined["next_reset"], joined["last_reset"] = _resets(joined["next_reset"], asked_at)
    status = folded(joined["ingestion_status"])
    joined["status_over_quota"] = status.isin(_STOPPED).astype("boolean").mask(status == "")
    columns = [
        "workspace_id",
        "name",
        "id",
        "daily_cap_gb",
        "next_reset",
        "last_reset",
        "ingestion_status",
        "status_over_quota",
    ]
    return joined.sort_values(["name", "workspace_id"])[columns].reset_index(drop=True)


def places(
    ids: Iterable[str], workspace_settings: pd.DataFrame | None, workspaces: Sequence[str]
) -> pd.DataFrame:
    """Return the workspaces of rows with these customer ids, and those that only settings or parameters name.

    Columns workspace_id, name, id, daily_cap_gb, next_reset, ingestion_status. Without settings a workspace
    is named by its customer id.
    """
    seen = {fold(id_): id_ for id_ in ids}
    settings = _settings(workspace_settings)
    rows = pd.DataFrame(
        {
            "key": pd.Series(list(seen), dtype="str"),
            "workspace_id": pd.Series(list(seen.values()), dtype="str"),
        }
    )
    named = _named(settings, workspaces)
    strangers = rows[~among(rows["key"], settings["key"])]
    if len(strangers) == 1 and len(named) == 1 and named[0][0] not in seen:
        stranger = strangers["key"].iloc[0]
        if settings.empty:
            settings = _like(settings, key=[stranger], name=[last_segment(named[0][1])], id=[named[0][1]])
        settings.loc[settings["key"] == named[0][0], "key"] = stranger
    joined = rows.merge(settings, on="key", how="outer")
    joined["workspace_id"] = joined["workspace_id"].fillna(joined["key"])
    known = {fold(id_) for id_ in joined["id"].dropna()}
    extra = [id_ for id_ in workspaces if fold(id_) not in known]
    if workspace_settings is None and seen:
        extra = []  # which of them is which customer id cannot be told, and none shall stand here twice
    if extra:
        unseen = _like(joined, id=extra, name=[last_segment(id_) for id_ in extra])
        joined = pd.concat([joined, unseen]) if len(joined) else unseen
    for column in ("workspace_id", "id", "ingestion_status"):
        joined[column] = joined[column].fillna("").astype("str")
    joined["name"] = joined["name"].fillna(
        joined["workspace_id"].where(joined["workspace_id"] != "", "workspace")
    )
    return joined


def _settings(settings: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["key", "name", "id", "daily_cap_gb", "next_reset", "ingestion_status"]
    if settings is None:
        empty = pd.DataFrame({column: pd.Series(dtype="str") for column in columns})
        return empty.astype({"daily_cap_gb": "Float64", "next_reset": "datetime64[us, UTC]"})
    return settings.assign(key=folded(settings["customer_id"])).drop_duplicates("key")[columns]


def _named(settings: pd.DataFrame, workspaces: Sequence[str]) -> list[tuple[str, str]]:
    """Return (key, ARM id) of the workspaces that settings or parameters name, parameters first."""
    if len(settings):
        chosen = (
            settings[folded(settings["id"]).isin([fold(id_) for id_ in workspaces])]
            if workspaces
            else settings
        )
        return list(zip(chosen["key"], chosen["id"], strict=True))
    return [("", id_) for id_ in workspaces]


def _like(frame: pd.DataFrame, **columns: list[str]) -> pd.DataFrame:
    """Return these columns in a frame with the columns and dtypes of another; the others are null."""
    return pd.DataFrame(columns).reindex(columns=frame.columns).astype(frame.dtypes.to_dict())


def _resets(next_reset: pd.Series, asked_at: datetime) -> tuple[pd.Series, pd.Series]:
    """Move each reset by whole days so that the last one lies before `asked_at` and the next one after."""
    resets = pd.to_datetime(next_reset, utc=True).astype("datetime64[us, UTC]")
    day = pd.Timedelta(timedelta(days=1))
    behind = (pd.Timestamp(asked_at) - resets) // day + 1
    moved = resets + behind.where(resets.notna(), 0) * day
    return moved, moved - day
