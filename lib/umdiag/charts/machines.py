"""Figures of the whole fleet: states, missing updates, age of assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    GOOD,
    INK,
    STATES,
    WEIGHTS,
    Figure,
    Spec,
    chosen,
    figure,
    inert,
    marked,
    of_machines,
)
from umdiag.words.counting import counted

_MOST_BARS = 12
_AGES = ((7, "up to 7 days"), (30, "8 to 30 days"), (90, "31 to 90 days"), (365, "91 to 365 days"))
_OLDER, _AGELESS = "over a year", "age unknown"
_EDGES = (1, 3, 6, 12, 24, 48, 96, 168, 336, 720)
_UNASSESSED = "were never assessed in the window"


def machine_states(machines: pd.DataFrame, *, computers: Sequence[str] = ()) -> Figure | None:
    """Draw how many machines are in each state, one bar per workspace and operating system.

    `machines`: one row per machine (workspace_id, workspace, os_type, state).
    """
    machines, only = chosen(machines, computers)
    if machines.empty:
        return None
    states = _text(machines["state"])
    states = states.where(states.isin(list(STATES)), "unknown")
    keys = [_text(machines[name]) for name in ("workspace_id", "workspace", "os_type")]
    counts = states.groupby([*keys, states]).size().unstack(fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    names = [_bar_label(*key) for key in counts.index]
    cut = max(len(counts) - _MOST_BARS, 0)
    if cut:
        rest = counts.iloc[_MOST_BARS:].sum().to_frame().T
        counts = pd.concat([counts.iloc[:_MOST_BARS], rest])
        names = [*names[:_MOST_BARS], f"{cut:,} smaller groups"]
    places = list(range(len(counts)))
    known = int((states != "unknown").sum())
    said = of_machines(known, len(states), "unknown, their workspace was silent")
    if unassessed := int((states == "not_assessed").sum()):
        said += f" {unassessed:,} of them were never assessed."
    if cut:
        said += f" The {cut:,} smallest groups share one bar."
    layout = {
        "barmode": "stack",
        "bargap": 0.3,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "xaxis": {"title": {"text": "machines"}, "rangemode": "tozero", "tickformat": ",d"},
        "yaxis": {"autorange": "reversed", "tickvals": places, "ticktext": names, "showgrid": False},
    }
    title = "State of machines, by workspace and operating system"
    return figure(title, said + only, _of_states(counts, names), layout, height=max(34 * len(counts), 70))


def _of_states(counts: pd.DataFrame, names: Sequence[str]) -> list[Spec]:
    """Make the bars of each state; `counts`: a row per group of machines, a column per state."""
    totals = counts.sum(axis=1).tolist()
    traces = []
    for state, (label, colour) in STATES.items():
        if state in counts:
            found = [int(number) for number in counts[state]]
            notes = [[name, f"{n / t:.0%}"] for name, n, t in zip(names, found, totals, strict=True)]
            hover = f"%{{customdata[0]}}<br>{label}: %{{x:,}} (%{{customdata[1]}})<extra></extra>"
            bar = _bar(label, colour, found, notes, hover)
            traces.append({"orientation": "h", "x": found, "y": list(range(len(found))), **bar})
    return traces


def missing_updates(
    updates: pd.DataFrame, machines: pd.DataFrame, *, computers: Sequence[str] = ()
) -> Figure | None:
    """Draw the missing updates by classification and age since publication.

    `updates`: one row per machine and update (machine, needed, critical, security, age_days);
    `machines`: the population (last_assessed). One update missing on three machines counts three times.
    """
    machines, only = chosen(machines, computers)
    assessed = int(machines["last_assessed"].notna().sum())
    if not assessed:
        return None
    needed = updates[marked(updates["needed"]) & updates["machine"].isin(machines["machine"])]
    ages = _bucketed(needed["age_days"])
    shown = [*(label for _, label in _AGES), _OLDER, *([_AGELESS] if (ages == _AGELESS).any() else [])]
    said = of_machines(assessed, len(machines), _UNASSESSED)
    if needed.empty:
        said += " No update is missing."
    else:
        on = int(needed["machine"].nunique())
        said += f" Missing {counted(len(needed), 'time')} on {counted(on, 'machine')}."
    if stale := int((_text(machines["state"]) == "assessment_stale").sum()):
        said += f" {counted(stale, 'machine')} judged by a stale assessment."
    layout = {
        "barmode": "stack",
        "bargap": 0.25,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "xaxis": _places("published … before the end of the window", shown),
        "yaxis": {"title": {"text": "updates × machines"}, "rangemode": "tozero", "tickformat": ",d"},
    }
    title = "Missing updates, by classification and age"
    return figure(title, said + only, _of_weights(needed, ages, shown), layout, height=280)


def _of_weights(needed: pd.DataFrame, ages: pd.Series[Any], shown: Sequence[str]) -> list[Spec]:
    """Make the bars of each classification, one per age that is `shown`."""
    weight = pd.Series("other", index=needed.index)
    weight = weight.mask(marked(needed["security"]), "security").mask(marked(needed["critical"]), "critical")
    groups = needed.groupby([weight, ages])["machine"]
    times, hosts = groups.size().to_dict(), groups.nunique().to_dict()
    traces = []
    for key, (label, colour) in WEIGHTS.items():
        found = [int(times.get((key, age), 0)) for age in shown]
        notes = [[age, f"{int(hosts.get((key, age), 0)):,}"] for age in shown]
        hover = f"{label}, %{{customdata[0]}}<br>%{{y:,}} times on %{{customdata[1]}} machines<extra></extra>"
        traces.append({"x": list(range(len(shown))), "y": found, **_bar(label, colour, found, notes, hover)})
    return traces


def assessment_age(
    machines: pd.DataFrame,
    *,
    asked_at: datetime,
    lookback: timedelta,
    stale_after: timedelta,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw how old each machine's newest assessment is, and from which age on it counts as stale.

    `machines`: one row per machine (last_assessed).
    """
    machines, only = chosen(machines, computers)
    newest = machines["last_assessed"].dropna()
    ages = (pd.Timestamp(asked_at) - newest).dt.total_seconds() / 3600
    if ages.empty:
        return None
    limit, window = stale_after / timedelta(hours=1), lookback / timedelta(hours=1)
    edges = sorted({0.0, *(float(edge) for edge in _EDGES if edge < window), min(limit, window), window})
    names = [f"{_span(low)} to {_span(high)}" for low, high in pairwise(edges)]
    traces = _of_ages(ages.clip(0, window), edges, limit, names)
    late = int((ages > limit).sum())
    said = of_machines(len(ages), len(machines), _UNASSESSED)
    said += f" {counted(late, 'assessment')} older than {_span(limit)}."
    layout = {
        "bargap": 0.15,
        "xaxis": _places("age of the newest assessment", names),
        "yaxis": {"title": {"text": "machines"}, "rangemode": "tozero", "tickformat": ",d"},
        "shapes": [_border(edges.index(limit) - 0.5, BAD if late else INK)] if limit < window else [],
    }
    return figure("Age of each machine's newest assessment", said + only, traces, layout, height=240)


def _of_ages(ages: pd.Series[Any], edges: Sequence[float], limit: float, names: Sequence[str]) -> list[Spec]:
    """Make the bars of ages up to `limit` and beyond; `names` says what lies between two `edges`."""
    bins = pd.cut(ages, edges, include_lowest=True, labels=False)
    counts = [int((bins == place).sum()) for place in range(len(names))]
    traces: list[Spec] = []
    for label, colour, stale in (("fresh", GOOD, False), ("stale", STATES["assessment_stale"][1], True)):
        places = [place for place, low in enumerate(edges[:-1]) if (low >= limit) is stale]
        if places:
            named = f"{label}: {'older than' if stale else 'up to'} {_span(limit)}"
            found = [counts[place] for place in places]
            notes = [[names[place]] for place in places]
            hover = "%{customdata[0]} old: %{y:,} machines<extra></extra>"
            bar = _bar(named, colour, found, notes, hover) | {"textposition": "outside", "cliponaxis": False}
            traces.append({"x": places, "y": found, **bar})
    return traces


def _bar(name: str, colour: str, numbers: list[int], notes: list[Any], hover: str) -> Spec:
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


def _places(title: str, names: list[str]) -> Spec:
    places = list(range(len(names)))
    return {"title": {"text": title}, "tickvals": places, "ticktext": names, "showgrid": False}


def _border(place: float, colour: str) -> Spec:
    line = {"color": colour, "dash": "dash", "width": 1.5}
    return {
        "type": "line",
        "xref": "x",
        "yref": "y domain",
        "x0": place,
        "x1": place,
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _bucketed(age_days: pd.Series[Any]) -> pd.Series[Any]:
    ages = pd.to_numeric(age_days, errors="coerce").astype("Float64").fillna(-1).astype(float)
    bucket = pd.Series(_OLDER, index=ages.index)
    for days, label in reversed(_AGES):
        bucket = bucket.mask(ages <= days, label)
    return bucket.mask(ages < 0, _AGELESS)


def _bar_label(id_: str, workspace: str, system: str) -> str:
    named = workspace or (f"workspace {id_[:8]}" if id_ else "no workspace")
    return f"{inert(named, 34)} · {inert(system, 12) if system else 'system unknown'}"


def _text(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype("string").fillna("").str.strip().astype(object)


def _span(hours: float) -> str:
    return f"{hours / 24:g} d" if hours >= 48 or hours == 24 else f"{hours:g} h"
