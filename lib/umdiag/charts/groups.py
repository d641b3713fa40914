"""The funnel of a dynamic group: what each of its predicates keeps."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    SERIES,
    Figure,
    Spec,
    counted,
    each,
    figure,
    inert,
    moment,
)

_MOST_GROUPS = 10
_PREDICATES = {
    "scope": "scope",
    "location": "location",
    "operating_system": "operating system",
    "tags": "tags",
}


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
    groups: list[tuple[str, int, pd.DataFrame]] = []
    for _, rows in newest.groupby(["configuration", "group"]):
        once = rows.drop_duplicates("step").sort_values("step")
        groups.append((str(once["configuration"].iloc[0]), int(once["group"].iloc[0]), once))
    # The group that loses most, measured by what it lets in, is the one a reader looks for.
    groups.sort(key=lambda group: (_share_kept(group[2]), group[0].casefold(), group[1]))
    cut = max(len(groups) - _MOST_GROUPS, 0)
    places: list[int] = []
    ticks: list[str] = []
    heads: list[Spec] = []
    kept: list[int] = []
    dropped: list[int] = []
    notes: list[list[str]] = []
    line = 0
    for configuration, group, rows in groups[:_MOST_GROUPS]:
        start = moment(rows["start_time"].iloc[0])
        heads.append(_head(f"<b>{inert(configuration, 50)}</b>, group {group} · run of {start}", line))
        line += 1
        for row in each(rows):
            predicate = _PREDICATES.get(str(row.predicate), inert(row.predicate, 20))
            places.append(line)
            ticks.append(f"{predicate}: {inert(_wanted(row), 34)}")
            kept.append(int(row.kept))
            dropped.append(max(int(row.of) - int(row.kept), 0))
            notes.append(
                [f"{predicate}: {inert(row.wanted or 'any', 160)}", f"{int(row.kept):,}", f"{int(row.of):,}"]
            )
            line += 1
    hover = "%{customdata[0]}<br>keeps %{customdata[1]} of %{customdata[2]}<extra></extra>"
    shared: Spec = {
        "type": "bar",
        "orientation": "h",
        "y": places,
        "customdata": notes,
        "hovertemplate": hover,
        "textposition": "auto",
        "textangle": 0,
    }
    said = [f"{int(k):,} of {note[2]}" for k, note in zip(kept, notes, strict=True)]
    traces: list[Spec] = [
        {**shared, "name": "kept", "marker": {"color": SERIES[0]}, "x": kept},
        {
            **shared,
            "name": "dropped",
            "marker": {"color": SERIES[4]},
            "x": dropped,
        },
        {
            "type": "scatter",
            "mode": "text",
            "x": [k + d for k, d in zip(kept, dropped, strict=True)],
            "y": places,
            "text": [f" {text}" for text in said],
            "textposition": "middle right",
            "cliponaxis": False,
            "showlegend": False,
            "hoverinfo": "skip",
        },
    ]
    of = f"Of {counted(int(newest['of'].max()), 'Azure virtual machine')}"
    if machines is not None and len(machines):
        arm = (
            machines["resource_id"].astype("string").fillna("").str.contains("/virtualmachines/", case=False)
        )
        outside = int((~arm).sum())
        of += (
            f"; a dynamic group cannot see {outside:,} of {counted(len(machines), 'machine')} in the logs"
            if outside
            else ""
        )
    of += f". {cut:,} more groups are not drawn." if cut else "."
    most = max((k + d for k, d in zip(kept, dropped, strict=True)), default=1)
    layout = {
        "barmode": "stack",
        "bargap": 0.25,
        "annotations": heads,
        "xaxis": {
            "title": {"text": "machines"},
            "range": [0, max(most, 1) * 1.14],
            "tickformat": ",d",
        },
        "yaxis": {"range": [line - 0.4, -0.6], "tickvals": places, "ticktext": ticks, "showgrid": False},
    }
    title = "What each predicate of a dynamic group keeps"
    return figure(title, of, traces, layout, height=max(26 * line, 90))


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


def _share_kept(rows: pd.DataFrame) -> float:
    came = int(rows["of"].iloc[0])
    return int(rows["kept"].iloc[-1]) / came if came else 0.0
