"""Figures of workspaces over time: volume against the cap, heartbeats and silences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    INK,
    NO_DATA,
    NOT_YET,
    SERIES,
    STOPPED,
    Figure,
    Spec,
    figure,
    inert,
    marked,
    moments,
    of_machines,
    spans,
    utc_hours,
)
from umdiag.charts.panels import Panels, Span
from umdiag.charts.workspace_panels import (
    MOST_PANELS,
    bars,
    cap_of,
    heads,
    named_once,
    panels_said,
    step_of,
    stops_of,
    worst_first,
)
from umdiag.words.counting import counted

_MOST_TABLES = 3
_REST, _FREE = "other billable tables", "free tables"
_HOUR = pd.Timedelta(hours=1)


def ingestion_per_hour(
    usage_hours: pd.DataFrame,
    quota: pd.DataFrame | None,
    collection_stops: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> Figure | None:
    """Draw megabytes per hour and table, and the billable volume since each reset against the daily cap.

    `usage_hours`: one row per workspace, hour and table (billable, megabytes); `quota`: one per workspace
    (daily_cap_gb, below 0: no cap; last_reset; over_quota_now); `collection_stops`: when collection stopped
    and ended. Stops, hours without billable data and hours that `Usage` has not reached yet are shaded.
    """
    hours = utc_hours(asked_at, lookback)
    # A sum of fractions depends on their order, which no service promises.
    order = ["workspace_id", "hour", "data_type", "billable", "megabytes"]
    rows = usage_hours[usage_hours["hour"].isin(hours)].sort_values(order, ignore_index=True)
    if rows.empty:
        return None
    rows = rows.assign(billable=marked(rows["billable"]), megabytes=rows["megabytes"].fillna(0).astype(float))
    ids = worst_first(rows.groupby("workspace_id")["megabytes"].sum(), quota, collection_stops)
    shown = ids[:MOST_PANELS]
    rows["share"], colours = _shares(rows)
    step = step_of(len(shown) * len(hours) * (len(colours) + 1))
    panels = Panels(heads(shown, quota), asked_at, lookback, split=0.42, panel=300)
    traces: list[Spec] = []
    for place, id_ in enumerate(shown):
        ingested = rows[rows["workspace_id"] == id_]
        newest = ingested["hour"].max()
        paid = ingested[ingested["billable"]].groupby("hour")["megabytes"].sum()
        paid = paid.reindex(hours[hours <= newest], fill_value=0.0)
        traces += [bars | panels.axes(place) for bars in _volumes(ingested, colours, step)]
        below = _against_cap(paid, *cap_of(quota, id_), step, asked_at, lookback)
        traces += [line | panels.axes(place, upper=False) for line in below]
        stops = stops_of(collection_stops, id_, asked_at)
        panels.shade(stops, STOPPED, "collection stopped", place)
        panels.shade(spans(_dry(paid, stops), 2), NO_DATA, "no billable data", place)
        panels.shade(spans(list(hours[hours > newest]), 1), NOT_YET, "no Usage rows yet", place)
    said = panels_said(len(shown), len(ids)) + _volumes_said(colours, step)
    if collection_stops is None:
        said += " Stops of collection could not be seen."
    layout = panels.layout("MB an hour", "GB so far")
    title = "Data collected by each workspace, hour by hour"
    return figure(title, said, named_once(traces), layout, height=panels.height)


def heartbeats_per_hour(
    heartbeat_hours: pd.DataFrame,
    quota: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    collection_stops: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> Figure | None:
    """Draw heartbeats per clock hour and workspace, with silences shaded.

    `heartbeat_hours`: one row per workspace and hour with heartbeats; `machines`: the population.
    """
    hours = utc_hours(asked_at, lookback)
    rows = heartbeat_hours[heartbeat_hours["hour"].isin(hours)].reset_index(drop=True)
    if rows.empty:
        return None
    ids = worst_first(rows.groupby("workspace_id")["heartbeats"].sum(), quota, collection_stops)
    beats = {id_: heard.groupby("hour")["heartbeats"].sum() for id_, heard in rows.groupby("workspace_id")}
    silences = {id_: _silences(beats[id_], hours) for id_ in ids}
    ids.sort(key=lambda id_: -len(silences[id_]))
    shown = ids[:MOST_PANELS]
    step = step_of(len(shown) * len(hours))
    panels = Panels(heads(shown, quota), asked_at, lookback, panel=190)
    traces: list[Spec] = []
    for place, id_ in enumerate(shown):
        unit = "%{x} UTC<br>%{y:,.0f} heartbeats an hour<extra></extra>"
        traces.append(bars("heartbeats", SERIES[0], beats[id_], step, unit) | panels.axes(place))
        panels.shade(silences[id_], NO_DATA, "no heartbeat of any machine", place)
        panels.shade(stops_of(collection_stops, id_, asked_at), STOPPED, "collection stopped", place)
    said = ""
    if machines is not None and len(machines):
        heard = int(machines["last_heartbeat"].notna().sum())
        said = "Heard from " + of_machines(heard, len(machines), "sent no heartbeat in the window")
    number = sum(map(len, silences.values()))
    said += f" {counted(number, 'silence')} of an hour or more in {counted(len(ids), 'workspace')}."
    said += panels_said(len(shown), len(ids), "most silences")
    layout = panels.layout("an hour")
    return figure("Heartbeats, hour by hour", said, named_once(traces), layout, height=panels.height)


def _shares(rows: pd.DataFrame) -> tuple[pd.Series[Any], dict[str, str]]:
    """Return each row's series and the colour of each series: the largest tables, the rest, what is free."""
    billable = rows["billable"]
    volume = rows[billable].groupby("data_type")["megabytes"].sum().sort_values(ascending=False)
    tables = [str(name) for name in volume.index[:_MOST_TABLES]]
    colours = dict(zip(tables, SERIES, strict=False))
    if len(volume) > len(tables):
        colours[_REST] = SERIES[3]
    if not billable.all():
        colours[_FREE] = SERIES[4]
    share = rows["data_type"].where(rows["data_type"].isin(tables), _REST).where(billable, _FREE)
    return share, colours


def _volumes(ingested: pd.DataFrame, colours: dict[str, str], step: int) -> list[Spec]:
    unit = "%{fullData.name}<br>%{x} UTC<br>%{y:,.1f} MB an hour<extra></extra>"
    return [
        bars(inert(name, 30), colour, part.groupby("hour")["megabytes"].sum(), step, unit)
        for name, colour in colours.items()
        if len(part := ingested[ingested["share"] == name])
    ]


def _volumes_said(colours: dict[str, str], step: int) -> str:
    said = f" Billable tables beyond the {_MOST_TABLES} largest share a colour." if _REST in colours else ""
    return said + (f" Volumes are means of {step} hours." if step > 1 else "")


def _against_cap(
    paid: pd.Series[Any],
    cap: float | None,
    reset: pd.Timedelta,
    step: int,
    asked_at: datetime,
    lookback: timedelta,
) -> list[Spec]:
    """Make the line of what was paid for since each reset, and that of the cap where there is one."""
    lines = [_since_reset(paid, reset, step)]
    if cap is not None and cap >= 0:
        lines.append(_cap_line(cap, asked_at, lookback))
    return lines


def _since_reset(paid: pd.Series[Any], reset: pd.Timedelta, step: int) -> Spec:
    day = (paid.index - reset).floor("D")
    since = (paid.groupby(day).cumsum() / 1000).iloc[step - 1 :: step]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "billable since reset",
        "line": {"color": INK, "width": 1.5},
        "x": moments(since.index + _HOUR),
        "y": [round(float(size), 4) for size in since],
        "hovertemplate": "%{x} UTC<br>%{y:,.2f} GB since the reset<extra></extra>",
    }


def _cap_line(cap: float, asked_at: datetime, lookback: timedelta) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "daily cap",
        "line": {"color": BAD, "dash": "dash", "width": 1.5},
        "x": moments((asked_at - lookback, asked_at)),
        "y": [cap, cap],
        "hovertemplate": f"daily cap {cap:g} GB<extra></extra>",
    }


def _dry(paid: pd.Series[Any], stops: list[Span]) -> list[pd.Timestamp]:
    """Return the hours without billable volume after the first with some, those in a stop left out."""
    if not (paid > 0).any():
        return []
    begun = paid.index[paid > 0][0]
    dry = [hour for hour in paid.index[paid <= 0] if hour > begun]
    return [hour for hour in dry if not any(start < hour + _HOUR and hour < end for start, end in stops)]


def _silences(beats: pd.Series[Any], hours: pd.DatetimeIndex) -> list[Span]:
    heard = set(beats.index[beats > 0])
    return spans([hour for hour in hours if hour > min(heard) and hour not in heard], 1) if heard else []
