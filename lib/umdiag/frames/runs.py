"""One row per run of an update deployment in the window, with the run before it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.shared.text import fold, folded

_UNDER_WAY = ("inprogress", "notstarted", "")


def derive(
    update_runs: pd.DataFrame, *, asked_at: datetime, lookback: timedelta, update_run: str
) -> pd.DataFrame:
    """Return run_id, run_key, configuration, configuration_key, status, os_type, start_time, end_time,
    computer_count, judged (false while it is under way), previous_key, previous_start; newest first.

    `update_run` keeps one deployment's runs, or the one run of that id. The previous run may lie before
    the window.
    """
    runs = update_runs.assign(
        run_key=folded(update_runs["run_id"]), configuration_key=folded(update_runs["configuration"])
    )
    runs = runs.dropna(subset=["start_time"]).sort_values(
        ["configuration_key", "start_time", "run_key"], kind="stable"
    )
    grouped = runs.groupby("configuration_key")
    runs["previous_key"] = grouped["run_key"].shift().fillna("").astype("str")
    runs["previous_start"] = grouped["start_time"].shift()
    runs["judged"] = ~folded(runs["status"]).isin(_UNDER_WAY)
    now = pd.Timestamp(asked_at)
    runs = runs[(runs["start_time"] > now - pd.Timedelta(lookback)) & (runs["start_time"] <= now)]
    if wanted := fold(update_run):
        runs = runs[
            (runs["run_key"] == wanted)
            | (runs["configuration_key"] == wanted)
            | (folded(runs["id"]) == wanted)
        ]
    columns = (
        "run_id run_key configuration configuration_key status os_type start_time end_time computer_count"
        " judged previous_key previous_start"
    )
    return runs.sort_values(["start_time", "run_key"], ascending=[False, True])[columns.split()].reset_index(
        drop=True
    )
