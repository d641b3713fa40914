"""Stacked bars of counts: what the figures of machines have in common."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.charts.canvas import Spec


def bar(name: str, colour: str, numbers: list[int], notes: list[Any], hover: str) -> Spec:
    """Make a bar of a stack, each of its numbers written inside."""
    return {
        "type": "bar",
        "name": name,
        "marker": {"color": colour},
        "text": [f"{number:,}" if number else "" for number in numbers],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "customdata": notes,
        "hovertemplate": hover,
    }


def places(title: str, names: list[str]) -> Spec:
    """Make an axis of named places."""
    return {
        "title": {"text": title},
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "showgrid": False,
    }


def text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column as plain text, "" for null."""
    return column.astype("string").fillna("").str.strip().astype(object)
