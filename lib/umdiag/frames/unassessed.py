"""One row per connected machine that was never assessed in the window, though an assessment was due."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.quota import explains, with_stop
from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import folded
from umdiag.frames.system_workers import has_worker
from umdiag.model import Partial

_FIRST_DUE = pd.Timedelta(hours=12)
_NEW = pd.Timedelta(hours=24)


def derive(
    machines: Partial,
    quota: Partial | None,
    system_workers: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    stale_after: timedelta,
) -> pd.DataFrame:
    """Return the columns of `machines` and is_new (it began to report well inside the window), solution (its
    newest Solutions name updates), worker (it is a system worker), quota_reached (the quota explains it),
    stopped, by_reset; worker and quota_reached are null where they cannot be told.

    Machines that Azure Update Manager manages are left out, and those of which that or an assessment cannot
    be told.
    """
    now = pd.Timestamp(asked_at)
    rows = machines[
        surely_not(machines["assessed"])
        & surely_not(machines["update_manager"])
        & (machines["last_heartbeat"] >= now - pd.Timedelta(stale_after))
        & (machines["first_heartbeat"] <= now - _FIRST_DUE)
    ].reset_index(drop=True)
    rows["is_new"] = rows["first_heartbeat"] > now - pd.Timedelta(lookback) + _NEW
    rows["solution"] = folded(rows["solutions"]).str.contains(r"\bupdates\b", regex=True).astype(bool)
    rows["worker"] = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    if system_workers is not None:
        rows["worker"] = has_worker(rows, system_workers).astype("boolean")
    rows["quota_reached"] = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    rows["stopped"] = pd.Series(pd.NaT, index=rows.index, dtype=TIME)
    rows["by_reset"] = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    if quota is not None:
        rows["quota_reached"] = explains(rows, quota)
        rows[["stopped", "by_reset"]] = with_stop(rows, quota)[["stopped", "by_reset"]]
    return rows
