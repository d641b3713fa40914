"""The funnel of a dynamic group or scope: what each of its predicates keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

import pandas as pd

from umdiag.charts.both_services import GROUP, SCOPE, funnels_of_both
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
#: Ids of machines that a group can see, and of those that a scope can.
_VIRTUAL, _RESOURCE = "/virtualmachines/", "/virtualmachines/|/microsoft.hybridcompute/machines/"
_PREDICATES = {
    "scope": "scope",
    "resource_group": "resource group",
    "resource_type": "resource type",
    "location": "location",
    "operating_system": "operating system",
    "tags": "tags",
}


@dataclass(frozen=True, kw_only=True)
class _Group:
    """A dynamic group as its newest run resolved it, or a dynamic scope as it is now: one row per step, in
    order; `when` says which.
    """

    kind: str
    configuration: str
    number: int
    steps: pd.DataFrame
    when: str

    @property
    def head(self) -> str:
        """The line above its bars."""
        return f"<b>{inert(self.configuration, 50)}</b>, {self.kind} {self.number} · {self.when}"

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


def funnel(
    funnels: pd.DataFrame | None,
    scope_funnels: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    population: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> Figure | None:
    """Draw how many machines each predicate keeps, of each dynamic group in its newest run and of each
    dynamic scope as machines are now.

    `funnels`: one row per run, group and step (predicate, wanted, kept, of: what came in from the step
    before); `scope_funnels`: the same of the scopes of schedules in force, with their next start (that of
    `asked_at` where none is known); `machines`: those of the logs, of which a dynamic group knows only the
    Azure virtual machines; `population`: one row per machine.
    """
    drawn = funnels_of_both(funnels, scope_funnels)
    if drawn.empty:
        return None
    groups = _groups(drawn, asked_at)
    shown = groups[:_MOST_GROUPS]
    # Each group takes a line for its head and one for each step.
    firsts = [0, *accumulate(1 + len(group.steps) for group in shown)]
    heads = [_head(group.head, line) for group, line in zip(shown, firsts, strict=False)]
    bars = [bar for group, line in zip(shown, firsts, strict=False) for bar in _bars(group, line + 1)]
    kinds = [kind for kind in (GROUP, SCOPE) if kind in set(drawn["kind"])]
    said = _said(drawn, kinds, machines, population)
    if len(groups) > len(shown):
        said += (
            f" {len(groups) - len(shown):,} more {' or '.join(f'{kind}s' for kind in kinds)} are not drawn."
        )
    title = f"What each filter of a dynamic {' or '.join(kinds)} keeps"
    layout = _layout(bars, heads, lines=firsts[-1])
    return figure(title, said, _traces(bars), layout, height=max(26 * firsts[-1], 90))


def _groups(drawn: pd.DataFrame, asked_at: datetime) -> list[_Group]:
    """Return the groups of these rows; that which loses most of what it lets in is looked for first."""
    groups = []
    for (kind, _, number), rows in drawn.groupby(["kind", "line", "group"]):
        steps = rows.drop_duplicates("step").sort_values("step")
        name, start = str(steps["configuration"].iloc[0]), steps["start_time"].iloc[0]
        when = f"run of {moment(start)}" if kind == GROUP else _next_start(start, asked_at)
        groups.append(_Group(kind=kind, configuration=name, number=int(number), steps=steps, when=when))
    return sorted(groups, key=lambda group: (group.share_kept, group.configuration.casefold(), group.number))


def _next_start(start: Any, asked_at: datetime) -> str:
    return f"next run {moment(start)}" if start > pd.Timestamp(asked_at) else "no next run is known"


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


def _said(
    drawn: pd.DataFrame,
    kinds: Sequence[str],
    machines: pd.DataFrame | None,
    population: pd.DataFrame | None,
) -> str:
    """Say from how many machines each kind selects, and how many it cannot see."""
    most = drawn.groupby("kind")["of"].max().astype(int)
    parts = []
    for kind in kinds:
        start = "Of" if len(kinds) == 1 else f"{kind.capitalize()}s: of"
        if kind == GROUP:
            seen = counted(most[kind], "Azure virtual machine")
            outside = _outside(machines, _VIRTUAL, kind, " in the logs")
        else:
            seen = counted(most[kind], "machine in Azure", "machines in Azure")
            outside = _outside(population, _RESOURCE, kind, "")
        parts.append(f"{start} {seen}{outside}.")
    return " ".join(parts)


def _outside(known: pd.DataFrame | None, seen: str, kind: str, where: str) -> str:
    """Say how many of these machines a group or scope cannot see: their ids do not match `seen`."""
    if known is None or known.empty:
        return ""
    ids = known["resource_id"].astype("string").fillna("")
    outside = int((~ids.str.contains(seen, case=False, regex=True)).sum())
    said = f"; a dynamic {kind} cannot see {outside:,} of {counted(len(known), 'machine')}{where}"
    return said if outside else ""


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
