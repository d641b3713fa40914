"""Charts on a page: the data beside the place where the page's script draws it, and as a table for who
cannot see the picture.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from markupsafe import Markup

from umdiag.show.markup import in_script

_TAG = re.compile(r"<[^>]*>")
_MOST_ROWS = 300
_HEADS = ("Series", "Across", "Up")


class Charts:
    """The charts of one page: numbered in order, their templates kept once."""

    def __init__(self) -> None:
        self.templates: list[Markup] = []
        self.count = 0

    def draw(self, figure: Mapping[str, Any], name: str) -> Markup:
        """Return the place of a chart with its data beside it."""
        layout = dict(figure.get("layout", {}))
        content: dict[str, Any] = {"data": figure.get("data", [])}
        if template := layout.pop("template", None):
            text = as_script(template)
            if text not in self.templates:
                self.templates.append(text)
            content["template"] = self.templates.index(text)
        content["layout"] = layout
        number, self.count = self.count, self.count + 1
        title = _title(layout)
        return Markup(
            '<figure class="chart" aria-label="{title}">\n'
            '<div data-figure="{number}" data-name="{name}" style="height:{height}px"></div>\n'
            '<script type="application/json" id="figure-{number}">{content}</script>\n'
            "<noscript><p>This chart is drawn by a script: {title}</p></noscript>\n{table}</figure>"
        ).format(
            title=title,
            number=number,
            name=f"{name}-{number + 1}",
            height=int(layout.get("height") or 450),
            content=as_script(content),
            table=_table(content["data"]),
        )


def as_script(content: object) -> Markup:
    """Write a value as JSON that can be within a script element, keys in order."""
    return in_script(json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True))


def _table(traces: Sequence[Mapping[str, Any]]) -> Markup:
    """Write the points of a chart as a table that is folded away."""
    rows = list(_points(traces))
    if not rows:
        return Markup("")
    cell, head = Markup("<td>{}</td>"), Markup('<th scope="col">{}</th>')
    # A column in which nothing stands says nothing.
    places = [place for place in range(len(_HEADS)) if any(row[place] for row in rows)]
    lines = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(cell.format(row[place]) for place in places))
        for row in rows[:_MOST_ROWS]
    )
    more = len(rows) - _MOST_ROWS
    return Markup(
        '<details class="data"><summary>The data as a table</summary><div class="wide" tabindex="0">'
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}</details>"
    ).format(
        Markup("").join(head.format(_HEADS[place]) for place in places),
        lines,
        Markup("<p>{:,} more points are in the chart.</p>").format(more) if more > 0 else "",
    )


def _points(traces: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for trace in traces:
        name = _plain(trace.get("name"))
        if "z" in trace:
            across, up = _values(trace.get("x")), _values(trace.get("y"))
            for label, row in zip(up, trace["z"], strict=False):
                for place, value in zip(across, _values(row), strict=False):
                    if value is not None:
                        yield _plain(label), _plain(place), _plain(value)
            continue
        across = _values(trace.get("x") if trace.get("x") is not None else trace.get("labels"))
        up = _values(trace.get("y") if trace.get("y") is not None else trace.get("values"))
        for x, y in zip_longest(across, up):
            if x is not None or y is not None:
                yield name, _plain(x), _plain(y)


def _values(given: Any) -> Sequence[Any]:
    """Read a list of a figure; plotly packs numbers."""
    if isinstance(given, Mapping) and "bdata" in given:
        packed = np.frombuffer(base64.b64decode(given["bdata"]), dtype=np.dtype(given["dtype"]))
        return [None if value != value else value for value in packed.tolist()]
    return given if isinstance(given, (list, tuple)) else []


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return " / ".join(map(_plain, value))
    if isinstance(value, float):
        return f"{value:,.6g}"
    return html.unescape(_TAG.sub(" ", str(value))).strip()


def _title(layout: Mapping[str, Any]) -> str:
    title = layout.get("title") or {}
    text = title.get("text", "") if isinstance(title, Mapping) else str(title)
    return " ".join(html.unescape(_TAG.sub(" ", text)).split()) or "Chart"
