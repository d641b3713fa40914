"""One row per interval in which a workspace took no data, or moment at which it dropped some."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.records import TIME, typed
from umdiag.model import Adding, Partial

_TOLD_TWICE = pd.Timedelta(minutes=15)
_DAY = pd.Timedelta(days=1)


def derive(
    workspaces: Partial,
    operation_events: Adding | None,
    log_operation_events: Adding | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return workspace_id, workspace, cause, stopped, last_told, ended, resumed, by_reset_only, detail;
    oldest first.

    `Operation` and `_LogOperation` mostly tell the same events; each counts once. An interval lasts until
    the resumed row, else the next reset, else 24 hours. `last_told` is the newest row that says it stopped.
    `by_reset_only`: no resumed row lies before it, so only a reset bounds it.
    Raises Inconclusive where neither table could be seen whole.
    """
    if operation_events is None and log_operation_events is None:
        raise Inconclusive(
            "neither Operation nor _LogOperation could be read completely, so stops are unknown"
        )
    events = _events(operation_events, log_operation_events)
    names = workspaces.set_index("workspace_id")
    rows = [
        {"workspace_id": key, "workspace": names["name"].get(key, key or "workspace"), **interval}
        for key, told in events.groupby("workspace_id", sort=True)
        for interval in _intervals(told, names["next_reset"].get(key, pd.NaT), pd.Timestamp(asked_at))
    ]
    texts = dict.fromkeys(("workspace_id", "workspace", "cause", "detail"), "str")
    times = dict.fromkeys(("stopped", "last_told", "ended"), TIME)
    return typed(rows, texts | times | {"resumed": "bool", "by_reset_only": "bool"})


def _events(operation: pd.DataFrame | None, log_operation: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows that say something of collection, each event once, with what they say in `says`."""
    told = []
    for rows, words in ((operation, ["status", "operation_key"]), (log_operation, ["operation"])):
        if rows is not None:
            text = rows["detail"].str.cat([rows[word] for word in words], sep=" ").str.lower()
            told.append(rows[["workspace_id", "happened", "detail"]].assign(says=_says(text)))
    events = pd.concat(told).dropna(subset=["says"]).sort_values(["workspace_id", "says", "happened"])
    before = events.groupby(["workspace_id", "says"])["happened"].diff()
    return events[~(before <= _TOLD_TWICE)].sort_values(["workspace_id", "happened"])


def _says(text: pd.Series[Any]) -> pd.Series[Any]:
    says = pd.Series(pd.NA, index=text.index, dtype="string")
    dropped = text.str.contains("volume rate", regex=False) & text.str.contains("dropped", regex=False)
    says[dropped] = "ingestion_rate_limited"
    stopped = text.str.contains(r"overquota|over quota|collection stopped|forceoff|daily limit", regex=True)
    says[stopped & ~dropped] = "daily_cap_reached"
    says[
        text.str.contains(
            r"subscription ?suspended|subscription (?:is|was|has been) suspended|suspension", regex=True
        )
    ] = "subscription_suspended"
    says[text.str.contains("resumed", regex=False)] = "resumed"
    return says


def _intervals(told: pd.DataFrame, next_reset: Any, asked_at: pd.Timestamp) -> Iterator[dict[str, Any]]:
    """Walk one workspace's few events in time and close each stop where it ended."""
    open_: dict[str, Any] | None = None
    resumed_before = False
    for event in told.itertuples():
        if event.says == "ingestion_rate_limited":
            yield _interval(event, event.happened, by_reset_only=False)
            continue
        if event.says == "resumed":
            # The row comes minutes after the reset, when by the clock the stop is over already.
            if open_ is not None:
                yield open_ | {"ended": event.happened, "resumed": True}
                open_ = None
            resumed_before = True
            continue
        if open_ is not None and event.happened > open_["ended"]:
            yield open_
            open_ = None
        if open_ is None:
            open_ = _interval(event, _end(event.happened, next_reset), by_reset_only=not resumed_before)
        elif open_["cause"] != event.says and event.says == "subscription_suspended":
            yield open_ | {"ended": event.happened}
            open_ = _interval(event, _end(event.happened, next_reset), by_reset_only=False)
        else:
            open_["last_told"] = event.happened
    if open_ is not None:
        yield open_


def _interval(event: Any, ended: pd.Timestamp, *, by_reset_only: bool) -> dict[str, Any]:
    return {
        "cause": event.says,
        "stopped": event.happened,
        "last_told": event.happened,
        "ended": ended,
        "resumed": False,
        "by_reset_only": by_reset_only,
        "detail": event.detail,
    }


def _end(stopped: pd.Timestamp, next_reset: Any) -> pd.Timestamp:
    if pd.isna(next_reset):
        return stopped + _DAY
    days = (stopped - next_reset) // timedelta(days=1) + 1
    return next_reset + days * _DAY
