"""Rows of panels on one time axis, one per workspace."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.charts.canvas import Spec, band, utc_axis

Span = tuple[pd.Timestamp, pd.Timestamp]


class Panels:
    """The panels of one figure, filled step by step: `axes` for traces, `shade` for spans, `layout` at last.

    `heads` are the headings, already safe to draw; `split` is the share of a panel that its lower half
    takes, 0 for none. `height` is what the figure needs.
    """

    def __init__(
        self, heads: list[str], asked_at: datetime, lookback: timedelta, *, split: float = 0, panel: int
    ) -> None:
        self.heads, self.split = heads, split
        self.asked_at, self.lookback = asked_at, lookback
        self.height = panel * len(heads)
        self.shapes: list[Spec] = []
        self.named: set[str] = set()

    def axes(self, place: int, *, upper: bool = True) -> dict[str, str]:
        """Return the axes of a trace in the panel at `place`, counted from the top."""
        number = self._number(place, upper)
        return {"xaxis": f"x{number}", "yaxis": f"y{number}"}

    def shade(self, found: list[Span], colour: str, name: str, place: int) -> None:
        """Shade spans of time in one panel; the first of a name puts it into the legend."""
        start = pd.Timestamp(self.asked_at - self.lookback)
        for begin, end in found:
            if end > start:
                for upper in (True, False) if self.split else (True,):
                    axis = self._number(place, upper)
                    first = name not in self.named
                    self.shapes.append(band(max(begin, start), end, colour, axis, name, first=first))
                    self.named.add(name)

    def layout(self, upper_title: str, lower_title: str = "") -> Spec:
        """Return axes, headings and shades."""
        made: Spec = {"barmode": "stack", "bargap": 0, "shapes": self.shapes, "annotations": []}
        share, head, gap = 1 / len(self.heads), 26 / self.height, 14 / self.height
        for place, text in enumerate(self.heads):
            last = place == len(self.heads) - 1
            top = 1 - place * share - head
            bottom = max(1 - (place + 1) * share + (0 if last else gap), 0)
            middle = bottom + (top - bottom) * self.split
            made["annotations"].append(_heading(text, top))
            if self.split:
                self._add(made, self._number(place, False), (bottom, middle), lower_title, ticks=last)
                self._add(made, self._number(place, True), (middle + gap, top), upper_title, ticks=False)
            else:
                self._add(made, self._number(place, True), (bottom, top), upper_title, ticks=last)
        return made

    def _add(self, made: Spec, number: str, domain: tuple[float, float], title: str, *, ticks: bool) -> None:
        more: Spec = {"anchor": f"y{number}", "showticklabels": ticks}
        if number:
            more["matches"] = "x"
        if not ticks:
            more["title"] = {"text": ""}
        made[f"xaxis{number}"] = utc_axis(self.asked_at, self.lookback, **more)
        made[f"yaxis{number}"] = {
            "domain": list(domain),
            "anchor": f"x{number}",
            "title": {"text": title},
            "rangemode": "tozero",
            "nticks": 4,
        }

    def _number(self, place: int, upper: bool) -> str:
        number = place * (2 if self.split else 1) + (0 if upper else 1) + 1
        return "" if number == 1 else str(number)


def _heading(text: str, height: float) -> Spec:
    paper = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "x": 0, "y": height, **paper}
