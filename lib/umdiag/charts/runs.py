"""Figures of update runs: what each predicate of a dynamic group keeps, and who was missed when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    DULL,
    GOOD,
    SERIES,
    Figure,
    Spec,
    chosen,
    counted,
    each,
    figure,
    marked,
    moment,
    moments,
    of_machines,
    plain,
    some,
    utc_axis,
)

_MOST_GROUPS = 10
_MOST_DEPLOYMENTS = 20
_MOST_RUNS = 600
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
        heads.append(_head(f"<b>{plain(configuration, 50)}</b>, group {group} · run of {start}", line))
        line += 1
        for row in each(rows):
            predicate = _PREDICATES.get(str(row.predicate), plain(row.predicate, 20))
            places.append(line)
            ticks.append(f"{predicate}: {plain(row.wanted or 'any', 34)}")
            kept.append(int(row.kept))
            dropped.append(max(int(row.of) - int(row.kept), 0))
            notes.append(
                [f"{predicate}: {plain(row.wanted or 'any', 160)}", f"{int(row.kept):,}", f"{int(row.of):,}"]
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
    first = newest.sort_values("step").iloc[0]
    of = f"Of {counted(int(first['of']), 'Azure virtual machine')}"
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


def run_calendar(
    attendance: pd.DataFrame,
    runs: pd.DataFrame,
    machines: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw every run on its day, one line per update deployment, with who was missed.

    `runs`: one row per run (judged: whether it is over); `attendance`: one row per run and machine that was
    expected in it (machine_key, computer, took_part, missed); `machines`: the population.
    """
    inside = runs[(runs["start_time"] > asked_at - lookback) & (runs["start_time"] <= asked_at)]
    if inside.empty:
        return None
    attendance, only = chosen(attendance, computers)
    missed = attendance[marked(attendance["missed"])]
    who = {str(run): list(rows) for run, rows in missed.groupby("run_id")["computer"]}
    expected = {str(run): len(rows) for run, rows in attendance.groupby("run_id")["computer"]}
    shown = inside.sort_values("start_time", ascending=False, kind="stable").head(_MOST_RUNS)
    names = shown["configuration"].astype("string").fillna("").astype(object)
    losses = shown["run_id"].map(lambda run: len(who.get(str(run), ()))).groupby(names).sum().to_dict()
    order = sorted(losses, key=lambda name: (-losses[name], str(name).casefold()))
    lines = {str(name): place for place, name in enumerate(order[:_MOST_DEPLOYMENTS])}
    drawn = [row for row in each(shown.assign(configuration=names)) if row.configuration in lines]
    traces: list[Spec] = []
    for label, colour in (("missed machines", BAD), ("missed nobody", GOOD), ("not judged", DULL)):
        own = [row for row in drawn if _outcome(row, who, expected) == label]
        if own:
            traces.append(_dots(own, label, colour, lines, who, expected))
    unjudged = sum(_outcome(row, who, expected) == "not judged" for row in each(inside))
    said = (
        f"{counted(len(inside), 'run')} of {counted(inside['configuration'].nunique(), 'update deployment')}"
    )
    said += f"; {unjudged:,} not judged. " if unjudged else ". "
    said += _expected_said(set(attendance["machine_key"]), machines)
    said += f" Missed {counted(len(missed), 'time')}, {counted(missed['machine_key'].nunique(), 'machine')}."
    if len(inside) > len(shown):
        said += f" Only the newest {len(shown):,} runs are drawn."
    if len(order) > len(lines):
        said += f" {len(order) - len(lines):,} deployments that missed fewest are not drawn."
    layout = {
        "hovermode": "closest",
        "xaxis": utc_axis(asked_at, lookback),
        "yaxis": {
            "range": [len(lines) - 0.5, -0.5],
            "tickvals": list(lines.values()),
            "ticktext": [plain(name, 34) for name in lines],
        },
    }
    return figure("Runs, and who was missed", said + only, traces, layout, height=max(56 * len(lines), 120))


def _dots(
    rows: list[Any],
    label: str,
    colour: str,
    lines: Mapping[str, int],
    who: Mapping[str, list[str]],
    expected: Mapping[str, int],
) -> Spec:
    most = max(map(len, who.values()), default=1)
    counts = [len(who.get(str(row.run_id), ())) for row in rows]
    notes = []
    for row, count in zip(rows, counts, strict=True):
        told = f"{expected.get(str(row.run_id), 0):,} expected, {count:,} missed"
        if label == "not judged":
            told = f"{plain(row.status or 'status unknown', 30)}; nobody is known to be expected"
            told = f"not over: {plain(row.status or 'unknown', 30)}" if not _ismarked(row.judged) else told
        names = some(who.get(str(row.run_id), ()), 10)
        heading = f"{plain(row.configuration, 60)}<br>{moment(row.start_time)}<br>{told}"
        notes.append([f"{heading}<br>{names}" if names else heading])
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": label,
        "x": moments(row.start_time for row in rows),
        "y": [lines[row.configuration] for row in rows],
        "marker": {
            "color": colour,
            "size": [round(15 + 19 * (count / most) ** 0.5) for count in counts],
            "line": {"color": "#FFFFFF", "width": 1},
            "opacity": 1,
        },
        "text": [f"{count:,}" if count else "" for count in counts],
        "textfont": {"color": "#FFFFFF", "size": 11},
        "customdata": notes,
        "hovertemplate": "%{customdata[0]}<extra></extra>",
        "cliponaxis": False,
    }


def _outcome(row: Any, who: Mapping[str, list[str]], expected: Mapping[str, int]) -> str:
    if who.get(str(row.run_id)):
        return "missed machines"
    return "missed nobody" if _ismarked(row.judged) and expected.get(str(row.run_id)) else "not judged"


def _expected_said(keys: set[str], machines: pd.DataFrame | None) -> str:
    if machines is None or machines.empty:
        return f"It speaks of {counted(len(keys), 'machine')}."
    known = machines["arm_key"].isin(keys - {""}) | ("name:" + machines["name"]).isin(keys)
    said = "It speaks of " + of_machines(int(known.sum()), len(machines), "were expected in none")
    named = set(machines["arm_key"]) | set("name:" + machines["name"])
    strangers = len(keys - named)
    return said + (f" {counted(strangers, 'machine')} more, expected but in no log." if strangers else "")


def _ismarked(value: Any) -> bool:
    return bool(pd.notna(value)) and bool(value)


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
