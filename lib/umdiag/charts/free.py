"""The rows of a free question as a picture: over time where they have times, else by name."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.charts.canvas import MOST_POINTS, SERIES, Figure, Spec, figure, inert, moments
from umdiag.words.counting import counted

_MOST_SERIES, _MOST_BARS = 5, 30


def free(rows: pd.DataFrame) -> Figure | None:
    """Draw the first columns that fit: numbers over times, a line for each name; else numbers by name.

    None where there is no column of numbers, or nothing that it could be drawn by.
    """
    times = [name for name in rows.columns if pd.api.types.is_datetime64_any_dtype(rows[name])]
    numbers = [name for name in rows.columns if _is_number(rows[name])]
    names = [name for name in rows.columns if name not in (*times, *numbers)]
    if rows.empty or not numbers or not (times or names):
        return None
    if times:
        return _over_time(rows, times[0], numbers, names)
    return _by_name(rows, names[0], numbers[0])


def _is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _over_time(rows: pd.DataFrame, time: Any, numbers: list[Any], names: list[Any]) -> Figure:
    ordered = rows.dropna(subset=[time]).sort_values(time)
    if names:
        labels = ordered[names[0]].astype("str")
        totals = ordered[numbers[0]].groupby(labels).sum().sort_values(ascending=False)
        parts = [(name, ordered[labels == name], numbers[0]) for name in totals.index[:_MOST_SERIES]]
        said, left = f"{numbers[0]} by {names[0]}", len(totals) - len(parts)
    else:
        parts = [(str(column), ordered, column) for column in numbers[:_MOST_SERIES]]
        said, left = ", ".join(map(str, numbers[:_MOST_SERIES])), len(numbers) - len(parts)
    most = MOST_POINTS // max(len(parts), 1)
    traces = [
        _line(name, part.tail(most), time, column, SERIES[place % len(SERIES)])
        for place, (name, part, column) in enumerate(parts)
    ]
    cut = any(len(part) > most for _, part, _ in parts)
    note = f" The newest {most:,} points of each." if cut else ""
    rest = f" {left:,} more not drawn." if left > 0 else ""
    layout = {
        "xaxis": {"type": "date", "title": {"text": "UTC"}},
        "yaxis": {"title": {"text": inert(numbers[0])}, "rangemode": "tozero"},
        "hovermode": "x unified",
        "showlegend": True,
    }
    return figure(said, f"{counted(len(rows), 'row')}.{note}{rest}", traces, layout, height=320)


def _line(name: str, part: pd.DataFrame, time: Any, column: Any, colour: str) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(part) < 60 else "lines",
        "name": inert(name),
        "x": moments(part[time]),
        "y": [None if pd.isna(value) else float(value) for value in part[column]],
        "line": {"color": colour},
    }


def _by_name(rows: pd.DataFrame, name: Any, number: Any) -> Figure:
    totals = rows[number].groupby(rows[name].astype("str")).sum().sort_values(ascending=False)
    shown = totals.head(_MOST_BARS)[::-1]
    left = len(totals) - len(shown)
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [float(value) for value in shown],
        "y": [inert(label) for label in shown.index],
        "marker": {"color": SERIES[0]},
    }
    rest = f" The largest {len(shown):,}, {left:,} more not drawn." if left > 0 else ""
    layout = {"xaxis": {"title": {"text": inert(number)}}, "yaxis": {"type": "category"}}
    height = 60 + 22 * len(shown)
    return figure(
        f"{number} by {name}", f"{counted(len(rows), 'row')}.{rest}", [trace], layout, height=height
    )
