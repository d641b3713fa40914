"""Figures of workspaces over time: volume against the cap, heartbeats and silences."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    INK,
    MOST_POINTS,
    NO_DATA,
    NOT_YET,
    SERIES,
    STOPPED,
    Figure,
    Spec,
    band,
    counted,
    figure,
    labels_of,
    moments,
    of_machines,
    plain,
    spans,
    utc_axis,
    whole_hours,
)

_MOST_PANELS = 3
_MOST_TABLES = 3
_STEPS = (1, 2, 3, 4, 6, 12, 24)
_REST, _FREE = "other billable tables", "free tables"


def ingestion_per_hour(
    usage_hours: pd.DataFrame,
    quota: pd.DataFrame | None,
    collection_stops: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> Figure | None:
    """Draw megabytes per hour and table, and the billable volume since each reset against the daily cap.

    `usage_hours`: one row per workspace, hour and table (billable, megabytes); `quota`: daily_cap_gb
    (below 0: no cap), last_reset; `collection_stops`: when collection stopped and ended. Stops, hours
    without billable data and hours that `Usage` has not reached yet are shaded.
    """
    hours = whole_hours(asked_at, lookback)
    rows = usage_hours[usage_hours["hour"].isin(hours)]
    if rows.empty:
        return None
    rows = rows.assign(megabytes=rows["megabytes"].astype("Float64").fillna(0).astype(float))
    ids = _worst_first(rows.groupby("workspace_id")["megabytes"].sum(), quota, collection_stops)
    shown, cut = ids[:_MOST_PANELS], len(ids[_MOST_PANELS:])
    step = next(s for s in _STEPS if s == _STEPS[-1] or len(shown) * len(hours) / s * 6 <= MOST_POINTS * 1.05)
    billable = rows["billable"].astype("boolean").fillna(False).astype(bool)
    volume = rows[billable].groupby("data_type")["megabytes"].sum().sort_values(ascending=False)
    tables = [str(name) for name in volume.index[:_MOST_TABLES]]
    shares = [
        *tables,
        *([_REST] if len(volume) > len(tables) else []),
        *([_FREE] if (~billable).any() else []),
    ]
    share = rows["data_type"].where(rows["data_type"].isin(tables), _REST).where(billable, _FREE)
    colours = dict(zip(tables, SERIES, strict=False)) | {_REST: SERIES[3], _FREE: SERIES[4]}

    panels = _Panels(shown, asked_at, lookback, heads=_heads(shown, quota), split=0.42)
    traces: list[Spec] = []
    for place, id_ in enumerate(shown):
        own = rows[rows["workspace_id"] == id_]
        by_share = own.groupby([share[own.index], own["hour"]])["megabytes"].sum()
        for name in shares:
            if name not in by_share.index.get_level_values(0):
                continue
            sizes = by_share[name].groupby(lambda hour: hour.floor(f"{step}h")).sum() / step
            traces.append(
                {
                    "type": "bar",
                    "name": plain(name, 30),
                    "legendgroup": name,
                    "showlegend": not any(trace["legendgroup"] == name for trace in traces),
                    "marker": {"color": colours[name], "line": {"width": 0}},
                    "x": moments(sizes.index),
                    "y": [round(float(size), 3) for size in sizes],
                    "width": step * 3_600_000,
                    "offset": 0,
                    "customdata": [plain(name, 60)] * len(sizes),
                    "hovertemplate": "%{customdata}<br>%{x} UTC<br>%{y:,.1f} MB an hour<extra></extra>",
                    **panels.axes(place, upper=True),
                }
            )
        cap, reset = _cap(quota, id_)
        paid = own[billable[own.index]].groupby("hour")["megabytes"].sum().reindex(hours, fill_value=0.0)
        newest = rows.loc[rows["workspace_id"] == id_, "hour"].max()
        paid = paid[paid.index <= newest]
        since = paid.groupby((paid.index - reset).floor("D")).cumsum() / 1000
        ends = pd.Series(since.to_numpy(), index=since.index + pd.Timedelta(hours=1))[step - 1 :: step]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "billable since reset",
                "legendgroup": "since",
                "showlegend": place == 0,
                "line": {"color": INK, "width": 1.5},
                "x": moments(ends.index),
                "y": [round(float(size), 4) for size in ends],
                "hovertemplate": "%{x} UTC<br>%{y:,.2f} GB since the reset<extra></extra>",
                **panels.axes(place, upper=False),
            }
        )
        if cap is not None and cap >= 0:
            first = not any(trace["legendgroup"] == "cap" for trace in traces)
            traces.append(_cap_line(cap, asked_at, lookback, place, panels, first=first))
        stops = _stops_of(collection_stops, id_, asked_at)
        panels.shade(stops, STOPPED, "collection stopped", place)
        if paid.gt(0).any():
            begun = paid.index[paid.gt(0)][0]
            dry = [
                hour for hour in paid.index[paid.to_numpy() <= 0] if hour > begun and not _within(hour, stops)
            ]
            panels.shade(spans(dry, 2), NO_DATA, "no billable data", place)
        late = [hour for hour in hours if hour > newest]
        panels.shade(spans(late, 1), NOT_YET, "Usage not written yet", place)
    layout = panels.layout("MB an hour", "GB so far")
    said = _panels_said(len(shown), cut)
    said += f" Billable tables beyond the {_MOST_TABLES} largest are one colour." if _REST in shares else ""
    if step > 1:
        said += f" Volumes are means of {step} hours."
    if collection_stops is None:
        said += " Stops of collection could not be seen."
    return figure("What the workspace took in, hour by hour", said, traces, layout, height=panels.height)


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
    hours = whole_hours(asked_at, lookback)
    rows = heartbeat_hours[heartbeat_hours["hour"].isin(hours)]
    if rows.empty:
        return None
    ids = _worst_first(rows.groupby("workspace_id")["heartbeats"].sum(), quota, collection_stops)
    shown, cut = ids[:_MOST_PANELS], len(ids[_MOST_PANELS:])
    panels = _Panels(shown, asked_at, lookback, heads=_heads(shown, quota), split=0)
    traces: list[Spec] = []
    silent = 0
    step = next(s for s in _STEPS if s == _STEPS[-1] or len(shown) * len(hours) / s <= MOST_POINTS)
    for place, id_ in enumerate(shown):
        beats = rows[rows["workspace_id"] == id_].groupby("hour")["heartbeats"].sum()
        mean = beats.groupby(lambda hour: hour.floor(f"{step}h")).sum() / step
        traces.append(
            {
                "type": "bar",
                "showlegend": False,
                "marker": {"color": SERIES[0], "line": {"width": 0}},
                "x": moments(mean.index),
                "y": [round(float(number), 1) for number in mean],
                "width": step * 3_600_000,
                "offset": 0,
                "hovertemplate": "%{x} UTC<br>%{y:,.0f} heartbeats an hour<extra></extra>",
                **panels.axes(place, upper=True),
            }
        )
        gaps = spans([hour for hour in hours if hour > beats.index.min() and hour not in beats.index], 1)
        silent += len(gaps)
        panels.shade(gaps, NO_DATA, "no heartbeat of any machine", place)
        panels.shade(_stops_of(collection_stops, id_, asked_at), STOPPED, "collection stopped", place)
    if panels.named:  # only shades have a legend here: an empty trace makes room for it
        traces[0]["showlegend"] = True
        traces[0]["name"] = "heartbeats"
    said = ""
    if machines is not None and len(machines):
        heard = int(machines["last_heartbeat"].notna().sum())
        said = "Heard from " + of_machines(heard, len(machines), "sent no heartbeat in the window")
    said += f" {counted(silent, 'silence')} of an hour or more." + _panels_said(len(shown), cut, " ")
    layout = panels.layout("an hour", "")
    return figure("Heartbeats, hour by hour", said, traces, layout, height=panels.height)


class _Panels:
    """Rows of panels on one time axis: one per workspace, each with a lower half where `split` is above 0."""

    def __init__(
        self, ids: list[str], asked_at: datetime, lookback: timedelta, *, heads: list[str], split: float
    ) -> None:
        self.ids, self.heads, self.split = ids, heads, split
        self.asked_at, self.lookback = asked_at, lookback
        self.height = (300 if split else 190) * len(ids)
        self.shapes: list[Spec] = []
        self.named: set[str] = set()

    def axes(self, place: int, *, upper: bool) -> dict[str, str]:
        number = self._number(place, upper)
        return {"xaxis": f"x{number}", "yaxis": f"y{number}"}

    def shade(
        self, found: list[tuple[pd.Timestamp, pd.Timestamp]], colour: str, name: str, place: int
    ) -> None:
        start = pd.Timestamp(self.asked_at - self.lookback)
        for begin, end in found:
            if end <= start:
                continue
            for upper in (True, False) if self.split else (True,):
                axis = self._number(place, upper)
                shape = band(max(begin, start), end, colour, axis, name, first=name not in self.named)
                self.shapes.append(shape)
                self.named.add(name)

    def layout(self, upper_title: str, lower_title: str) -> Spec:
        made: Spec = {"barmode": "stack", "bargap": 0, "shapes": self.shapes, "annotations": []}
        share, head = 1 / len(self.ids), 26 / self.height
        for place in range(len(self.ids)):
            top = 1 - place * share
            bottom = top - share + (14 / self.height if place < len(self.ids) - 1 else 0)
            middle = bottom + (top - head - bottom) * self.split
            last = place == len(self.ids) - 1
            made["annotations"].append(
                {
                    "text": self.heads[place],
                    "showarrow": False,
                    "xref": "paper",
                    "yref": "paper",
                    "x": 0,
                    "y": top - head,
                    "xanchor": "left",
                    "yanchor": "bottom",
                }
            )
            halves = ((True, middle + 0.05 * share * bool(self.split), top - head, upper_title),)
            if self.split:
                halves += ((False, bottom, middle, lower_title),)  # type: ignore[assignment]
            for upper, low, high, title in halves:
                number = self._number(place, upper)
                lowest = last and (not upper or not self.split)
                made[f"xaxis{number}"] = utc_axis(
                    self.asked_at,
                    self.lookback,
                    anchor=f"y{number}",
                    showticklabels=lowest,
                    **({} if number == "" else {"matches": "x"}),
                    **({} if lowest else {"title": {"text": ""}}),
                )
                made[f"yaxis{number}"] = {
                    "domain": [max(low, 0), high],
                    "anchor": f"x{number}",
                    "title": {"text": title},
                    "rangemode": "tozero",
                    "nticks": 4,
                }
        return made

    def _number(self, place: int, upper: bool) -> str:
        number = place * (2 if self.split else 1) + (0 if upper else 1) + 1
        return "" if number == 1 else str(number)


def _worst_first(
    volume: pd.Series, quota: pd.DataFrame | None, collection_stops: pd.DataFrame | None
) -> list[str]:
    over: set[str] = set()
    if quota is not None and len(quota):
        now = quota["over_quota_now"].astype("boolean").fillna(False).astype(bool)
        over = set(quota.loc[now, "workspace_id"])
    stopped = set() if collection_stops is None else set(collection_stops["workspace_id"])
    sizes = {str(id_): float(size) for id_, size in volume.items()}
    return sorted(sizes, key=lambda id_: (id_ not in over, id_ not in stopped, -sizes[id_], id_))


def _heads(ids: list[str], quota: pd.DataFrame | None) -> list[str]:
    names = labels_of(quota, ids)
    heads = []
    for id_ in ids:
        cap, _ = _cap(quota, id_)
        said = "cap unknown" if cap is None else "no daily cap" if cap < 0 else f"daily cap {cap:g} GB"
        known = quota[quota["workspace_id"] == id_] if quota is not None else None
        over = known is not None and bool(known["over_quota_now"].astype("boolean").fillna(False).any())
        heads.append(
            f"<b>{plain(names[id_], 60)}</b> · {said}" + (" · <b>over quota now</b>" if over else "")
        )
    return heads


def _cap(quota: pd.DataFrame | None, id_: str) -> tuple[float | None, pd.Timedelta]:
    """Return the cap in GB (None: unknown, below 0: none) and the reset's time of day."""
    none = pd.Timedelta(0)
    if quota is None or not (quota["workspace_id"] == id_).any():
        return None, none
    row = quota[quota["workspace_id"] == id_].iloc[0]
    cap = None if pd.isna(row["daily_cap_gb"]) else float(row["daily_cap_gb"])
    reset = row["last_reset"]
    return cap, none if pd.isna(reset) else reset - reset.floor("D")


def _cap_line(
    cap: float, asked_at: datetime, lookback: timedelta, place: int, panels: _Panels, *, first: bool
) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "daily cap",
        "legendgroup": "cap",
        "showlegend": first,
        "line": {"color": BAD, "dash": "dash", "width": 1.5},
        "x": moments((asked_at - lookback, asked_at)),
        "y": [cap, cap],
        "hovertemplate": f"daily cap {cap:g} GB<extra></extra>",
        **panels.axes(place, upper=False),
    }


def _stops_of(
    collection_stops: pd.DataFrame | None, id_: str, asked_at: datetime
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    if collection_stops is None:
        return []
    own = collection_stops[collection_stops["workspace_id"] == id_]
    until = pd.Timestamp(asked_at)
    return [
        (start, min(end if pd.notna(end) else until, until))
        for start, end in zip(own["stopped"], own["ended"], strict=True)
        if pd.notna(start)
    ]


def _within(hour: pd.Timestamp, found: list[tuple[pd.Timestamp, pd.Timestamp]]) -> bool:
    return any(start < hour + pd.Timedelta(hours=1) and hour < end for start, end in found)


def _panels_said(shown: int, cut: int, before: str = "") -> str:
    return f"{before}{shown} of {counted(shown + cut, 'workspace')}, over quota first." if cut else ""
