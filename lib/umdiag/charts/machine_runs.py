"""One bar per update run: how it ended on its machines, and which of them restarted though it said never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.both_services import DEPLOYMENT, KINDS, outcomes_of_both, runs_without_machines
from umdiag.charts.canvas import (
    BAD,
    DULL,
    GOOD,
    SERIES,
    WARN,
    Figure,
    Spec,
    chosen,
    figure,
    inert,
    marked,
    moment,
    of_machines,
    some,
    whole_axis,
)
from umdiag.words.counting import counted

_MOST_RUNS = 40
#: Pixels that a run takes, and those of the axis below.
_ROW, _AXIS = 26, 50
#: Status of a machine run, in letters → label, colour; what is well stands at the bottom.
_STATUSES: Mapping[str, tuple[str, str]] = {
    "succeeded": ("succeeded", GOOD),
    "inprogress": ("in progress", DULL),
    "notstarted": ("not started", SERIES[4]),
    "maintenancewindowexceeded": ("maintenance window exceeded", WARN),
    "cancelled": ("cancelled", SERIES[2]),
    "failed": ("failed", BAD),
    "failedtostart": ("failed to start", "#8C1D40"),
}
_OTHER = ("other status", SERIES[3])
#: Who restarted a machine → label, colour.
_WHO: Mapping[str, tuple[str, str]] = {
    "policy": ("the registry lets Windows Update restart", BAD),
    "user": ("a person restarted it", SERIES[0]),
    "untold": ("requester unknown", DULL),
}


def run_outcomes(
    machine_run_outcomes: pd.DataFrame | None,
    runs: pd.DataFrame | None,
    schedule_attempts: pd.DataFrame | None,
    maintenance_runs: pd.DataFrame | None,
    population: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    update_run: str,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw how each run ended on its machines: one bar per run, the newest above.

    `machine_run_outcomes`: one row per machine run of Update Management (run_key, configuration, status,
    machine, computer, start_time); `schedule_attempts`: the same of schedules, of any time; `runs` and
    `maintenance_runs`: one row per run, also of runs that reached nobody; `population`: one row per machine.
    """
    window = (asked_at - lookback, asked_at, update_run)
    every = outcomes_of_both(machine_run_outcomes, schedule_attempts, population, *window)
    rows, only = chosen(every, computers)
    if rows.empty:
        return None
    shown = _newest(rows)
    status = rows["status"].where(rows["status"].isin(list(_STATUSES)), "")
    parts = {key: rows[status == key] for key in (*_STATUSES, "")}
    labels = {**_STATUSES, "": _OTHER}
    traces = [_bars(part, *labels[key], shown) for key, part in parts.items() if len(part)]
    wrong = ~status.isin(("succeeded", "inprogress", "notstarted"))
    traces.append(_beside(wrong.groupby(rows["run_key"]).sum(), rows.groupby("run_key").size(), shown))
    number = rows["run_key"].nunique()
    said = f"{counted(len(rows), 'machine run')} of {counted(number, 'run')};"
    said += f" {int(wrong.sum()):,} did not succeed (beside the bars). "
    said += _speaks_of(rows, population, computers, "took part in none")
    without = runs_without_machines(runs, maintenance_runs, set(every["run_key"]), *window)
    if without:
        said += f" {counted(without, 'run')} without any machine run not drawn."
    title = "How each run ended on its machines"
    return _figure(title, said + only, traces, shown, number, "machine runs")


def run_restarts(
    run_restarts: pd.DataFrame,
    never_restarting: pd.DataFrame,
    automatic_updates: pd.DataFrame | None,
    machines: pd.DataFrame,
    *,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw how many machines restarted in each run that was never to restart them, and at whose wish.

    `run_restarts`: one row per restart (machine, run_id, restarted, user, by_user); `never_restarting`:
    one row per machine run of such a deployment; `automatic_updates`: one row per machine (reboots).
    """
    asked, only = chosen(never_restarting, computers)
    restarts = _restarts(run_restarts, asked, automatic_updates)
    if restarts.empty:
        return None
    shown = _newest(restarts)
    of = asked.groupby("run_key")["machine_key"].nunique()
    traces = [
        _bars(part, label, colour, shown)
        for key, (label, colour) in _WHO.items()
        if len(part := restarts[restarts["who"] == key])
    ]
    struck_in = restarts.groupby("run_key").size()
    traces.append(_beside(struck_in, of, shown, struck_in))
    runs, struck = asked["run_key"].nunique(), restarts["run_key"].nunique()
    said = f"{counted(restarts['machine'].nunique(), 'machine')} restarted"
    said += f" in {struck:,} of {counted(runs, 'run')}"
    said += " set to Never reboot; the others are not drawn. "
    said += _speaks_of(asked.assign(of=DEPLOYMENT), machines, computers, "took part in no such run")
    if automatic_updates is None:
        said += " Registry settings could not be read."
    title = "Restarts in runs set to Never reboot"
    return _figure(title, said + only, traces, shown, struck, "machines")


def _restarts(
    run_restarts: pd.DataFrame, asked: pd.DataFrame, automatic_updates: pd.DataFrame | None
) -> pd.DataFrame:
    """Return one row per run and machine that restarted, with who restarted it (a key of `_WHO`)."""
    rows = run_restarts.assign(run_key=run_restarts["run_id"].astype("string").str.strip().str.lower())
    rows = rows.drop(columns=["configuration", "start_time"]).merge(
        asked[["run_key", "machine", "computer", "configuration", "start_time"]], on=["run_key", "machine"]
    )
    acting: set[int] = set()
    if automatic_updates is not None:
        acting = set(automatic_updates["machine"][marked(automatic_updates["reboots"])])
    who = pd.Series("untold", index=rows.index).mask(rows["machine"].isin(acting), "policy")
    who = who.mask(marked(rows["by_user"]), "user")
    # Of a machine that restarted several times in one run, what comes first in the order of causes.
    order = {"user": 0, "policy": 1, "untold": 2}
    rows = rows.assign(who=who).sort_values("who", key=lambda reasons: reasons.map(order))
    return rows.drop_duplicates(["run_key", "machine"])


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the newest runs of these rows, the newest last: run_key, configuration, start_time."""
    runs = rows.groupby("run_key").agg(
        configuration=("configuration", "first"), start_time=("start_time", "min")
    )
    runs = runs.reset_index().sort_values(["start_time", "run_key"], kind="stable")
    return runs.tail(_MOST_RUNS).reset_index(drop=True)


def _bars(rows: pd.DataFrame, label: str, colour: str, shown: pd.DataFrame) -> Spec:
    who = {str(run): list(computers) for run, computers in rows.groupby("run_key")["computer"]}
    counts = [len(who.get(run, ())) for run in shown["run_key"]]
    notes = []
    for row, count in zip(shown.itertuples(), counts, strict=True):
        heading = f"{inert(row.configuration, 60)}<br>{moment(row.start_time)}<br>{label}: {count:,}"
        names = some(sorted(who.get(str(row.run_key), ())), 8) if label != "succeeded" else ""
        notes.append([f"{heading}<br>{names}" if names else heading])
    return {
        "type": "bar",
        "name": label,
        "marker": {"color": colour},
        "orientation": "h",
        "x": counts,
        "y": list(range(len(shown))),
        "text": [f"{count:,}" if count else "" for count in counts],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "customdata": notes,
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _beside(
    part: pd.Series[Any], of: pd.Series[Any], shown: pd.DataFrame, length: pd.Series[Any] | None = None
) -> Spec:
    """Write "12 of 254" beside each bar, which is as long as `of` unless `length` says otherwise."""
    runs = list(shown["run_key"])
    ends = of if length is None else length
    texts = [f"{int(part[run]):,} of {int(of[run]):,}" for run in runs]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [int(ends[run]) for run in runs],
        "y": list(range(len(runs))),
        "text": [text if part[run] else "" for text, run in zip(texts, runs, strict=True)],
        "textposition": "middle right",
        "cliponaxis": False,
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _figure(title: str, said: str, traces: list[Spec], shown: pd.DataFrame, number: int, unit: str) -> Figure:
    if number > len(shown):
        said += f" Only the newest {len(shown):,} of {number:,} runs are drawn."
    bars = [trace["x"] for trace in traces if trace["type"] == "bar"]
    names = [f"{inert(row.configuration, 24)} · {row.start_time:%b %d %H:%M}" for row in shown.itertuples()]
    axis = whole_axis(unit, max((sum(stack) for stack in zip(*bars, strict=True)), default=0))
    layout = {
        "barmode": "stack",
        "bargap": 0.25,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "xaxis": axis,
        "yaxis": {
            "title": {"text": "run, by its start (UTC); the newest above"},
            "tickvals": list(range(len(shown))),
            "ticktext": names,
            "range": [-0.6, len(shown) - 0.4],
            "showgrid": False,
        },
    }
    return figure(title, said, traces, layout, height=_ROW * len(shown) + _AXIS)


def _speaks_of(
    rows: pd.DataFrame, machines: pd.DataFrame | None, computers: Sequence[str], why_not: str
) -> str:
    if machines is None:
        return f"Shows {counted(rows['computer'].nunique(), 'machine')}."
    population, _ = chosen(machines, computers)
    unlogged = rows[rows["machine"] < 0]
    keys = unlogged["machine_key"]
    known = population["machine"].isin(rows["machine"]) | population["arm_key"].isin(keys)
    said = "Shows " + of_machines(int(known.sum()), len(population), why_not)
    strangers = unlogged[~keys.isin(population["arm_key"])]
    numbers = strangers.groupby("of")["machine_key"].nunique()
    for kind, where in zip(KINDS, ("in no log", "deleted since or not visible"), strict=True):
        if kind in numbers:
            said += f" {counted(int(numbers[kind]), 'machine')} more, {where}."
    return said
