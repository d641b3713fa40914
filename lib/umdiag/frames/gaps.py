"""One row per stretch of two or more whole clock hours in which a workspace kept nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.presence import reporting
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.records import TIME, typed
from umdiag.model import Adding

_HOUR = pd.Timedelta(hours=1)
_DAY = pd.Timedelta(days=1)
_AT_LEAST = 2
_MACHINES = 3


def derive(
    heartbeat_hours: Adding | None,
    usage_hours: Adding | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return workspace_id, lacking ("heartbeats", "billable data"), start, end (exclusive), hours.

    A gap counts only if the day before it shows what is lacking: three machines with heartbeats, or some
    billable volume. Volume is judged up to the newest row of `Usage`, which lags behind.
    A fact that is not complete shows no gap. Raises Inconclusive where neither Heartbeat nor Usage is whole.
    """
    if heartbeat_hours is None and usage_hours is None:
        raise Inconclusive("neither Heartbeat nor Usage could be read completely, so gaps are unknown")
    end = pd.Timestamp(asked_at).floor("h")
    start = (pd.Timestamp(asked_at) - pd.Timedelta(lookback)).ceil("h")
    rows: list[dict[str, Any]] = []
    if heartbeat_hours is not None:
        for workspace, hours in heartbeat_hours.groupby("workspace_id"):
            for gap in _stretches(set(hours["hour"]), start, end):
                before = hours[(hours["hour"] >= gap[0] - _DAY) & (hours["hour"] < gap[0])]
                if reporting(before).get(workspace, 0) >= _MACHINES:
                    rows.append(_row(workspace, "heartbeats", gap))
    if usage_hours is not None:
        for workspace, hours in usage_hours.groupby("workspace_id"):
            billed = hours[surely(hours["billable"]) & (hours["megabytes"] > 0)]
            newest = min(end, hours["hour"].max() + _HOUR)
            for gap in _stretches(set(billed["hour"]), start, newest):
                if ((billed["hour"] >= gap[0] - _DAY) & (billed["hour"] < gap[0])).any():
                    rows.append(_row(workspace, "billable data", gap))
    return typed(
        rows, {"workspace_id": "str", "lacking": "str", "start": TIME, "end": TIME, "hours": "int64"}
    )


def _stretches(
    kept: set[Any], start: pd.Timestamp, end: pd.Timestamp
) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    hours = pd.date_range(start, end - _HOUR, freq="h")
    first: pd.Timestamp | None = None
    for hour in [*hours, None]:
        if hour is not None and hour not in kept:
            first = hour if first is None else first
            continue
        close = end if hour is None else hour
        if first is not None and (close - first) / _HOUR >= _AT_LEAST:
            yield first, close
        first = None


def _row(workspace: Any, lacking: str, gap: tuple[pd.Timestamp, pd.Timestamp]) -> dict[str, Any]:
    hours = int((gap[1] - gap[0]) / _HOUR)
    return {"workspace_id": workspace, "lacking": lacking, "start": gap[0], "end": gap[1], "hours": hours}
