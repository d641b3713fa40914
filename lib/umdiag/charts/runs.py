"""A calendar of update runs: who was missed when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

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

_MOST_DEPLOYMENTS = 20
_MOST_RUNS = 600


def run_calendar(
    attendance: pd.DataFrame,
    runs: pd.DataFrame,
    machines: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw every run on its day, one line per update deployment, with who was missed.

    `runs`: one row per run (judged: whether it is over); `attendance`: one row per run and machine that was
    expected in it (machine_key, computer, took_part, missed); `machines`: the population.
    """
    inside = runs[(runs["start_time"] > asked_at - lookback) & (runs["start_time"] <= asked_at)]
    if inside.empty:
        return None
    attendance, only = chosen(attendance.dropna(subset=["missed"]), computers)
    missed = attendance[marked(attendance["missed"])]
    who = {str(run): list(rows) for run, rows in missed.groupby("run_id")["computer"]}
    expected = {str(run): len(rows) for run, rows in attendance.groupby("run_id")["computer"]}
    shown = inside.sort_values("start_time", ascending=False, kind="stable").head(_MOST_RUNS)
    shown = shown.assign(configuration=shown["configuration"].astype("string").fillna("").astype(object))
    order = _by_loss(shown, who)
    lines = {name: place for place, name in enumerate(order[:_MOST_DEPLOYMENTS])}
    traces = _traces([row for row in each(shown) if row.configuration in lines], lines, who, expected)
    said = _said(inside, who, expected)
    said += _expected_said(set(attendance["machine_key"]), machines)
    said += f" {counted(len(missed), 'miss', 'misses')}"
    said += f" on {counted(missed['machine_key'].nunique(), 'machine')}."
    if len(inside) > len(shown):
        said += f" Only the newest {len(shown):,} runs are drawn."
    if len(order) > len(lines):
        said += f" {len(order) - len(lines):,} deployments that missed fewest are not drawn."
    layout = {
        "hovermode": "closest",
        "xaxis": utc_axis(asked_at, lookback),
        "yaxis": {
            "range": [len(lines) - 0.5, -0.5],
            "tickvals": list(lines.values()),
            "ticktext": [inert(name, 34) for name in lines],
        },
    }
    return figure(
        "Runs, and the machines they missed", said + only, traces, layout, height=max(56 * len(lines), 120)
    )


def _by_loss(shown: pd.DataFrame, who: Mapping[str, list[str]]) -> list[str]:
    """Order the deployments of these runs: that which missed most machines comes first."""
    missed = shown["run_id"].map(lambda run: len(who.get(str(run), ())))
    losses = missed.groupby(shown["configuration"]).sum().to_dict()
    return sorted(map(str, losses), key=lambda name: (-losses[name], name.casefold()))


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
    counts = [len(who.get(str(row.run_id), ())) for row in rows]
    notes = []
    for row, count in zip(rows, counts, strict=True):
        told = f"{expected.get(str(row.run_id), 0):,} expected, {count:,} missed"
        if label == "not judged":
            told = _why_not_judged(row)
        names = some(who.get(str(row.run_id), ()), 10)
        heading = f"{inert(row.configuration, 60)}<br>{moment(row.start_time)}<br>{told}"
        notes.append([f"{heading}<br>{names}" if names else heading])
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": label,
        "x": moments(row.start_time for row in rows),
        "y": [lines[row.configuration] for row in rows],
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


def _why_not_judged(row: Any) -> str:
    if _ismarked(row.judged):
        return f"{inert(row.status or 'status unknown', 30)}; no machine is known to be expected"
    return f"not over: {inert(row.status or 'unknown', 30)}"


def _outcome(row: Any, who: Mapping[str, list[str]], expected: Mapping[str, int]) -> str:
    if who.get(str(row.run_id)):
        return "missed machines"
    return "missed none" if _ismarked(row.judged) and expected.get(str(row.run_id)) else "not judged"


def _said(runs: pd.DataFrame, who: Mapping[str, list[str]], expected: Mapping[str, int]) -> str:
    unjudged = sum(_outcome(row, who, expected) == "not judged" for row in each(runs))
    said = f"{counted(len(runs), 'run')} of {counted(runs['configuration'].nunique(), 'update deployment')}"
    return said + (f"; {unjudged:,} not judged. " if unjudged else ". ")


def _expected_said(keys: set[str], machines: pd.DataFrame | None) -> str:
    if machines is None or machines.empty:
        return f"Shows {counted(len(keys), 'machine')}."
    known = machines["arm_key"].isin(keys - {""}) | ("name:" + machines["name"]).isin(keys)
    said = "Shows " + of_machines(int(known.sum()), len(machines), "expected in no run")
    named = set(machines["arm_key"]) | set("name:" + machines["name"])
    strangers = len(keys - named)
    return said + (f" {counted(strangers, 'machine')} more, expected but in no log." if strangers else "")


def _ismarked(value: Any) -> bool:
    return bool(pd.notna(value)) and bool(value)
