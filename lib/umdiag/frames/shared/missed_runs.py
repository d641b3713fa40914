"""Say of machines that a run missed which other runs of the configuration took them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.shared.run_outcomes import CANCELLED, UNDER_WAY
from umdiag.frames.shared.scopes_then import Scopes
from umdiag.frames.shared.text import among, paired

_OF_RUN, _OF_SCHEDULE = ["run_key", "machine_key"], ["configuration_key", "machine_key"]


def with_history(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    attempts: pd.DataFrame,
    scopes: Scopes,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Add missed_runs, selected_at, taken_by_other_runs and never_taken."""
    now = pd.Timestamp(asked_at)
    inside = runs[(runs["scheduled"] > now - pd.Timedelta(lookback)) & (runs["scheduled"] <= now)]
    inside = inside[~inside["outcome"].isin([CANCELLED, UNDER_WAY])]
    inside = inside[among(inside["run_key"], attempts["run_key"])].sort_values("scheduled", ascending=False)
    pairs = (
        rows[["configuration_key", "machine_key"]]
        .assign(row=rows.index)
        .merge(inside[["configuration_key", "run_key", "run_id", "scheduled"]], on="configuration_key")
    )
    pairs["took"] = among(paired(pairs, *_OF_RUN), paired(attempts, *_OF_RUN))
    missed = pairs[~pairs["took"]]
    listed = missed.groupby("row")["run_id"].agg(list)
    rows["missed_runs"] = [listed.get(row, []) for row in rows.index]
    ever = among(paired(rows, *_OF_SCHEDULE), paired(attempts, *_OF_SCHEDULE))
    recent = (attempts["scheduled"] > now - pd.Timedelta(lookback)) & (attempts["scheduled"] <= now)
    # A run that was cancelled, or is under way, took it all the same.
    lately = attempts[recent]
    rows["taken_by_other_runs"] = among(paired(rows, *_OF_SCHEDULE), paired(lately, *_OF_SCHEDULE))
    rows["never_taken"] = ~ever
    rows["selected_at"] = _selected_at(rows, missed, attempts, scopes)
    return rows


def _selected_at(
    rows: pd.DataFrame, missed: pd.DataFrame, attempts: pd.DataFrame, scopes: Scopes
) -> pd.Series[Any]:
    """Count the runs at which a scope selected a machine that was never taken, and took others of it."""
    counts = pd.Series(0, index=rows.index, dtype="Int64")
    if scopes.changes is None:
        return counts.where(pd.Series(False, index=rows.index))
    never = rows.index[rows["never_taken"] & (rows["via"] == "scope")]
    asked = missed[among(missed["row"], never)]
    runs = asked[["run_key", "configuration_key", "scheduled"]].drop_duplicates("run_key")
    moments = runs[["configuration_key", "scheduled"]].drop_duplicates()
    chosen = runs.merge(scopes.at(moments), on=["configuration_key", "scheduled"])
    took = among(paired(chosen, *_OF_RUN), paired(attempts, *_OF_RUN))
    scope = paired(chosen, "run_key", "assignment_id")
    selected = chosen[among(scope, scope[took])][_OF_RUN].drop_duplicates()
    found = asked.merge(selected, on=_OF_RUN)["row"].value_counts()
    return counts.add(found.astype("Int64"), fill_value=0).reindex(rows.index)
