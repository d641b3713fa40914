"""What figures of workspaces share: a panel each, the worst first, bars of some hours, caps and stops."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.charts.canvas import MOST_POINTS, Spec, inert, labels_of, marked, moments
from umdiag.charts.panels import Span
from umdiag.words.counting import counted

MOST_PANELS = 3
_STEPS = (1, 2, 3, 4, 6, 12, 24)


def bars(name: str, colour: str, sizes: pd.Series[Any], step: int, unit: str) -> Spec:
    """Make the bars of what an hour holds, as means of so many hours."""
    means = sizes.groupby(sizes.index.floor(f"{step}h")).sum() / step
    return {
        "type": "bar",
        "name": name,
        "marker": {"color": colour, "line": {"width": 0}},
        "x": moments(means.index),
        "y": [round(float(size), 2) for size in means],
        "width": step * 3_600_000,
        "offset": 0,
        "hovertemplate": unit,
    }


def named_once(traces: list[Spec]) -> list[Spec]:
    """Keep one legend entry per name, which shows and hides the series in every panel."""
    first = {trace["name"]: place for place, trace in reversed(list(enumerate(traces)))}
    return [
        trace | {"legendgroup": f"series {first[trace['name']]}", "showlegend": first[trace["name"]] == place}
        for place, trace in enumerate(traces)
    ]


def step_of(points: int) -> int:
    """Return how many hours share a bar, so that the points stay few."""
    return next((step for step in _STEPS if points / step <= MOST_POINTS), _STEPS[-1])


def worst_first(
    volume: pd.Series[Any], quota: pd.DataFrame | None, collection_stops: pd.DataFrame | None
) -> list[str]:
    """Order workspaces: over quota, then stopped, then by volume."""
    over = set() if quota is None else set(quota["workspace_id"][marked(quota["over_quota_now"])])
    stopped = set() if collection_stops is None else set(collection_stops["workspace_id"])
    sizes = {str(id_): float(size) for id_, size in volume.items()}
    return sorted(sizes, key=lambda id_: (id_ not in over, id_ not in stopped, -sizes[id_], id_))


def heads(ids: list[str], quota: pd.DataFrame | None) -> list[str]:
    """Return the head of each workspace's panel: its name and its cap."""
    names = labels_of(quota, ids)
    heads = []
    for id_ in ids:
        cap, _ = cap_of(quota, id_)
        said = "cap unknown" if cap is None else "no daily cap" if cap < 0 else f"daily cap {cap:g} GB"
        over = quota is not None and bool(marked(quota["over_quota_now"])[quota["workspace_id"] == id_].any())
        heads.append(
            f"<b>{inert(names[id_], 60)}</b> · {said}" + (" · <b>over quota now</b>" if over else "")
        )
    return heads


def cap_of(quota: pd.DataFrame | None, id_: str) -> tuple[float | None, pd.Timedelta]:
    """Return the cap in GB (None: unknown, below 0: none) and the reset's time of day."""
    caps = pd.DataFrame() if quota is None else quota[quota["workspace_id"] == id_]
    if caps.empty:
        return None, pd.Timedelta(0)
    cap, reset = caps[["daily_cap_gb", "last_reset"]].iloc[0]
    time_of_day = pd.Timedelta(0) if pd.isna(reset) else reset - reset.floor("D")
    return None if pd.isna(cap) else float(cap), time_of_day


def stops_of(collection_stops: pd.DataFrame | None, id_: str, asked_at: datetime) -> list[Span]:
    """Return when a workspace's collection stopped and went on."""
    if collection_stops is None:
        return []
    stops = collection_stops[collection_stops["workspace_id"] == id_]
    until = pd.Timestamp(asked_at)
    return [
        (start, min(end if pd.notna(end) else until, until))
        for start, end in zip(stops["stopped"], stops["ended"], strict=True)
        if pd.notna(start)
    ]


def panels_said(shown: int, total: int, order: str = "over quota") -> str:
    """Say how many workspaces are drawn, where not all are."""
    return f" {shown} of {counted(total, 'workspace')} drawn, {order} first." if total > shown else ""
