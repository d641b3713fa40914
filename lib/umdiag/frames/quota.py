"""One row per workspace: is it over quota now, and since when."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames._text import looked_up

_STOPS = ("daily_cap_reached", "subscription_suspended")


def derive(
    workspaces: pd.DataFrame, collection_stops: pd.DataFrame | None, *, asked_at: datetime
) -> pd.DataFrame:
    """Return the columns of `workspaces` and over_quota_now (null: nothing tells), stopped, since_reset_only.

    The workspace's own status decides where it is known; else a stop row younger than 24 hours that no
    later row resumed.
    """
    now = pd.Timestamp(asked_at)
    result = workspaces.copy()
    result["over_quota_now"] = result["status_over_quota"]
    result["stopped"] = pd.Series(pd.NaT, index=result.index, dtype="datetime64[us, UTC]")
    result["since_reset_only"] = False
    if collection_stops is None:
        return result
    stops = collection_stops[collection_stops["cause"].isin(_STOPS)].sort_values("stopped")
    newest = stops.drop_duplicates("workspace_id", keep="last").set_index("workspace_id")
    newest = newest.reindex(result["workspace_id"]).set_axis(result.index)
    recent = (newest["last_told"] > now - pd.Timedelta(hours=24)) & ~newest["resumed"].eq(True)
    result["over_quota_now"] = result["over_quota_now"].fillna(recent.astype("boolean")).astype("boolean")
    standing = _standing(stops, result).reindex(result["workspace_id"]).set_axis(result.index)
    result["stopped"] = standing["stopped"].where(result["over_quota_now"].fillna(False).astype(bool))
    result["since_reset_only"] = standing["by_reset_only"].eq(True) & result["stopped"].notna()
    return result


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
