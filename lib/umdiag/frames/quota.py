"""One row per workspace: is it over quota now, and since when."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import folded, looked_up
from umdiag.model import Partial

_STOPS = ("daily_cap_reached", "subscription_suspended")
_WINDOWS = pd.Timedelta(hours=12)
_LINUX = pd.Timedelta(hours=3)


def derive(
    workspaces: Partial,
    collection_stops: Partial | None,
    operation_events: pd.DataFrame | None,
    log_operation_events: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return the columns of `workspaces` and over_quota_now (null: nothing tells), stopped, since_reset_only,
    logs_seen (both logs were seen whole, so that no earlier stop is unknown).

    The workspace's own status decides where it is known; else a stop row younger than 24 hours that no
    later row resumed. That there is none can only be told where both logs were seen whole.
    """
    now = pd.Timestamp(asked_at)
    result = workspaces.copy()
    result["over_quota_now"] = result["status_over_quota"]
    result["stopped"] = pd.Series(pd.NaT, index=result.index, dtype="datetime64[us, UTC]")
    result["since_reset_only"] = False
    result["logs_seen"] = operation_events is not None and log_operation_events is not None
    if collection_stops is None:
        return result
    stops = collection_stops[collection_stops["cause"].isin(_STOPS)].sort_values("stopped")
    newest = stops.drop_duplicates("workspace_id", keep="last").set_index("workspace_id")
    newest = newest.reindex(result["workspace_id"]).set_axis(result.index)
    recent = (newest["last_told"] > now - pd.Timedelta(hours=24)) & ~newest["resumed"].eq(True)
    told = recent.astype("boolean").mask(~recent & ~result["logs_seen"])
    result["over_quota_now"] = result["over_quota_now"].fillna(told).astype("boolean")
    standing = _standing(stops, result).reindex(result["workspace_id"]).set_axis(result.index)
    result["stopped"] = standing["stopped"].where(surely(result["over_quota_now"]))
    result["since_reset_only"] = standing["by_reset_only"].eq(True) & result["stopped"].notna()
    return result


def explains(machines: pd.DataFrame, quota: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine's next assessment fell due after its workspace stopped (null: not known).

    Where not both logs were seen, the workspace may have stopped earlier than they tell.
    `machines` has workspace_id, os_type, last_assessed and first_heartbeat.
    """
    known = with_stop(machines, quota)
    rhythm = (folded(machines["os_type"]) == "linux").map({True: _LINUX, False: _WINDOWS})
    due = (machines["last_assessed"] + rhythm).fillna(machines["first_heartbeat"] + _WINDOWS)
    after = (due > known["stopped"]).astype("boolean").mask(due.isna() | known["stopped"].isna())
    return known["over_quota_now"] & after.mask(~after & ~known["logs_seen"])


def with_stop(machines: pd.DataFrame, quota: pd.DataFrame) -> pd.DataFrame:
    """Return over_quota_now, stopped, by_reset (only a reset tells when) and logs_seen of each machine's
    workspace.
    """
    workspaces = quota.drop_duplicates("workspace_id").set_index("workspace_id")
    over = looked_up(machines["workspace_id"], workspaces["over_quota_now"]).astype("boolean")
    told = looked_up(machines["workspace_id"], workspaces["stopped"])
    reset = looked_up(machines["workspace_id"], workspaces["last_reset"])
    stopped = told.fillna(reset).where(surely(over))
    reset_only = looked_up(machines["workspace_id"], workspaces["since_reset_only"]).eq(True)
    return pd.DataFrame(
        {
            "over_quota_now": over,
            "stopped": stopped,
            "by_reset": reset_only | (told.isna() & stopped.notna()),
            "logs_seen": looked_up(machines["workspace_id"], workspaces["logs_seen"]).eq(True),
        },
        index=machines.index,
    )


def _standing(stops: pd.DataFrame, workspaces: pd.DataFrame) -> pd.DataFrame:
    """Return per workspace the first stop since the last resume, else since the last reset.

    Where no reset is known either, the newest stop stands.
    """
    resumed = stops[stops["resumed"]].groupby("workspace_id")["ended"].max()
    after = stops[~(stops["stopped"] <= looked_up(stops["workspace_id"], resumed))]
    resets = workspaces.drop_duplicates("workspace_id").set_index("workspace_id")["last_reset"]
    newest = after.groupby("workspace_id")["stopped"].transform("max")
    last_reset = looked_up(after["workspace_id"], resets).fillna(newest)
    after = after[~after["by_reset_only"] | ~(after["stopped"] < last_reset)]
    return after.drop_duplicates("workspace_id", keep="first").set_index("workspace_id")
