"""One row per machine and deployment whose newest machine run exceeded its maintenance window."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.shared.recognition import outcomes_of
from umdiag.frames.shared.text import letters
from umdiag.model import Partial

_DEFAULT, _MOST, _RESERVED, _STEP = 120, 360, 20, 15
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2}).*)?")
_MINUTE = pd.Timedelta(minutes=1)
_DONE = ("succeeded", "succeed", "failed", "installfailed")
_OUTSIDE = ("notincluded", "excluded")
_SHOWN = 25


def derive(
    machine_run_outcomes: Partial,
    install_outcomes: pd.DataFrame | None,
    identities: Partial | None,
    machines: Partial | None,
) -> pd.DataFrame:
    """Return the columns of `machine_run_outcomes`, window_minutes, used_minutes, installed, left (numbers of
    updates, null where their rows could not be seen), left_updates (list of titles, null
    likewise), minutes_per_update,
    needed_minutes and advised_minutes (null where nothing was installed that could be measured).

    `needed_minutes` is what all updates take at the pace of those that were installed, and the 20 minutes
    that are kept back for a restart; `advised_minutes` is that in quarters of an hour, at most 360.
    """
    runs = machine_run_outcomes
    rows = runs[runs["newest"] & (runs["status"] == "maintenancewindowexceeded")].reset_index(drop=True)
    rows["window_minutes"] = pd.Series(
        [minutes(duration) or _DEFAULT for duration in rows["duration"]], dtype="Float64"
    )
    rows["used_minutes"] = ((rows["end_time"] - rows["start_time"]) / _MINUTE).round(1).astype("Float64")
    told = _told(rows, install_outcomes, identities, machines)
    state = letters(told["status"])
    done, out = state.isin(_DONE), state.isin(_OUTSIDE)
    measured = told[done].groupby("row").agg(count=("status", "size"), until=("last_told", "max"))
    unmeasured = install_outcomes is None or machines is None
    count = measured["count"].reindex(rows.index).fillna(0).astype("Int64")
    rest = told[~done & ~out]
    left = rest.groupby("row").size().reindex(rows.index).fillna(0).astype("Int64")
    rows["installed"], rows["left"] = (
        number.mask(pd.Series(unmeasured, index=rows.index)) for number in (count, left)
    )
    titles = {row: list(updates["title"].head(_SHOWN)) for row, updates in rest.groupby("row")}
    rows["left_updates"] = [None if unmeasured else titles.get(row, []) for row in rows.index]
    took = (measured["until"].reindex(rows.index) - rows["start_time"]) / _MINUTE
    pace = (took / count.where(count > 0)).astype("Float64")
    rows["minutes_per_update"] = pace.where(pace > 0).round(1)
    rows["needed_minutes"] = (pace.where(pace > 0) * (count + left) + _RESERVED).round(0)
    steps = np.ceil(rows["needed_minutes"] / _STEP) * _STEP
    # A window that was exceeded is too short, whatever the pace says.
    longer = rows["window_minutes"] + 2 * _STEP
    rows["advised_minutes"] = (
        steps.where(steps > rows["window_minutes"], longer).clip(upper=_MOST).where(steps.notna())
    )
    return rows


def minutes(duration: str) -> float | None:
    """Return how many minutes a duration means, written as PT2H or 02:00:00; None where it is neither."""
    text = duration.strip()
    if (found := _DURATION.fullmatch(text)) or (found := _CLOCK.fullmatch(text)):
        days, hours, mins, seconds = (int(part or 0) for part in found.groups())
        return days * 1440 + hours * 60 + mins + seconds / 60
    return None


def _told(
    rows: pd.DataFrame,
    outcomes: pd.DataFrame | None,
    identities: pd.DataFrame | None,
    machines: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the newest word on each update of each machine run, with `row`, the index of `rows`."""
    columns: dict[str, Any] = {
        "row": "int64",
        "title": "str",
        "status": "str",
        "last_told": "datetime64[us, UTC]",
    }
    if outcomes is None or identities is None or machines is None:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
    return outcomes_of(rows, outcomes, identities, machines)[list(columns)]
