"""What all figures share: colours with one meaning each, a small template, safe labels, one way to plotly."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute
from umdiag.words.states import STATES as STATES

if TYPE_CHECKING:
    import plotly.graph_objects as go

Figure: TypeAlias = "go.Figure"
Spec: TypeAlias = dict[str, Any]

#: Weight of an update → label, colour.
WEIGHTS: Mapping[str, tuple[str, str]] = {
    "critical": ("critical", "#8C1D40"),
    "security": ("security", "#D55E00"),
    "other": ("other", "#56B4E9"),
}
#: Series without a meaning of their own; the last two are "the rest" and "does not count".
SERIES = ("#0072B2", "#56B4E9", "#3B2E83", "#A5B4C4", "#DCE1E6")
GOOD, BAD, WARN, DULL, INK = "#009E73", "#D55E00", "#E69F00", "#8A94A0", "#1F2328"
STOPPED, NO_DATA, NOT_YET = "rgba(213,94,0,0.22)", "rgba(95,104,114,0.28)", "rgba(165,180,196,0.20)"

#: Most points of one figure (a fortnight of hours in six series); more is aggregated or cut, and it says so.
MOST_POINTS = 2050

_AXIS = {
    "gridcolor": "#E6E9ED",
    "zeroline": False,
    "automargin": True,
    "title": {"standoff": 6, "font": {"size": 12}},
}
_TEMPLATE: Spec = {
    "layout": {
        "font": {"family": "system-ui, -apple-system, 'Segoe UI', sans-serif", "size": 12, "color": INK},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "colorway": list(SERIES),
        "title": {"x": 0, "xref": "container", "yref": "container", "yanchor": "top", "font": {"size": 16}},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {"align": "left", "bgcolor": "#FFFFFF", "font": {"color": INK}},
        "modebar": {"remove": ["lasso", "select", "zoomIn", "zoomOut", "autoScale"]},
    }
}
# Heights and widths in pixels, of a font of 12 on a page of 900: plotly lets headings overlap otherwise.
_TITLE, _LINE, _LEGEND, _FOOT, _SIDE, _WIDTH = 40, 19, 20, 46, 12, 820


def figure(title: str, subtitle: str, traces: Sequence[Spec], layout: Spec, *, height: int) -> Figure:
    """Make the figure; `height` is that of the plot without its heading. Escapes `title` and `subtitle`."""
    import plotly.graph_objects as go
    import plotly.io as pio

    # Figures are stored as data, not as a page with its own 4.8 MB of script (and nbval runs).
    pio.renderers.default = "plotly_mimetype"
    lines = textwrap.wrap(" ".join(subtitle.split()), 116, break_long_words=True)
    text = (
        f"<span style='font-size:12px;color:#57606A'>{'<br>'.join(inert(line, 200) for line in lines)}</span>"
    )
    heading = _TITLE + _LINE * len(lines)
    names = [
        str(drawn["name"])
        for drawn in (*traces, *layout.get("shapes", ()))
        if drawn.get("showlegend", "name" in drawn)
    ]
    rows = ceil(len(names) / max(_WIDTH // (max(map(len, names), default=0) * 7 + 45), 1))
    top = heading + _LEGEND * rows + 8
    whole = height + top + _FOOT
    shared = {
        "template": _TEMPLATE,
        "title": {"text": f"{inert(title, 110)}<br>{text}", "pad": {"l": _SIDE}, "y": 1 - 20 / whole},
        "margin": {"t": top, "l": _SIDE, "r": 24, "b": _FOOT},
        "height": whole,
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "xref": "container",
            "x": 0.01,
            "yref": "container",
            "y": 1 - heading / whole,
            "yanchor": "top",
        },
    }
    return go.Figure({"data": list(traces), "layout": shared | layout})


def inert(text: object, limit: int = 40) -> str:
    """Write a value from rows so that plotly draws it as it stands: no tags, entities or TeX."""
    shown = "".join(
        " " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs") else char for char in _word(text)
    )
    shown = " ".join(shown.split()) or "(no name)"
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("$", "&#36;")):
        shown = shown.replace(char, entity)
    return shown


def each(rows: pd.DataFrame) -> Iterator[Any]:
    """Go through rows one by one; for the few that a figure draws."""
    return iter(rows.itertuples())


def chosen(rows: pd.DataFrame, computers: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Keep the rows of the parameter `computers` (all where it is empty), with a sentence that says so."""
    wanted = {name.strip().casefold() for name in computers}
    if not wanted:
        return rows, ""
    names = rows["computer"].astype("string").fillna("").str.strip().str.casefold()
    return rows[names.isin(wanted)], f" Only the parameter computers ({counted(len(wanted), 'name')})."


def some(names: Iterable[object], most: int = 8, limit: int = 40) -> str:
    """List the first `most` names, one a line, and say how many are left out."""
    every = list(names)
    lines = [inert(name, limit) for name in every[:most]]
    if len(every) > most:
        lines.append(f"… and {len(every) - most:,} more")
    return "<br>".join(lines)


def moments(times: Iterable[Any]) -> list[str]:
    """Write times as plotly reads them: UTC, without a zone."""
    return [time.strftime("%Y-%m-%d %H:%M:%S") for time in times]


def moment(time: Any) -> str:
    """Write one time for a reader."""
    return "unknown" if pd.isna(time) else to_the_minute(time)


def utc_axis(asked_at: datetime, lookback: timedelta, **more: Any) -> Spec:
    """Make the time axis of the window."""
    edge = lookback * 0.01
    start, end = moments((asked_at - lookback - edge, asked_at + edge))
    return {
        "type": "date",
        "range": [start, end],
        "title": {"text": "UTC", "standoff": 4},
        "hoverformat": "%Y-%m-%d %H:%M",
        "tickformatstops": [
            {"dtickrange": [None, 86_399_999], "value": "%H:%M\n%b %-d"},
            {"dtickrange": [86_400_000, None], "value": "%b %-d\n%Y"},
        ],
        **more,
    }


def band(start: Any, end: Any, colour: str, axis: str = "", name: str = "", *, first: bool = False) -> Spec:
    """Shade a span of time behind one panel; `first` puts `name` into the legend."""
    left, right = moments((start, end))
    return {
        "type": "rect",
        "layer": "below",
        "xref": f"x{axis}",
        "yref": f"y{axis} domain",
        "x0": left,
        "x1": right,
        "y0": 0,
        "y1": 1,
        "line": {"width": 0},
        "fillcolor": colour,
        "name": name,
        "legendgroup": name,
        "showlegend": first,
    }


def whole_axis(title: str, most: int) -> Spec:
    """Make an axis of whole numbers up to `most`; small ones get no ticks between them."""
    steps = {"dtick": 1} if most <= 6 else {}
    return {"title": {"text": title}, "rangemode": "tozero", "tickformat": ",d", **steps}


def spans(hours: Sequence[pd.Timestamp], least: int) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Join hours that follow one another into spans of `least` hours or more."""
    joined: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    step = pd.Timedelta(hours=1)
    for hour in sorted(hours):
        if joined and joined[-1][1] == hour:
            joined[-1] = (joined[-1][0], hour + step)
        else:
            joined.append((hour, hour + step))
    return [(start, end) for start, end in joined if end - start >= least * step]


def utc_hours(asked_at: datetime, lookback: timedelta) -> pd.DatetimeIndex:
    """Return the whole clock hours of the window; the first and last, being cut, would look like a fall."""
    start = pd.Timestamp(asked_at - lookback).ceil("h")
    end = pd.Timestamp(asked_at).floor("h")
    return pd.date_range(start, end, freq="h", inclusive="left")


def labels_of(workspaces: pd.DataFrame | None, ids: Iterable[str]) -> dict[str, str]:
    """Name workspaces: their names, with a piece of the id where a name is missing or stands twice."""
    names = (
        {} if workspaces is None else dict(zip(workspaces["workspace_id"], workspaces["name"], strict=True))
    )
    every = [str(names.get(id_) or "").strip() for id_ in ids]
    named = {}
    for id_, name in zip(ids, every, strict=True):
        short = str(id_)[:8] or "(no id)"
        named[id_] = f"{name} ({short})" if name and every.count(name) > 1 else name or f"workspace {short}"
    return named


def marked(column: pd.Series[Any]) -> pd.Series[bool]:
    """Return where a boolean column is true; null is not true."""
    return column.astype("boolean").fillna(False).astype(bool)


def of_machines(known: int, total: int, why_not: str) -> str:
    """Say of how many machines a figure speaks, and why not of the rest."""
    rest = total - known
    said = f"{known:,} of {counted(total, 'machine')}"
    return said + (f"; {rest:,} {why_not}." if rest else ".")


def _word(value: object) -> str:
    return "" if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)) else str(value)
