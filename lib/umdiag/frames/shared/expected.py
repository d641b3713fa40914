"""Which machines runs of maintenance configurations should have taken."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.scopes_then import Scopes
from umdiag.frames.shared.text import among, looked_up, paired

_DAY = pd.Timedelta(days=1)
_PAIR = ["run_key", "machine_key"]
_OF_RUN = ["run_key", "configuration_key", "scheduled"]
_ONCE = ["configuration_key", "since", "machine_key"]
_COLUMNS = ["machine_key", "via", "assignment_id", "run_key", "previous"]


def expected(runs: pd.DataFrame, scopes: Scopes, taken: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key, via (static, scope, deleted, changed), assignment_id ("": none expects it now),
    run_key, previous (scheduled start of the configuration's run before, null: none).

    `runs` has run_key, configuration_key and scheduled; `taken` these and machine_key of the machines that
    runs took. A machine stands once for each way in which a run expected it.
    """
    asked = runs[_OF_RUN].reset_index(drop=True)
    before = asked.merge(taken[["configuration_key", "scheduled", "machine_key"]], on="configuration_key")
    before = before.rename(columns={"scheduled_x": "scheduled", "scheduled_y": "earlier"})
    before = before[before["earlier"] < before["scheduled"]]
    asked["previous"] = looked_up(asked["run_key"], before.groupby("run_key")["earlier"].max()).astype(TIME)
    named = asked.merge(scopes.named, on="configuration_key")
    chosen = asked.merge(scopes.at(asked), on=["configuration_key", "scheduled"])
    ways = (("static", named), ("scope", chosen))
    reached = [rows[~_unfit(rows, scopes, via)].assign(via=via) for via, rows in ways]
    last = before.merge(asked[["run_key", "previous"]], on="run_key")
    last = last[last["earlier"] == last["previous"]].drop_duplicates(_PAIR)
    left = last[~among(paired(last, *_PAIR), paired(pd.concat([named, chosen]), *_PAIR))]
    rows = pd.concat([*reached, *_taken_out(left, scopes)], ignore_index=True)
    return rows[_COLUMNS].astype(dict.fromkeys(_COLUMNS[:-1], "str") | {"previous": TIME})


def _unfit(rows: pd.DataFrame, scopes: Scopes, via: str) -> pd.Series[bool]:
    """Whether each machine is of a kind that is not reached so, or younger than the start."""
    younger = looked_up(rows["machine_key"], scopes.created) > rows["scheduled"]
    return among(rows["machine_key"], scopes.unsupported[via]) | younger


def _taken_out(left: pd.DataFrame, scopes: Scopes) -> list[pd.DataFrame]:
    """Return of machines that the run before took, and no assignment reaches, those that were deleted since,
    and those that a change took out.
    """
    if scopes.changes is None or left.empty:
        return []
    left = left.assign(assignment_id="", since=left["previous"].clip(upper=left["scheduled"] - _DAY))
    gone = _deleted(left, scopes.changes)
    moments = left.assign(scheduled=left["since"]).drop_duplicates(["configuration_key", "scheduled"])
    once = scopes.at(moments).rename(columns={"scheduled": "since"})[_ONCE].drop_duplicates()
    out = left[~gone].merge(once, on=_ONCE)
    out = out[among(out["machine_key"], scopes.estate["machine_key"])]
    others = out.merge(scopes.living, on="machine_key", suffixes=("", "_other"))
    others = others[others["configuration_key"] != others["configuration_key_other"]]
    out = out[~among(paired(out, *_PAIR), paired(others, *_PAIR))]
    return [left[gone].assign(via="deleted"), out.assign(via="changed")]


def _deleted(left: pd.DataFrame, changes: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine was deleted after the run before, and not created again until the start."""
    ends = changes[["machine_key", "changed", "change_type"]]
    ends = ends[ends["change_type"].isin(["create", "delete"])]
    between = left.assign(row=left.index).merge(ends, on="machine_key")
    inside = (between["changed"] > between["previous"]) & (between["changed"] <= between["scheduled"])
    newest = between[inside].drop_duplicates("row", keep="last")
    return pd.Series(left.index.isin(newest["row"][newest["change_type"] == "delete"]), index=left.index)
