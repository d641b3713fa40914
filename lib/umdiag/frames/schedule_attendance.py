"""One row per deciding run of a maintenance configuration and machine that it should have taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.run_outcomes import CANCELLED, UNDER_WAY, is_asked_for
from umdiag.frames.shared.scopes_then import Scopes
from umdiag.frames.shared.text import among, fold
from umdiag.model import Adding

_RUN = ("run_key", "run_id", "configuration_key", "configuration", "scheduled")
_DAY = pd.Timedelta(days=1)


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
    by_configuration = dict(tuple(taken.groupby("configuration_key")))
    parts = [
        part
        for run in runs.itertuples()
        for part in expected(run, scopes, by_configuration.get(run.configuration_key, taken.iloc[:0]))
    ]
    columns = ["machine_key", "via", "assignment_id", "run_key", "previous"]
    empty = pd.DataFrame(columns=columns).astype(dict.fromkeys(columns[:-1], "str") | {"previous": TIME})
    rows = pd.concat([empty, *parts], ignore_index=True)
    rows = rows.drop_duplicates(["run_key", "machine_key"]).astype(empty.dtypes.to_dict())
    rows = rows.merge(runs[list(_RUN)], on="run_key")
    present = taken["run_key"] + "\n" + taken["machine_key"]
    rows["took_part"] = among(rows["run_key"] + "\n" + rows["machine_key"], present)
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


def expected(run: Any, scopes: Scopes, taken: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the machines that a run should have taken, each with how it was expected."""
    before = taken[taken["scheduled"] < run.scheduled]
    previous = before["scheduled"].max() if len(before) else pd.NaT
    shared = {"run_key": run.run_key, "previous": previous}
    younger = scopes.created.index[scopes.created > run.scheduled]
    named = scopes.named(run.configuration_key)
    chosen = scopes.at(run.configuration_key, run.scheduled)
    for via, reached in (("static", named), ("scope", chosen)):
        unfit = among(reached["machine_key"], scopes.unsupported[via]) | among(
            reached["machine_key"], younger
        )
        yield reached[~unfit].assign(via=via, **shared)
    left = before["machine_key"][before["scheduled"] == previous].drop_duplicates()
    left = left[~among(left, named["machine_key"]) & ~among(left, chosen["machine_key"])]
    if scopes.changes is None or left.empty:
        return
    since = min(previous, run.scheduled - _DAY)
    gone = left[among(left, _deleted(scopes.changes, previous, run.scheduled))]
    yield pd.DataFrame({"machine_key": gone}).assign(via="deleted", assignment_id="", **shared)
    once = scopes.at(run.configuration_key, since)["machine_key"]
    out = left[among(left, once) & among(left, scopes.estate["machine_key"]) & ~among(left, gone)]
    out = out[~among(out, scopes.reached_by_others(run.configuration_key))]
    yield pd.DataFrame({"machine_key": out}).assign(via="changed", assignment_id="", **shared)


def _deleted(changes: pd.DataFrame, since: Any, until: Any) -> pd.Series[str]:
    """Return the machines that were deleted between two moments and not created again until the second."""
    between = changes[(changes["changed"] > since) & (changes["changed"] <= until)]
    ends = between[between["change_type"].isin(["create", "delete"])]
    newest = ends.drop_duplicates("machine_key", keep="last")
    return newest["machine_key"][newest["change_type"] == "delete"]
