"""Numbers of many reports, one point a report."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from umdiag.charts.canvas import (
    DULL,
    SERIES,
    STATES,
    Figure,
    Spec,
    figure,
    inert,
    moment,
    moments,
    whole_axis,
)
from umdiag.words.counting import counted

#: Severity → colour, as badges have it.
_SEVERITIES: Mapping[str, str] = {
    "critical": "#8C1D40",
    "high": "#D55E00",
    "medium": "#E69F00",
    "low": "#0072B2",
    "info": DULL,
}
_MOST_INCIDENTS = 8
#: Colours come again with another kind of line.
_DASHES = ("solid", "dash", "dot")
_HEIGHT = 260


def states_over_time(machines: pd.DataFrame) -> Figure | None:
    """Draw machines by state: one column per state, one row per report, its time the index."""
    order = [state for state in STATES if state in machines and machines[state].any()]
    lines = [_line(machines[state], *STATES[state]) for state in order]
    return _figure("Machines by state", "machines", lines, machines)


def severities_over_time(findings: pd.DataFrame) -> Figure | None:
    """Draw findings that are not accepted by severity: one column per severity, one row per report."""
    order = [severity for severity in _SEVERITIES if severity in findings and findings[severity].any()]
    lines = [_line(findings[severity], severity, _SEVERITIES[severity]) for severity in order]
    return _figure("Findings by severity", "findings", lines, findings)


def incidents_over_time(incidents: pd.DataFrame) -> Figure | None:
    """Draw what there was to fix: one column per thing (its sentence), its findings; one row per report.

    Of many the largest are drawn.
    """
    largest = incidents.max().sort_values(ascending=False, kind="stable").index[:_MOST_INCIDENTS]
    lines = [
        _line(
            incidents[name], inert(name, 70), SERIES[place % len(SERIES)], dash=_DASHES[place // len(SERIES)]
        )
        for place, name in enumerate(largest)
    ]
    left = len(incidents.columns) - len(largest)
    more = f" {counted(left, 'smaller thing')} not drawn." if left > 0 else ""
    return _figure("Things to fix, and the findings that belong to each", "findings", lines, incidents, more)


def _line(numbers: pd.Series[int], name: str, colour: str, dash: str = "solid") -> Spec:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "line": {"color": colour, "dash": dash},
        "x": moments(numbers.index),
        "y": [int(number) for number in numbers],
        "customdata": [[f"{moment(time)}<br>{name}: {int(number):,}"] for time, number in numbers.items()],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _figure(title: str, unit: str, lines: list[Spec], rows: pd.DataFrame, more: str = "") -> Figure | None:
    if not lines:
        return None
    said = f"{counted(len(rows), 'report')}, {moment(rows.index[0])} to {moment(rows.index[-1])}.{more}"
    most = max(max(line["y"]) for line in lines)
    axis = {"type": "date", "title": {"text": "UTC"}, "hoverformat": "%Y-%m-%d %H:%M", "nticks": 8}
    return figure(title, said, lines, {"xaxis": axis, "yaxis": whole_axis(unit, most)}, height=_HEIGHT)
