"""Jobs of an Automation account that run at the same time, against how many it may have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    INK,
    SERIES,
    Figure,
    Spec,
    chosen,
    figure,
    inert,
    moment,
    moments,
    of_machines,
    some,
    utc_axis,
)
from umdiag.words.counting import counted

_MOST_ACCOUNTS = 3
_MOST_STEPS = 1600
_MOST_MARKS = 300
_WIDTHS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 720, 1440)


def jobs_at_once(
    open_jobs: pd.DataFrame,
    machine_run_outcomes: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    job_limit: int,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw how many jobs were open at the same time, the limit, and when machine runs failed to start.

    `open_jobs`: one row per account and minute of a change (most, left); `machine_run_outcomes`: one row
    per machine run (status, start_time, machine, computer, configuration); `machines`: the population.
    """
    start, end = pd.Timestamp(asked_at - lookback), pd.Timestamp(asked_at)
    peaks = open_jobs.groupby("account")["most"].max().sort_values(ascending=False)
    shown = [str(account) for account in peaks.index[:_MOST_ACCOUNTS]]
    width = _width(lookback, max(len(shown), 1))
    lines = _lines(open_jobs, shown, start, end, width)
    if not lines:
        return None
    traces = [
        _steps(line, end, _name(account) if len(lines) > 1 else "jobs at the same time", SERIES[place])
        for place, (account, line) in enumerate(lines.items())
    ]
    traces.append(_limit(job_limit, start, end))
    highest = pd.concat(list(lines.values()), axis=1).max(axis=1)
    said = _said(highest, width, job_limit)
    if len(peaks) > len(shown):
        said += f" Only the {len(shown):,} busiest of {len(peaks):,} Automation accounts are drawn."
    if machine_run_outcomes is None:
        said += " Machine runs could not be seen."
    else:
        outcomes, only = chosen(machine_run_outcomes, computers)
        traces += _failures(outcomes, highest, width)
        said += _failures_said(outcomes, machines, computers) + only
    layout = {
        "hovermode": "closest",
        "xaxis": utc_axis(asked_at, lookback),
        "yaxis": {"title": {"text": "open jobs"}, "rangemode": "tozero", "tickformat": ",d"},
    }
    return figure("Jobs at the same time, against the limit", said, traces, layout, height=260)


def _said(highest: pd.Series[Any], width: int, job_limit: int) -> str:
    most = f"At most {counted(int(highest.max()), 'job')} at once, around {moment(highest.idxmax())}"
    step = f" Each step is the maximum of {counted(width, 'minute')}." if width > 1 else ""
    return f"{most}; the limit is {job_limit:,}.{step}"


def _limit(job_limit: int, start: pd.Timestamp, end: pd.Timestamp) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"limit: {job_limit:,}",
        "x": moments((start, end)),
        "y": [job_limit, job_limit],
        "line": {"color": INK, "dash": "dash", "width": 1.5},
        "hoverinfo": "skip",
    }


def _lines(
    open_jobs: pd.DataFrame, accounts: Sequence[str], start: pd.Timestamp, end: pd.Timestamp, width: int
) -> dict[str, pd.Series[Any]]:
    """Return the line of each account that had a job at all."""
    jobs = {account: open_jobs[open_jobs["account"] == account] for account in accounts}
    lines = {account: _line(rows, start, end, width) for account, rows in jobs.items()}
    return {account: line for account, line in lines.items() if line.max() > 0}


def _width(lookback: timedelta, accounts: int) -> int:
    """Return the minutes that one step stands for."""
    minutes = lookback / timedelta(minutes=1)
    return next((width for width in _WIDTHS if minutes / width * accounts <= _MOST_STEPS), _WIDTHS[-1])


def _line(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, width: int) -> pd.Series[Any]:
    """Return the most jobs that were open at one moment of each step."""
    places = pd.date_range(start.floor(f"{width}min"), end, freq=f"{width}min")
    rows = rows.sort_values("minute")
    left = rows.set_index("minute")["left"].groupby(level=0).last()
    before = left.reindex(places - pd.Timedelta(microseconds=1), method="ffill").fillna(0).set_axis(places)
    within = rows.groupby(rows["minute"].dt.floor(f"{width}min"))["most"].max().reindex(places).fillna(0)
    return pd.concat([before, within], axis=1).max(axis=1).astype(int)


def _steps(line: pd.Series[Any], end: pd.Timestamp, name: str, colour: str) -> Spec:
    line = line[(line != line.shift()) | (line.index == line.index[-1])]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": moments([*line.index, end]),
        "y": [*(int(number) for number in line), int(line.iloc[-1])],
        "line": {"color": colour, "width": 1.5, "shape": "hv"},
        "hovertemplate": "%{x} UTC<br>%{y:,} jobs<extra></extra>",
    }


def _failures(rows: pd.DataFrame, highest: pd.Series[Any], width: int) -> list[Spec]:
    failed = rows[(rows["status"] == "failedtostart") & rows["start_time"].notna()]
    if failed.empty:
        return []
    step = failed["start_time"].dt.floor(f"{width}min")
    groups = list(failed.groupby(step))[-_MOST_MARKS:]
    notes = []
    for moment_of, failures in groups:
        names = some(failures["computer"], 8)
        runs = some(failures["configuration"].drop_duplicates(), 3)
        notes.append([f"{moment(moment_of)}<br>{len(failures):,} failed to start<br>{runs}<br>{names}"])
    counts = [len(failures) for _, failures in groups]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "machine runs that failed to start",
            "x": moments(moment_of for moment_of, _ in groups),
            "y": [int(highest.get(moment_of, 0)) for moment_of, _ in groups],
            "marker": {
                "color": BAD,
                "symbol": "x",
                "opacity": 1,
                "size": [round(8 + 8 * (count / max(counts)) ** 0.5) for count in counts],
            },
            "customdata": notes,
            "hovertemplate": "%{customdata[0]}<extra></extra>",
            "cliponaxis": False,
        }
    ]


def _failures_said(rows: pd.DataFrame, machines: pd.DataFrame | None, computers: Sequence[str]) -> str:
    failed = rows[rows["status"] == "failedtostart"]
    said = f" {counted(len(failed), 'machine run')} failed to start,"
    said += f" on {counted(failed['machine_key'].nunique(), 'machine')}."
    if machines is not None:
        population, _ = chosen(machines, computers)
        known = int(population["machine"].isin(rows["machine"]).sum())
        said += " Shows " + of_machines(known, len(population), "took part in no run")
    return said


def _name(account: str) -> str:
    return inert(account.rstrip("/").rpartition("/")[2] or "Automation account", 30)
