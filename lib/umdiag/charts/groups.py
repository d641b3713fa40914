"""The funnel of a dynamic group: what each of its predicates keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    SERIES,
    Figure,
    Spec,
    each,
    figure,
    inert,
    moment,
)
from umdiag.words.counting import counted

_MOST_GROUPS = 10
_PREDICATES = {
    "scope": "scope",
    "location": "location",
    "operating_system": "operating system",
    "tags": "tags",
}


@dataclass(frozen=True, kw_only=True)
class _Group:
    """A dynamic group as its newest run resolved it: one row per step, in order."""

    configuration: str
    number: int
    steps: pd.DataFrame

    @property
    def head(self) -> str:
        """The line above its bars."""
        start = moment(self.steps["start_time"].iloc[0])
        return f"<b>{inert(self.configuration, 50)}</b>, group {self.number} · run of {start}"

    @property
    def share_kept(self) -> float:
        """How much of what it lets in is left after its last step."""
        came = int(self.steps["of"].iloc[0])
        return int(self.steps["kept"].iloc[-1]) / came if came else 0.0


@dataclass(frozen=True, kw_only=True)
class _Bar:
    """One step of a group: what it keeps of what came in."""

    line: int
    tick: str
    kept: int
    of: int
    note: str

    @property
    def dropped(self) -> int:
        return max(self.of - self.kept, 0)

    @property
    def end(self) -> int:
        """Where the bar ends."""
        return self.kept + self.dropped


def funnel(funnels: pd.DataFrame, machines: pd.DataFrame | None) -> Figure | None:
    """Draw, for the newest run of each dynamic group, how many machines each predicate keeps.

    `funnels`: one row per run, group and step (predicate, wanted, kept, of: what came in from the step
    before); `machines`: the population, of which a dynamic group knows only the Azure virtual machines.
    """
    if funnels.empty:
        return None
    newest = funnels[
        funnels["start_time"] == funnels.groupby(["configuration", "group"])["start_time"].transform("max")
    ]
    groups = _groups(newest)
    shown = groups[:_MOST_GROUPS]
    # Each group takes a line for its head and one for each step.
    firsts = [0, *accumulate(1 + len(group.steps) for group in shown)]
    heads = [_head(group.head, line) for group, line in zip(shown, firsts, strict=False)]
    bars = [bar for group, line in zip(shown, firsts, strict=False) for bar in _bars(group, line + 1)]
    said = f"Of {counted(int(newest['of'].max()), 'Azure virtual machine')}{_outside(machines)}."
    if len(groups) > len(shown):
        said += f" {len(groups) - len(shown):,} more groups are not drawn."
    title = "What each filter of a dynamic group keeps"
    layout = _layout(bars, heads, lines=firsts[-1])
    return figure(title, said, _traces(bars), layout, height=max(26 * firsts[-1], 90))


def _groups(newest: pd.DataFrame) -> list[_Group]:
    """Return the groups of these rows; that which loses most of what it lets in is looked for first."""
    groups = []
    for _, rows in newest.groupby(["configuration", "group"]):
        steps = rows.drop_duplicates("step").sort_values("step")
        name, number = str(steps["configuration"].iloc[0]), int(steps["group"].iloc[0])
        groups.append(_Group(configuration=name, number=number, steps=steps))
    return sorted(groups, key=lambda group: (group.share_kept, group.configuration.casefold(), group.number))


def _bars(group: _Group, first: int) -> Iterator[_Bar]:
    for line, row in enumerate(each(group.steps), first):
        predicate = _PREDICATES.get(str(row.predicate), inert(row.predicate, 20))
        yield _Bar(
            line=line,
            tick=f"{predicate}: {inert(_wanted(row), 34)}",
            kept=int(row.kept),
            of=int(row.of),
            note=f"{predicate}: {inert(row.wanted or 'any', 160)}",
        )


def _traces(bars: Sequence[_Bar]) -> list[Spec]:
    lines = [bar.line for bar in bars]
    shared: Spec = {
        "type": "bar",
        "orientation": "h",
        "y": lines,
        "customdata": [[bar.note, f"{bar.kept:,}", f"{bar.of:,}"] for bar in bars],
        "hovertemplate": "%{customdata[0]}<br>keeps %{customdata[1]} of %{customdata[2]}<extra></extra>",
        "textposition": "auto",
        "textangle": 0,
    }
    said: Spec = {
        "type": "scatter",
        "mode": "text",
        "x": [bar.end for bar in bars],
        "y": lines,
        "text": [f" {bar.kept:,} of {bar.of:,}" for bar in bars],
        "textposition": "middle right",
        "cliponaxis": False,
        "showlegend": False,
        "hoverinfo": "skip",
    }
    kept, dropped = [bar.kept for bar in bars], [bar.dropped for bar in bars]
    return [
        {**shared, "name": "kept", "marker": {"color": SERIES[0]}, "x": kept},
        {**shared, "name": "dropped", "marker": {"color": SERIES[4]}, "x": dropped},
        said,
    ]


def _layout(bars: Sequence[_Bar], heads: Sequence[Spec], lines: int) -> Spec:
    most = max((bar.end for bar in bars), default=1)
    return {
        "barmode": "stack",
        "bargap": 0.25,
        "annotations": heads,
        "xaxis": {
            "title": {"text": "machines"},
            "range": [0, max(most, 1) * 1.14],
            "tickformat": ",d",
        },
        "yaxis": {
            "range": [lines - 0.4, -0.6],
            "tickvals": [bar.line for bar in bars],
            "ticktext": [bar.tick for bar in bars],
            "showgrid": False,
        },
    }


def _outside(machines: pd.DataFrame | None) -> str:
    """Say how many machines of the population no dynamic group can see."""
    if machines is None or machines.empty:
        return ""
    ids = machines["resource_id"].astype("string").fillna("")
    outside = int((~ids.str.contains("/virtualmachines/", case=False)).sum())
    seen = f"; a dynamic group cannot see {outside:,} of {counted(len(machines), 'machine')} in the logs"
    return seen if outside else ""


def _wanted(row: Any) -> str:
    """Write what a predicate wants; of scopes, which are ARM ids, the last segments."""
    wanted = str(row.wanted or "any")
    if row.predicate != "scope":
        return wanted
    return ", ".join(scope.rstrip("/").rpartition("/")[2] for scope in wanted.split(", "))


def _head(text: str, line: int) -> Spec:
    return {
        "text": text,
        "showarrow": False,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": "y",
        "y": line,
        "yanchor": "middle",
    }
