"""How old the newest assessments of machines of both services are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from umdiag.charts.bars import bar, places, text
from umdiag.charts.canvas import BAD, GOOD, INK, STATES, Figure, Spec, chosen, figure, of_machines, whole_axis
from umdiag.words.counting import counted
from umdiag.words.services import CALLED, UPDATE_MANAGEMENT, UPDATE_MANAGER

_EDGES = (1, 3, 6, 12, 24, 48, 96, 168, 336, 720)
_STALE = STATES["assessment_stale"][1]


def assessment_age(
    population: pd.DataFrame,
    *,
    asked_at: datetime,
    lookback: timedelta,
    stale_after: timedelta,
    assessment_stale_after: timedelta,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw how old each machine's newest assessment is, and from which age on it counts as stale.

    `population`: one row per machine (last_assessed, service, which decides the age that counts).
    """
    machines, only = chosen(population, computers)
    newest = machines["last_assessed"].dropna()
    ages = (pd.Timestamp(asked_at) - newest).dt.total_seconds() / 3600
    if ages.empty:
        return None
    services = text(machines["service"])[machines["last_assessed"].notna()]
    services = services.where(services == UPDATE_MANAGER, UPDATE_MANAGEMENT)
    given = {UPDATE_MANAGEMENT: stale_after, UPDATE_MANAGER: assessment_stale_after}
    limits = {
        service: limit / timedelta(hours=1) for service, limit in given.items() if (services == service).any()
    }
    stale = ages > services.map(limits)
    window = lookback / timedelta(hours=1)
    reached = {min(limit, window) for limit in limits.values()}
    edges = sorted({0.0, *(float(edge) for edge in _EDGES if edge < window), *reached, window})
    names = [f"{_span(low)} to {_span(high)}" for low, high in pairwise(edges)]
    said = of_machines(len(ages), len(machines), "were never assessed in the window")
    late = int(stale.sum())
    said += f" {counted(late, 'assessment')} older than {_limits_said(limits)}."
    colour = BAD if late else INK
    borders = [edges.index(limit) - 0.5 for limit in sorted(set(limits.values())) if limit < window]
    layout = {
        "barmode": "stack",
        "bargap": 0.15,
        "xaxis": places("age of the newest assessment", names) | {"range": [-0.5, len(names) - 0.5]},
        "yaxis": whole_axis("machines", len(ages)),
        "shapes": [_border(border, colour) for border in borders],
    }
    traces = _of_ages(ages.clip(0, window), stale, edges, limits, names)
    return figure("Age of each machine's newest assessment", said + only, traces, layout, height=240)


def _of_ages(
    ages: pd.Series[Any],
    stale: pd.Series[bool],
    edges: Sequence[float],
    limits: Mapping[str, float],
    names: Sequence[str],
) -> list[Spec]:
    """Make the bars of what is fresh and of what is stale; `names` says what lies between two `edges`."""
    bins = pd.cut(ages, edges, include_lowest=True, labels=False)
    traces: list[Spec] = []
    for label, colour, part in (
        (f"fresh: up to {_limits_said(limits)}", GOOD, bins[~stale]),
        (f"stale: older than {_limits_said(limits)}", _STALE, bins[stale]),
    ):
        counts = [int((part == place).sum()) for place in range(len(names))]
        shown = [place for place, count in enumerate(counts) if count]
        found = [counts[place] for place in shown]
        notes = [[names[place]] for place in shown]
        hover = "%{customdata[0]} old: %{y:,} machines<extra></extra>"
        drawn = bar(label, colour, found, notes, hover) | {"textposition": "outside", "cliponaxis": False}
        drawn["width"] = 0.85  # of a lone bar plotly would make the whole axis
        traces.append({"x": shown, "y": found, **drawn})
    return traces


def _limits_said(limits: Mapping[str, float]) -> str:
    if len(set(limits.values())) == 1:
        return _span(next(iter(limits.values())))
    return " or ".join(f"{_span(limit)} ({CALLED[service]})" for service, limit in limits.items())


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


def _span(hours: float) -> str:
    return f"{hours / 24:g} d" if hours >= 48 or hours == 24 else f"{hours:g} h"
