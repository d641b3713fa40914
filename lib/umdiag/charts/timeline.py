"""One machine on one time line: heartbeats, assessments, runs, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from umdiag.charts import azure_lanes, lanes
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
from umdiag.words.services import UPDATE_MANAGER

_MOST_AGENTS = 4


def machine_timeline(
    machine_hours: pd.DataFrame | None,
    machine_assessments: pd.DataFrame | None,
    machine_runs: pd.DataFrame | None,
    attendance: pd.DataFrame | None,
    patch_states: pd.DataFrame | None,
    schedule_attempts: pd.DataFrame | None,
    missed_by_schedules: pd.DataFrame | None,
    installations: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    population: pd.DataFrame | None,
    *,
    computer: str,
    asked_at: datetime,
    lookback: timedelta,
) -> Figure | None:
    """Draw what is known of one machine over the window, on one time axis.

    Heartbeats per clock hour by agent id (a re-installed agent changes colour), hours without any shaded;
    below, a lane each for assessments, update runs, installations (of a machine of Update Manager) and
    resource changes. A machine of Update Manager that no log knows has no heartbeats to show. A fact that is
    None could not be seen: its lane says so.
    """
    named, window = _named(computer, population), (asked_at, lookback)
    keys = {id_.rstrip("/") for id_ in lanes.folded_column(named, "arm_key")} - {""}
    heard = _within(machine_hours, utc_hours(*window))
    agents = set(map(lanes.folded, [*named["source_computer_id"], *heard["source_computer_id"]])) - {""}
    of_manager = bool((lanes.folded_column(named, "service") == UPDATE_MANAGER).any())
    of_logs = not of_manager or len(heard) > 0
    names = ["assessments", "update runs", *["installations"] * of_manager, "resource changes"]
    targets = {*keys, lanes.folded(computer)}
    drawn = {
        "assessments": lanes.assessments(machine_assessments, 0, *window)
        + azure_lanes.assessments(patch_states, keys, 0, *window),
        "update runs": lanes.runs(machine_runs, attendance, targets, agents, 1, *window)
        + azure_lanes.runs(schedule_attempts, missed_by_schedules, keys, 1, *window),
        "installations": azure_lanes.installations(installations, keys, 2, *window),
        "resource changes": lanes.changes(resource_changes, keys, len(names) - 1, *window),
    }
    panel = of_logs and machine_hours is not None
    beats, shapes = _heartbeats(heard, utc_hours(*window)) if panel else ([], [])
    traces = _named_once([*beats, *(trace for name in names for trace in drawn[name])])
    if not traces:
        return None
    facts = {
        "heartbeats": [machine_hours] * of_logs,
        "assessments": [machine_assessments] * of_logs + [patch_states] * of_manager,
        "update runs": [machine_runs] * of_logs + [schedule_attempts] * of_manager,
        "installations": [installations] * of_manager,
        "resource changes": [resource_changes],
    }
    said = _heard(heard, len(utc_hours(*window)), 0 if population is None else len(population), panel=panel)
    said += _lanes_said(facts, [name for name in names if not drawn[name]])
    layout = _layout(shapes, names, utc_axis(*window, anchor="y2"), panel=panel)
    height = 330 if panel else 46 * len(names)
    return figure(f"{computer}: what happened when", said, traces, layout, height=height)


def _within(machine_hours: pd.DataFrame | None, hours: pd.DatetimeIndex) -> pd.DataFrame:
    if machine_hours is None:
        return pd.DataFrame(columns=["source_computer_id", "hour", "heartbeats"])
    return machine_hours[machine_hours["hour"].isin(hours)]


def _lanes_said(facts: Mapping[str, Sequence[pd.DataFrame | None]], bare: Sequence[str]) -> str:
    """Say which lanes could not be seen, and in which of the others nothing stands."""
    unseen = [name for name, rest_on in facts.items() if any(fact is None for fact in rest_on)]
    empty = [name for name in bare if name not in unseen]
    said = f" Could not be seen: {', '.join(unseen)}." if unseen else ""
    return said + (f" None in the window: {', '.join(empty)}." if empty else "")


def _named(computer: str, population: pd.DataFrame | None) -> pd.DataFrame:
    """Return the machines of that name; a resource may bear another than its logs."""
    if population is None:
        return pd.DataFrame(columns=["arm_key", "source_computer_id", "service"])
    name = lanes.folded(computer)
    ends = lanes.folded_column(population, "arm_key").str.split("/").str[-1]
    same = lanes.folded_column(population, "computer") == name
    return population[same if same.any() else ends == name]


def _heard(heard: pd.DataFrame, hours: int, machines: int, *, panel: bool) -> str:
    said = f"1 of {counted(machines, 'machine')}" if machines else "1 machine"
    if not panel:
        return f"{said}; no log shows its heartbeats."
    said += f"; heartbeats in {heard['hour'].nunique():,} of {hours:,} whole hours."
    if (used := heard["source_computer_id"].nunique()) > 1:
        said += f" Its name was used by {counted(used, 'agent')}, one colour each."
    return said


def _layout(shapes: Sequence[Spec], names: Sequence[str], time: Spec, *, panel: bool) -> Spec:
    """Make room for heartbeats above, where there may be any, and a lane for each of `names` below."""
    made = {
        "barmode": "stack",
        "bargap": 0,
        "hovermode": "closest",
        "shapes": shapes,
        "xaxis": time,
        "yaxis2": {
            "domain": [0, 0.46 if panel else 1],
            "range": [len(names) - 0.4, -0.6],
            "tickvals": list(range(len(names))),
            "ticktext": list(names),
        },
    }
    if panel:
        beats = {"title": {"text": "heartbeats an hour"}, "rangemode": "tozero", "nticks": 4}
        made["yaxis"] = {"domain": [0.52, 1], **beats}
    return made


def _named_once(traces: list[Spec]) -> list[Spec]:
    """Keep one legend entry per name: both services may have marks of it."""
    named: set[str] = set()
    for trace in traces:
        name = trace.get("name", "")
        if name in named:
            trace["showlegend"] = False
        if name:
            named.add(name)
            trace["legendgroup"] = name
    return traces


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
