"""One machine on one time line: heartbeats, assessments, runs, changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    DULL,
    GOOD,
    NO_DATA,
    SERIES,
    WARN,
    Figure,
    Spec,
    band,
    counted,
    each,
    figure,
    marked,
    moment,
    moments,
    plain,
    spans,
    utc_axis,
    whole_hours,
)

_ASSESSED, _RUNS, _CHANGES = 0, 1, 2
_LANES = {_ASSESSED: "assessments", _RUNS: "update runs", _CHANGES: "resource changes"}
_MOST_MARKS = 300
_MOST_AGENTS = 4


def machine_timeline(
    machine_hours: pd.DataFrame,
    machine_assessments: pd.DataFrame | None,
    machine_runs: pd.DataFrame | None,
    attendance: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    *,
    computer: str,
    asked_at: datetime,
    lookback: timedelta,
) -> Figure | None:
    """Draw what is known of one machine over the window, on one time axis.

    Heartbeats per clock hour by agent id (a re-installed agent changes colour), hours without any shaded;
    below, one lane each for assessments, update runs and resource changes. A fact that is None could not
    be seen: its lane says so.
    """
    own = _rows_of(computer, machines)
    resources = {_folded(id_).rstrip("/") for id_ in own["resource_id"]} - {""} if own is not None else set()
    agents = {_folded(id_) for id_ in own["source_computer_id"]} - {""} if own is not None else set()
    agents |= {_folded(id_) for id_ in machine_hours["source_computer_id"]}
    hours = whole_hours(asked_at, lookback)
    traces, shapes = _heartbeats(machine_hours, hours)
    lanes: dict[int, list[Spec]] = {
        _ASSESSED: _assessments(machine_assessments, asked_at, lookback),
        _RUNS: _runs(machine_runs, attendance, {*resources, _folded(computer)}, agents, asked_at, lookback),
        _CHANGES: _changes(resource_changes, resources, asked_at, lookback),
    }
    traces += [trace for lane in lanes.values() for trace in lane]
    if not traces:
        return None
    unseen = [
        name
        for name, fact in zip(
            _LANES.values(), (machine_assessments, machine_runs, resource_changes), strict=True
        )
        if fact is None
    ]
    total = 0 if machines is None else len(machines)
    said = f"1 of {counted(total, 'machine')}" if total else "1 machine"
    heard = int(machine_hours["hour"].isin(hours).sum()) if len(machine_hours) else 0
    said += f"; heard in {min(heard, len(hours)):,} of {len(hours):,} whole hours."
    if len(agents) > 1:
        said += f" Its name was used by {counted(len(agents), 'agent')}, one colour each."
    if unseen:
        said += f" Could not be seen: {', '.join(unseen)}."
    empty = [name for lane, name in _LANES.items() if not lanes[lane] and name not in unseen]
    if empty:
        said += f" None in the window: {', '.join(empty)}."
    layout = {
        "barmode": "stack",
        "bargap": 0,
        "hovermode": "closest",
        "shapes": shapes,
        "xaxis": utc_axis(asked_at, lookback, anchor="y2"),
        "yaxis": {
            "domain": [0.5, 1],
            "title": {"text": "heartbeats an hour"},
            "rangemode": "tozero",
            "nticks": 4,
        },
        "yaxis2": {
            "domain": [0, 0.44],
            "range": [2.6, -0.6],
            "tickvals": list(_LANES),
            "ticktext": list(_LANES.values()),
        },
    }
    return figure(f"{computer}: what happened when", said, traces, layout, height=330)


def _heartbeats(machine_hours: pd.DataFrame, hours: pd.DatetimeIndex) -> tuple[list[Spec], list[Spec]]:
    rows = machine_hours[machine_hours["hour"].isin(hours)]
    traces: list[Spec] = []
    agents = rows.groupby("source_computer_id", dropna=False)["hour"].max().sort_values(ascending=False)
    for place, agent in enumerate(agents.index[:_MOST_AGENTS]):
        same = rows["source_computer_id"] == agent
        own = rows[same].groupby("hour")["heartbeats"].sum()
        name = f"heartbeats, agent {plain(str(agent)[:8], 12)}" if len(agents) > 1 else "heartbeats"
        traces.append(
            {
                "type": "bar",
                "name": name,
                "marker": {"color": SERIES[place % 3], "line": {"width": 0}},
                "x": moments(own.index),
                "y": [int(n) for n in own],
                "width": 3_600_000,
                "offset": 0,
                "hovertemplate": "%{x} UTC<br>%{y} heartbeats<extra></extra>",
            }
        )
    quiet = [hour for hour in hours if hour not in set(rows["hour"])]
    shapes = [
        band(start, end, NO_DATA, "", "no heartbeat", first=place == 0)
        for place, (start, end) in enumerate(spans(quiet, 1))
    ]
    return traces, shapes


def _assessments(rows: pd.DataFrame | None, asked_at: datetime, lookback: timedelta) -> list[Spec]:
    if rows is None or rows.empty:
        return []
    # Quarter hours that touch are one assessment: its rows need a while to arrive.
    inside = _window(rows, "assessed", asked_at, lookback).sort_values("assessed")
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
        own = each[chosen]
        notes = [
            f"{int(n):,} needed, {int(r):,} reported"
            for n, r in zip(own["needed"], own["reported"], strict=True)
        ]
        marks += _marks(list(own["assessed"]), notes, name, colour, symbol, _ASSESSED)
    return marks


def _runs(
    machine_runs: pd.DataFrame | None,
    attendance: pd.DataFrame | None,
    targets: set[str],
    agents: set[str],
    asked_at: datetime,
    lookback: timedelta,
) -> list[Spec]:
    marks: list[Spec] = []
    if machine_runs is not None and len(machine_runs):
        mine = _column(machine_runs, "target").isin(targets) | (
            _column(machine_runs, "source_computer_id").isin(agents - {""})
        )
        own = _window(machine_runs[mine], "start_time", asked_at, lookback).tail(_MOST_MARKS)
        good = _column(own, "status") == "succeeded"
        going = _column(own, "status").isin(("inprogress", "notstarted"))
        for name, colour, symbol, chosen in (
            ("run succeeded", GOOD, "square", good),
            ("run failed or cut off", BAD, "x", ~good & ~going),
            ("run not over", DULL, "square-open", going),
        ):
            part = own[chosen]
            notes = [_run_note(row) for row in each(part)]
            marks += _marks(list(part["start_time"]), notes, name, colour, symbol, _RUNS)
            marks += _lengths(part, colour)
    if attendance is not None and len(attendance):
        keys = targets | {f"name:{target}" for target in targets}
        left_out = attendance["machine_key"].isin(keys) & marked(attendance["missed"])
        other = _window(attendance[left_out], "start_time", asked_at, lookback).tail(_MOST_MARKS)
        notes = [f"{plain(row.configuration, 60)}: left this machine out" for row in each(other)]
        marks += _marks(list(other["start_time"]), notes, "run that left it out", BAD, "circle-open", _RUNS)
    return marks


def _changes(
    rows: pd.DataFrame | None, resources: set[str], asked_at: datetime, lookback: timedelta
) -> list[Spec]:
    if rows is None or rows.empty:
        return []
    own = _window(rows[_column(rows, "target_id").isin(resources)], "changed", asked_at, lookback).tail(
        _MOST_MARKS
    )
    notes = []
    for row in each(own):
        by = f" by {plain(row.changed_by, 50)}" if pd.notna(row.changed_by) and row.changed_by else ""
        notes.append(f"{plain(row.change_type, 20)}{by}{_properties(row.changes)}")
    return _marks(list(own["changed"]), notes, "resource change", SERIES[2], "triangle-up", _CHANGES)


def _properties(changes: Any) -> str:
    if not isinstance(changes, dict):
        return ""
    lines = []
    for path, change in list(changes.items())[:6]:
        was, now = (
            (change.get("previousValue"), change.get("newValue")) if isinstance(change, dict) else ("", "")
        )
        lines.append(f"<br>{plain(path, 50)}: {plain(was or '—', 40)} → {plain(now or '—', 40)}")
    more = f"<br>… and {len(changes) - 6:,} more" if len(changes) > 6 else ""
    return "".join(lines) + more


def _marks(times: list[Any], notes: list[str], name: str, colour: str, symbol: str, lane: int) -> list[Spec]:
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


def _lengths(rows: pd.DataFrame, colour: str) -> list[Spec]:
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
            "y": [None if time is None else _RUNS for time in times],
            "yaxis": "y2",
            "line": {"color": colour, "width": 4},
            "showlegend": False,
            "hoverinfo": "skip",
        }
    ]


def _run_note(row: Any) -> str:
    until = f" to {moment(row.end_time)}" if pd.notna(row.end_time) else ""
    error = f"<br>{plain(row.error_message, 90)}" if pd.notna(row.error_message) and row.error_message else ""
    return f"{plain(row.configuration, 60)}: {plain(row.status, 30)}{until}{error}"


def _rows_of(computer: str, machines: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if machines is None else machines[_column(machines, "computer") == _folded(computer)]


def _window(rows: pd.DataFrame, column: str, asked_at: datetime, lookback: timedelta) -> pd.DataFrame:
    inside = rows[rows[column].notna() & (rows[column] > asked_at - lookback) & (rows[column] <= asked_at)]
    return inside.sort_values(column, kind="stable")


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].astype("string").fillna("").str.strip().str.casefold().astype(object)


def _folded(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip().casefold()
