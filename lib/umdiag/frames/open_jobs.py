"""One row per Automation account and minute in which a job began or ended, with how many were open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import folded, letters, part

_ENDED = ("completed", "failed", "stopped")


def derive(automation_jobs: pd.DataFrame, *, asked_at: datetime) -> pd.DataFrame:
    """Return account (folded ARM id), minute, most (open at one moment of it), left (open at its end).

    Nothing after `asked_at`; a job that is not over counts until then.
    """
    parts = []
    for account, jobs in automation_jobs.groupby(account_of(automation_jobs["id"])):
        times, standing = standing_of(jobs)
        steps = pd.DataFrame({"minute": times, "before": standing[:-1], "after": standing[1:]})
        steps["minute"] = steps["minute"].astype("datetime64[us]").dt.tz_localize("UTC")
        steps = steps[steps["minute"] <= pd.Timestamp(asked_at)]
        steps["minute"] = steps["minute"].dt.floor("min")
        steps["most"] = steps[["before", "after"]].max(axis=1)
        minutes = steps.groupby("minute").agg(most=("most", "max"), left=("after", "last")).reset_index()
        parts.append(minutes.assign(account=str(account)))
    rows = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["account", "minute", "most", "left"])
    )
    rows = rows.astype({"account": "str", "minute": TIME, "most": "int64", "left": "int64"})
    return rows[["account", "minute", "most", "left"]]


def standing_of(jobs: pd.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the moments at which the number of open jobs changes, and the number before and after each."""
    jobs = jobs.dropna(subset=["created"])
    # A job that is over, though its end is not told, counts for nothing.
    open_ = jobs["ended"].isna() & ~letters(jobs["status"]).isin(_ENDED)
    jobs = jobs[open_ | jobs["ended"].notna()]
    ended = jobs["ended"].dropna()
    moments = np.concatenate([jobs["created"].to_numpy("datetime64[us]"), ended.to_numpy("datetime64[us]")])
    steps = np.concatenate([np.ones(len(jobs), dtype=int), -np.ones(len(ended), dtype=int)])
    times, place = np.unique(moments, return_inverse=True)
    change = np.bincount(place, weights=steps, minlength=len(times)).astype(int)
    return times, np.concatenate([[0], np.cumsum(change)])


def account_of(ids: pd.Series[str]) -> pd.Series[str]:
    """Return the folded ARM id of the Automation account within each id."""
    return part(folded(ids), r"^(?P<part>.*/automationaccounts/[^/]+)")
