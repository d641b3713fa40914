"""One row per newest installation of Update Manager that exceeded its maintenance window, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.model import Partial

#: In the order in which causes are decided.
REASONS = ("window_below_minimum", "started_late", "window_too_short", "reported_with_time_left")
_LEAST, _MOST, _STEP = 90, 235, 5
_LATE, _LEFT = 15, 30


def derive(judged_installations: Partial) -> pd.DataFrame:
    """Return the columns of `judged_installations`, left_minutes (of the window), needed_minutes (what
    everything takes at the pace of what was tried, and what is kept back for a restart), advised_minutes
    (that in steps of 5, from 90 to 235; null where nothing was tried), and the reasons as boolean columns.

    Where the window is not known, it was too short, and nothing else can be said of it.
    """
    rows = judged_installations
    rows = rows[rows["newest"] & surely(rows["window_exceeded"])].reset_index(drop=True)
    window = rows["window_minutes"].astype("Float64")
    rows["left_minutes"] = (window - rows["used_minutes"]).round(1)
    rows["window_below_minimum"] = (window < _LEAST).astype("boolean")
    rows["started_late"] = (rows["late_minutes"] > _LATE).astype("boolean")
    rows["reported_with_time_left"] = (rows["left_minutes"] > _LEFT).astype("boolean")
    rows["window_too_short"] = ~surely(rows["reported_with_time_left"])
    tried = rows["installed"].fillna(0) + rows["failed"].fillna(0)
    pace = rows["used_minutes"] / tried.astype("Float64").where(tried > 0)
    kept = np.where(rows["os_type"] == "linux", 15, 10)
    rows["needed_minutes"] = (pace * (tried + rows["pending"].fillna(0)).astype("Float64") + kept).round(0)
    steps = np.ceil(rows["needed_minutes"] / _STEP) * _STEP
    rows["advised_minutes"] = steps.clip(_LEAST, _MOST)
    rows["used_minutes"] = rows["used_minutes"].round(1)
    return rows
