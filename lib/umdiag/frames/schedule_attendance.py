"""One row per deciding run of a maintenance configuration and machine that it should have taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.shared.expected import expected
from umdiag.frames.shared.run_outcomes import CANCELLED, UNDER_WAY, is_asked_for
from umdiag.frames.shared.scopes_then import Scopes
from umdiag.frames.shared.text import among, fold, paired
from umdiag.model import Adding

_RUN = ("run_key", "run_id", "configuration_key", "configuration", "scheduled")


def derive(
    maintenance_runs: pd.DataFrame,
    schedule_attempts: pd.DataFrame,
    assignments: pd.DataFrame,
    selections: pd.DataFrame,
    estate: pd.DataFrame,
    machine_changes: Adding | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    update_run: str,
) -> pd.DataFrame:
    """Return run_key, run_id, configuration_key, configuration, scheduled, previous (scheduled start of the
    configuration's run before, null: none), machine_key, via, assignment_id ("": none expects it now),
    took_part.

    `via` is how the machine was expected: static (an assignment names it), scope (a dynamic scope selected it
    at the scheduled start), changed or deleted (the previous run took it, and a change or its deletion took
    it out since). One run of a configuration decides: its newest in the window that took a machine and is
    neither under way nor cancelled, or the one that `update_run` names.
    """
    runs = deciding(maintenance_runs, schedule_attempts, asked_at, lookback, update_run)
    scopes = Scopes(assignments, selections, estate, machine_changes)
    taken = schedule_attempts[["configuration_key", "run_key", "scheduled", "machine_key"]].drop_duplicates()
    rows = expected(runs, scopes, taken).drop_duplicates(["run_key", "machine_key"])
    rows = rows.merge(runs[list(_RUN)], on="run_key")
    pair = ("run_key", "machine_key")
    rows["took_part"] = among(paired(rows, *pair), paired(taken, *pair))
    return rows.sort_values(["scheduled", "run_key", "machine_key"], kind="stable").reset_index(drop=True)


def deciding(
    runs: pd.DataFrame, attempts: pd.DataFrame, asked_at: datetime, lookback: timedelta, update_run: str
) -> pd.DataFrame:
    """Return the run of each configuration that decides who was missed."""
    now = pd.Timestamp(asked_at)
    inside = (runs["scheduled"] > now - pd.Timedelta(lookback)) & (runs["scheduled"] <= now)
    over = ~runs["outcome"].isin([CANCELLED, UNDER_WAY]) & among(runs["run_key"], attempts["run_key"])
    wanted = is_asked_for(runs, update_run)
    # A run that is named itself is judged whatever became of it.
    named = wanted & (_ends(runs["run_key"], update_run) if fold(update_run) else False)
    chosen = runs[inside & wanted & (named | over)]
    order = chosen.sort_values(["scheduled", "run_key"], kind="stable")
    return order.drop_duplicates("configuration_key", keep="last").reset_index(drop=True)


def _ends(keys: pd.Series[Any], name: str) -> pd.Series[bool]:
    wanted = fold(name).rstrip("/")
    return (keys == wanted) | keys.str.endswith(f"/{wanted}")
