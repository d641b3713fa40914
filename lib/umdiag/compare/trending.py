"""Counts of many reports: machines by state, findings by severity, what there was to fix."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from umdiag.charts import trends
from umdiag.compare.reading import ReadReport, read_report
from umdiag.errors import CallError
from umdiag.report.figures import Charts
from umdiag.report.folder import is_report
from umdiag.report.single import with_charts
from umdiag.report.templates import render
from umdiag.show.findings import sentence
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute, write_moment
from umdiag.words.shortening import harmless_json
from umdiag.words.states import STATES

SCHEMA = "umdiag/trend/1"
SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Counts of reports, one row each, the oldest first; the index is what each was asked at.

    `states`: machines, one column per state. `severities`: findings that are not accepted, one column per
    severity. `incidents`: findings of each thing to fix, one column per (scenario, cause).
    """

    states: pd.DataFrame
    severities: pd.DataFrame
    incidents: pd.DataFrame


def reports_in(folders: Iterable[Path]) -> list[ReadReport]:
    """Read the reports that are named, or that lie in the folders that are named, the oldest first.

    Raises CallError for a folder that is none and holds none.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        inside = sorted(path for path in folder.glob("*") if is_report(path)) if folder.is_dir() else []
        if not is_report(folder) and not inside:
            raise CallError(f"{folder}: is not a report and holds none, name folders of reports")
        found |= dict.fromkeys([folder] if is_report(folder) else inside)
    return sorted(map(read_report, found), key=lambda report: report.asked_at)


def trend(reports: Sequence[ReadReport]) -> Trend:
    """Count what each report found."""
    index = pd.DatetimeIndex([report.asked_at for report in reports])
    counted_findings = [
        report.findings[report.findings["counts"] | (report.findings["severity"] == "info")]
        for report in reports
    ]
    return Trend(
        states=_counts((report.machines["state"] for report in reports), index, list(STATES)),
        severities=_counts((rows["severity"] for rows in counted_findings), index, list(SEVERITIES)),
        incidents=_incidents(reports, index),
    )


def as_text(told: Trend) -> str:
    """Write the counts for a terminal: a line a report."""
    states = [state for state in told.states if told.states[state].any()]
    severities = [severity for severity in told.severities if told.severities[severity].any()]
    heads = ["asked at (UTC)", *(STATES[state][0] for state in states), *severities, "to fix"]
    lines = [
        [
            f"{time:%Y-%m-%d %H:%M}",
            *(f"{told.states[state].iloc[place]:,}" for state in states),
            *(f"{told.severities[severity].iloc[place]:,}" for severity in severities),
            f"{int((told.incidents.iloc[place] > 0).sum()):,}",
        ]
        for place, time in enumerate(told.states.index)
    ]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    return (
        "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
            for line in [heads, *lines]
        )
        + "\n"
    )


def as_json(told: Trend) -> str:
    """Write the counts for programs."""
    reports = [
        {
            "asked_at": write_moment(time),
            "states": {name: int(number) for name, number in told.states.iloc[place].items()},
            "severities": {name: int(number) for name, number in told.severities.iloc[place].items()},
            "incidents": [
                {"scenario": scenario, "cause": cause, "findings": int(number)}
                for (scenario, cause), number in told.incidents.iloc[place].items()
                if number
            ],
        }
        for place, time in enumerate(told.states.index)
    ]
    return (
        harmless_json(json.dumps({"schema": SCHEMA, "reports": reports}, indent=1, ensure_ascii=False)) + "\n"
    )


def as_html(told: Trend) -> str:
    """Draw the counts on one page that loads nothing."""
    named = told.incidents.set_axis([sentence(*key) for key in told.incidents.columns], axis="columns")
    drawn = (
        trends.severities_over_time(told.severities),
        trends.states_over_time(told.states),
        trends.incidents_over_time(named.T.groupby(level=0).sum().T),
    )
    places = Charts()
    first, last = told.states.index[0], told.states.index[-1]
    figures = [places.draw(figure.to_plotly_json(), "trend") for figure in drawn if figure is not None]
    return render(
        "trend.html",
        title="Trend",
        scope=f"{to_the_minute(first)} to {to_the_minute(last)}",
        pages=(),
        scripts=True,
        single=with_charts(),
        answer=f"{counted(len(told.states), 'report')} beside each other",
        figures=figures,
        templates=places.templates,
    )


def _counts(values: Iterable[pd.Series[str]], index: pd.DatetimeIndex, columns: list[str]) -> pd.DataFrame:
    rows = [Counter(column) for column in values]
    frame = pd.DataFrame([[row[name] for name in columns] for row in rows], columns=columns, index=index)
    return frame.astype("int64")


def _incidents(reports: Sequence[ReadReport], index: pd.DatetimeIndex) -> pd.DataFrame:
    rows = [
        {
            (incident["scenario"], incident["cause"]): incident["roots"] + incident["explains"]
            for incident in report.incidents
        }
        for report in reports
    ]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    frame = pd.DataFrame([[row.get(key, 0) for key in keys] for row in rows], index=index)
    return frame.set_axis(pd.Index(keys, tupleize_cols=False), axis="columns") if keys else frame
