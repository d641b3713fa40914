"""A calendar of update runs: who was missed when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.both_services import KINDS, expected_in_both, runs_of_both
from umdiag.charts.canvas import (
    BAD,
    DULL,
    GOOD,
    Figure,
    Spec,
    chosen,
    each,
    figure,
    inert,
    marked,
    moment,
    moments,
    of_machines,
    some,
    utc_axis,
)
from umdiag.words.counting import counted

_MOST_LINES = 20
_MOST_RUNS = 600


def run_calendar(
    attendance: pd.DataFrame | None,
    runs: pd.DataFrame | None,
    schedule_attendance: pd.DataFrame | None,
    missed_by_schedules: pd.DataFrame | None,
    maintenance_runs: pd.DataFrame | None,
    population: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    update_run: str,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw every run on its day, one line per update deployment and schedule, with who was missed.

    `runs` and `maintenance_runs`: the runs of the two services; `attendance`: who was expected in a run of
    Update Management, and missed; `schedule_attendance` and `missed_by_schedules`: the same of the run of
    each schedule that is compared; `population`: one row per machine.
    """
    since = pd.Timestamp(asked_at - lookback)
    drawn = runs_of_both(runs, maintenance_runs, schedule_attendance, update_run)
    inside = drawn[(drawn["start_time"] > since) & (drawn["start_time"] <= asked_at)]
    if inside.empty:
        return None
    expected_in, only = chosen(
        expected_in_both(attendance, schedule_attendance, missed_by_schedules), computers
    )
    missed = expected_in[marked(expected_in["missed"])]
    who = {str(run): list(rows) for run, rows in missed.groupby("run")["computer"]}
    expected = {str(run): int(number) for run, number in expected_in.groupby("run").size().items()}
    shown = inside.sort_values("start_time", ascending=False, kind="stable").head(_MOST_RUNS)
    order = _by_loss(shown, who)
    lines = {line: place for place, line in enumerate(order[:_MOST_LINES])}
    traces = _traces([row for row in each(shown) if row.line in lines], lines, who, expected)
    said = _said(inside, who, expected)
    said += _expected_said(set(expected_in["machine_key"]), population)
    said += f" {counted(len(missed), 'miss', 'misses')}"
    said += f" on {counted(missed['machine_key'].nunique(), 'machine')}."
    if len(inside) > len(shown):
        said += f" Only the newest {len(shown):,} runs are drawn."
    if len(order) > len(lines):
        said += f" {len(order) - len(lines):,} deployments or schedules that missed fewest are not drawn."
    labels = shown.drop_duplicates("line").set_index("line")["configuration"]
    layout = {
        "hovermode": "closest",
        "xaxis": utc_axis(asked_at, lookback),
        "yaxis": {
            "range": [len(lines) - 0.5, -0.5],
            "tickvals": list(lines.values()),
            "ticktext": [inert(labels[line], 34) for line in lines],
        },
    }
    return figure(
        "Runs, and the machines they missed", said + only, traces, layout, height=max(56 * len(lines), 120)
    )


def _by_loss(shown: pd.DataFrame, who: Mapping[str, list[str]]) -> list[str]:
    """Order the lines of these runs: that which missed most machines comes first."""
    missed = shown["run"].map(lambda run: len(who.get(str(run), ())))
    losses = missed.groupby(shown["line"]).sum().to_dict()
    names = shown.drop_duplicates("line").set_index("line")["configuration"]
    return sorted(map(str, losses), key=lambda line: (-losses[line], names[line].casefold(), line))


def _traces(
    rows: list[Any], lines: Mapping[str, int], who: Mapping[str, list[str]], expected: Mapping[str, int]
) -> list[Spec]:
    traces = []
    for label, colour in (("missed machines", BAD), ("missed none", GOOD), ("not judged", DULL)):
        runs = [row for row in rows if _outcome(row, who, expected) == label]
        if runs:
            traces.append(_dots(runs, label, colour, lines, who, expected))
    return traces


def _dots(
    rows: list[Any],
    label: str,
    colour: str,
    lines: Mapping[str, int],
    who: Mapping[str, list[str]],
    expected: Mapping[str, int],
) -> Spec:
    most = max(map(len, who.values()), default=1)
    counts = [len(who.get(str(row.run), ())) for row in rows]
    notes = []
    for row, count in zip(rows, counts, strict=True):
        told = f"{expected.get(str(row.run), 0):,} expected, {count:,} missed"
        if label == "not judged":
            told = inert(row.why, 90)
        names = some(who.get(str(row.run), ()), 10)
        heading = f"{inert(row.configuration, 60)}<br>{moment(row.start_time)}<br>{told}"
        notes.append([f"{heading}<br>{names}" if names else heading])
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": label,
        "x": moments(row.start_time for row in rows),
        "y": [lines[row.line] for row in rows],
        "marker": {
            "color": colour,
            "size": [round(15 + 19 * (count / most) ** 0.5) for count in counts],
            "line": {"color": "#FFFFFF", "width": 1},
            "opacity": 1,
        },
        "text": [f"{count:,}" if count else "" for count in counts],
        "textfont": {"color": "#FFFFFF", "size": 11},
        "customdata": notes,
        "hovertemplate": "%{customdata[0]}<extra></extra>",
        "cliponaxis": False,
    }


def _outcome(row: Any, who: Mapping[str, list[str]], expected: Mapping[str, int]) -> str:
    if who.get(str(row.run)):
        return "missed machines"
    return "missed none" if row.judged and expected.get(str(row.run)) else "not judged"


def _said(runs: pd.DataFrame, who: Mapping[str, list[str]], expected: Mapping[str, int]) -> str:
    unjudged = sum(_outcome(row, who, expected) == "not judged" for row in each(runs))
    lines = runs.groupby("of")["line"].nunique()
    of = " and ".join(counted(int(lines[kind]), kind) for kind in KINDS if kind in lines)
    said = f"{counted(len(runs), 'run')} of {of}"
    return said + (f"; {unjudged:,} not judged. " if unjudged else ". ")


def _expected_said(keys: set[str], population: pd.DataFrame | None) -> str:
    if population is None or population.empty:
        return f"Shows {counted(len(keys), 'machine')}."
    known = population["arm_key"].isin(keys - {""}) | ("name:" + population["name"]).isin(keys)
    said = "Shows " + of_machines(int(known.sum()), len(population), "expected in no run")
    named = set(population["arm_key"]) | set("name:" + population["name"])
    strangers = len(keys - named)
    return said + (f" {counted(strangers, 'machine')} more, expected but not known." if strangers else "")
