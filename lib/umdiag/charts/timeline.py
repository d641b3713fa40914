"""One machine on one time line: heartbeats, assessments, runs, changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from umdiag.charts import lanes
from umdiag.charts.canvas import (
    NO_DATA,
    SERIES,
    Figure,
    Spec,
    band,
    figure,
    inert,
    moments,
    spans,
    utc_axis,
    utc_hours,
)
from umdiag.words.counting import counted

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
    resources, agents = _ids_of(computer, machines)
    agents |= set(lanes.folded_column(machine_hours, "source_computer_id")) - {""}
    targets = {*resources, lanes.folded(computer)}
    hours = utc_hours(asked_at, lookback)
    heard = machine_hours[machine_hours["hour"].isin(hours)]
    traces, shapes = _heartbeats(heard, hours)
    drawn = {
        "assessments": lanes.assessments(machine_assessments, asked_at, lookback),
        "update runs": lanes.runs(machine_runs, attendance, targets, agents, asked_at, lookback),
        "resource changes": lanes.changes(resource_changes, resources, asked_at, lookback),
    }
    traces += [trace for lane in drawn.values() for trace in lane]
    if not traces:
        return None
    facts = (machine_assessments, machine_runs, resource_changes)
    unseen = [name for name, fact in zip(drawn, facts, strict=True) if fact is None]
    empty = [name for name, lane in drawn.items() if not lane and name not in unseen]
    said = _said(heard, len(hours), 0 if machines is None else len(machines), unseen, empty)
    layout = _layout(shapes, list(drawn), utc_axis(asked_at, lookback, anchor="y2"))
    return figure(f"{computer}: what happened when", said, traces, layout, height=330)


def _said(heard: pd.DataFrame, hours: int, machines: int, unseen: Sequence[str], empty: Sequence[str]) -> str:
    said = [f"1 of {counted(machines, 'machine')}" if machines else "1 machine"]
    said[0] += f"; heartbeats in {heard['hour'].nunique():,} of {hours:,} whole hours."
    if (used := heard["source_computer_id"].nunique()) > 1:
        said.append(f"Its name was used by {counted(used, 'agent')}, one colour each.")
    if unseen:
        said.append(f"Could not be seen: {', '.join(unseen)}.")
    if empty:
        said.append(f"None in the window: {', '.join(empty)}.")
    return " ".join(said)


def _layout(shapes: Sequence[Spec], names: Sequence[str], time: Spec) -> Spec:
    """Make room for heartbeats above and a lane for each of `names` below."""
    return {
        "barmode": "stack",
        "bargap": 0,
        "hovermode": "closest",
        "shapes": shapes,
        "xaxis": time,
        "yaxis": {
            "domain": [0.5, 1],
            "title": {"text": "heartbeats an hour"},
            "rangemode": "tozero",
            "nticks": 4,
        },
        "yaxis2": {
            "domain": [0, 0.44],
            "range": [2.6, -0.6],
            "tickvals": [lanes.ASSESSED, lanes.RUNS, lanes.CHANGES],
            "ticktext": list(names),
        },
    }


def _ids_of(computer: str, machines: pd.DataFrame | None) -> tuple[set[str], set[str]]:
    """Return the ARM ids and the agent ids of the machines of that name, as they compare."""
    if machines is None:
        return set(), set()
    named = machines[lanes.folded_column(machines, "computer") == lanes.folded(computer)]
    resources = {id_.rstrip("/") for id_ in lanes.folded_column(named, "resource_id")}
    return resources - {""}, set(lanes.folded_column(named, "source_computer_id")) - {""}


def _heartbeats(rows: pd.DataFrame, hours: pd.DatetimeIndex) -> tuple[list[Spec], list[Spec]]:
    traces: list[Spec] = []
    agents = rows.groupby("source_computer_id", dropna=False)["hour"].max().sort_values(ascending=False)
    for place, agent in enumerate(agents.index[:_MOST_AGENTS]):
        same = rows["source_computer_id"] == agent
        beats = rows[same].groupby("hour")["heartbeats"].sum()
        name = f"heartbeats, agent {inert(str(agent)[:8], 12)}" if len(agents) > 1 else "heartbeats"
        traces.append(
            {
                "type": "bar",
                "name": name,
                "marker": {"color": SERIES[place % 3], "line": {"width": 0}},
                "x": moments(beats.index),
                "y": [int(n) for n in beats],
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
