"""What stands in the lanes of the time line of one machine: assessments, runs, installations, changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    DULL,
    GOOD,
    SERIES,
    WARN,
    Spec,
    each,
    inert,
    marked,
    moment,
    moments,
)

_MOST_MARKS = 300


def assessments(rows: pd.DataFrame | None, lane: int, asked_at: datetime, lookback: timedelta) -> list[Spec]:
    """Mark each assessment of Update Management, apart by whether an update was needed."""
    if rows is None or rows.empty:
        return []
    # Quarter hours that touch are one assessment: its rows need a while to arrive.
    inside = within(rows, "assessed", asked_at, lookback).sort_values("assessed")
    part = (inside["assessed"].diff() > pd.Timedelta(minutes=15)).cumsum()
    each = inside.groupby(part).agg(
        assessed=("assessed", "min"), reported=("updates_reported", "sum"), needed=("needed", "sum")
    )
    each = each.tail(_MOST_MARKS)
    marks = []
    for name, colour, symbol, chosen in (
        ("assessment: updates needed", WARN, "diamond", each["needed"] > 0),
        ("assessment: nothing needed", GOOD, "circle", each["needed"] <= 0),
    ):
        assessments = each[chosen]
        notes = [
            f"{int(n):,} needed, {int(r):,} reported"
            for n, r in zip(assessments["needed"], assessments["reported"], strict=True)
        ]
        marks += marks_at(list(assessments["assessed"]), notes, name, colour, symbol, lane)
    return marks


def runs(
    machine_runs: pd.DataFrame | None,
    attendance: pd.DataFrame | None,
    targets: set[str],
    agents: set[str],
    lane: int,
    asked_at: datetime,
    lookback: timedelta,
) -> list[Spec]:
    """Mark each run the machine took part in, and each that left it out; `targets` are its ids and name."""
    marks: list[Spec] = []
    if machine_runs is not None and len(machine_runs):
        mine = folded_column(machine_runs, "target").isin(targets) | (
            folded_column(machine_runs, "source_computer_id").isin(agents - {""})
        )
        rows = machine_runs[mine]
        status = folded_column(rows, "status")
        outcome = status.where(status == "succeeded", "failed")
        outcome = outcome.mask(status.isin(("inprogress", "notstarted")), "under_way")
        marks += ended(rows.assign(outcome=outcome), "run", lane, asked_at, lookback)
    if attendance is not None and len(attendance):
        keys = targets | {f"name:{target}" for target in targets}
        out = attendance[attendance["machine_key"].isin(keys) & marked(attendance["missed"])]
        marks += left_out(out, lane, asked_at, lookback)
    return marks


def ended(rows: pd.DataFrame, what: str, lane: int, asked_at: datetime, lookback: timedelta) -> list[Spec]:
    """Mark runs or installations by how they ended: `outcome` succeeded, under_way, or another."""
    inside = within(rows, "start_time", asked_at, lookback).tail(_MOST_MARKS)
    good, going = inside["outcome"] == "succeeded", inside["outcome"] == "under_way"
    marks: list[Spec] = []
    for name, colour, symbol, chosen in (
        (f"{what} succeeded", GOOD, "square", good),
        (f"{what} failed or cut off", BAD, "x", ~good & ~going),
        (f"{what} not over", DULL, "square-open", going),
    ):
        part = inside[chosen]
        notes = [_run_note(row) for row in each(part)]
        marks += marks_at(list(part["start_time"]), notes, name, colour, symbol, lane)
        marks += _lengths(part, colour, lane)
    return marks


def left_out(rows: pd.DataFrame, lane: int, asked_at: datetime, lookback: timedelta) -> list[Spec]:
    """Mark each run that should have taken the machine and did not."""
    missed = within(rows, "start_time", asked_at, lookback).tail(_MOST_MARKS)
    notes = [f"{inert(row.configuration, 60)}: left this machine out" for row in each(missed)]
    return marks_at(list(missed["start_time"]), notes, "run that left it out", BAD, "circle-open", lane)


def changes(
    rows: pd.DataFrame | None, resources: set[str], lane: int, asked_at: datetime, lookback: timedelta
) -> list[Spec]:
    """Mark each change of the machine's resource."""
    if rows is None or rows.empty:
        return []
    of_machine = within(
        rows[folded_column(rows, "target_id").isin(resources)], "changed", asked_at, lookback
    ).tail(_MOST_MARKS)
    notes = []
    for row in each(of_machine):
        by = f" by {inert(row.changed_by, 50)}" if pd.notna(row.changed_by) and row.changed_by else ""
        notes.append(f"{inert(row.change_type, 20)}{by}{_properties(row.changes)}")
    return marks_at(list(of_machine["changed"]), notes, "resource change", SERIES[2], "triangle-up", lane)


def _properties(changes: Any) -> str:
    if not isinstance(changes, dict):
        return ""
    lines = []
    for path, change in list(changes.items())[:6]:
        was, now = (
            (change.get("previousValue"), change.get("newValue")) if isinstance(change, dict) else ("", "")
        )
        lines.append(f"<br>{inert(path, 50)}: {inert(was or '—', 40)} → {inert(now or '—', 40)}")
    more = f"<br>… and {len(changes) - 6:,} more" if len(changes) > 6 else ""
    return "".join(lines) + more


def marks_at(
    times: list[Any], notes: list[str], name: str, colour: str, symbol: str, lane: int
) -> list[Spec]:
    """Mark moments in a lane."""
    if not times:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": moments(times),
            "y": [lane] * len(times),
            "yaxis": "y2",
            "marker": {"color": colour, "symbol": symbol, "size": 9, "line": {"width": 1, "color": colour}},
            "customdata": [[moment(time), note] for time, note in zip(times, notes, strict=True)],
            "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
            "cliponaxis": False,
        }
    ]


def _lengths(rows: pd.DataFrame, colour: str, lane: int) -> list[Spec]:
    ended = rows[rows["end_time"].notna()]
    if ended.empty:
        return []
    times: list[str | None] = []
    for start, end in zip(ended["start_time"], ended["end_time"], strict=True):
        times += [*moments((start, end)), None]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": times,
            "y": [None if time is None else lane for time in times],
            "yaxis": "y2",
            "line": {"color": colour, "width": 4},
            "showlegend": False,
            "hoverinfo": "skip",
        }
    ]


def _run_note(row: Any) -> str:
    until = f" to {moment(row.end_time)}" if pd.notna(row.end_time) else ""
    error = f"<br>{inert(row.error_message, 90)}" if pd.notna(row.error_message) and row.error_message else ""
    return f"{inert(row.configuration, 90)}: {inert(row.status, 30)}{until}{error}"


def within(rows: pd.DataFrame, column: str, asked_at: datetime, lookback: timedelta) -> pd.DataFrame:
    """Return the rows of the window, ascending."""
    inside = rows[rows[column].notna() & (rows[column] > asked_at - lookback) & (rows[column] <= asked_at)]
    return inside.sort_values(column, kind="stable")


def folded_column(rows: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column in the form in which names and ids compare."""
    return rows[name].astype("string").fillna("").str.strip().str.casefold().astype(object)


def folded(value: Any) -> str:
    """Return a value in the form in which names and ids compare."""
    return "" if value is None or pd.isna(value) else str(value).strip().casefold()
