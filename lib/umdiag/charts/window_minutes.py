"""The minutes of maintenance windows: how late a run began, what it used, what is kept back, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.charts.bars import text
from umdiag.charts.canvas import (
    BAD,
    DULL,
    SERIES,
    WARN,
    Figure,
    Spec,
    chosen,
    each,
    figure,
    inert,
    marked,
    moment,
    of_machines,
)
from umdiag.words.counting import counted

_MOST_LINES = 20
#: Part of a window → label, colour, in the order of time.
_PARTS = {
    "late": ("before it began", DULL),
    "inside": ("scan, downloads, installs and restarts", SERIES[0]),
    "reserve": ("used of the time kept back for a restart", WARN),
    "beyond": ("beyond the window", BAD),
    "left": ("left", SERIES[4]),
    "kept": ("kept back for a restart", SERIES[3]),
}
#: Minutes at the end of a window in which nothing more is installed; none on a Linux that never restarts.
_OF_WINDOWS, _OF_LINUX = 10, 15
_OF_UPDATE_MANAGEMENT = 20
_COLUMNS = [
    "machine_key", "computer", "configuration", "start_time", "window_minutes", "used_minutes",
    "late_minutes", "exceeded", "reserve", "installed", "failed", "pending", "reboot_status",
    "needed_minutes",
]  # fmt: skip
#: Whether a restart was needed, or happened → words.
_RESTARTS = {
    "notneeded": "no restart was needed",
    "required": "a restart is needed",
    "started": "a restart began",
    "failed": "the restart failed",
    "completed": "it restarted",
}


def window_minutes(
    judged_installations: pd.DataFrame | None,
    exceeded_windows: pd.DataFrame | None,
    short_windows: pd.DataFrame | None,
    population: pd.DataFrame | None,
    *,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw the minutes of the fullest maintenance windows, one line per machine and what patched it.

    `judged_installations`: one row per installation of Update Manager (newest, window_minutes, used_minutes,
    late_minutes, window_exceeded, installed, failed, pending, reboot_status, …); `exceeded_windows`: those
    that ran out of time (needed_minutes); `short_windows`: the machine runs of Update Management that did,
    of the others the window is not told; `population`: one row per machine.
    """
    rows, only = chosen(_of_both(judged_installations, exceeded_windows, short_windows), computers)
    rows = rows[rows["window_minutes"].notna() & rows["used_minutes"].notna()].reset_index(drop=True)
    if rows.empty:
        return None
    parts = _parts(rows)
    rows = rows.assign(full=(parts["late"] + parts["used"]) / parts["window"])
    order = rows.sort_values(["exceeded", "full", "computer"], ascending=[False, False, True], kind="stable")
    shown = order.head(_MOST_LINES)
    traces = _bars(parts.loc[shown.index], [_note(row) for row in each(shown)])
    said = _said(rows, population, computers)
    if len(order) > len(shown):
        said += f" The {len(shown):,} fullest of {counted(len(order), 'window')} are drawn."
    ends = parts.loc[shown.index, "window"]
    layout = {
        "barmode": "stack",
        "bargap": 0.3,
        "xaxis": {
            "title": {"text": "minutes since the scheduled start"},
            "rangemode": "tozero",
            "tickformat": ",d",
        },
        "yaxis": {
            "range": [len(shown) - 0.5, -0.5],
            "tickvals": list(range(len(shown))),
            "ticktext": [
                f"{inert(row.computer, 22)} · {inert(row.configuration, 22)}" for row in each(shown)
            ],
            "showgrid": False,
        },
        "shapes": [_end(place, end) for place, end in enumerate(ends)],
    }
    title = "Minutes of maintenance windows, the fullest first"
    return figure(title, said + only, traces, layout, height=max(30 * len(shown), 80))


def _of_both(
    installations: pd.DataFrame | None, exceeded: pd.DataFrame | None, short: pd.DataFrame | None
) -> pd.DataFrame:
    """Return one row per window of either service, with the minutes at its end that are kept back."""
    parts = [pd.DataFrame(columns=_COLUMNS)]
    if installations is not None:
        rows = installations[marked(installations["newest"])]
        linux = text(rows["os_type"]) == "linux"
        reserve = linux.map({True: _OF_LINUX, False: _OF_WINDOWS})
        reserve = reserve.mask(linux & marked(rows["never_restarts"]), 0)
        needed = pd.Series(dtype="Float64") if exceeded is None else _needed(exceeded)
        rows = rows.assign(exceeded=marked(rows["window_exceeded"]), reserve=reserve)
        parts.append(rows.assign(needed_minutes=rows["installation_id"].map(needed))[_COLUMNS])
    if short is not None:
        rows = short.assign(exceeded=True, reserve=_OF_UPDATE_MANAGEMENT, pending=short["left"])
        parts.append(rows.reindex(columns=_COLUMNS))
    told = [part.astype(object) for part in parts if len(part)]
    return pd.concat(told, ignore_index=True) if told else parts[0]


def _needed(exceeded: pd.DataFrame) -> pd.Series[Any]:
    return exceeded.drop_duplicates("installation_id").set_index("installation_id")["needed_minutes"]


def _parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how the minutes of each window were used; what is not known to be late began in time."""
    window = rows["window_minutes"].astype(float)
    late = pd.to_numeric(rows["late_minutes"]).astype("Float64").fillna(0).astype(float).clip(0, window)
    used = rows["used_minutes"].astype(float).clip(lower=0)
    reserve = rows["reserve"].astype(float).clip(upper=window)
    end = late + used
    usable = window - reserve
    return pd.DataFrame(
        {
            "window": window,
            "used": used,
            "late": late,
            "inside": (end.clip(upper=usable) - late).clip(lower=0),
            "reserve": (end.clip(upper=window) - usable.where(usable > late, late)).clip(lower=0),
            "beyond": (end - window).clip(lower=0),
            "left": (usable - end).clip(lower=0).where(usable > late, 0),
            "kept": (window - end.where(end > usable, usable)).clip(lower=0),
        }
    )


def _bars(parts: pd.DataFrame, notes: Sequence[str]) -> list[Spec]:
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": label,
            "marker": {"color": colour},
            "x": [round(float(minutes), 1) for minutes in parts[name]],
            "y": list(range(len(parts))),
            "text": [f"{minutes:.0f}" if minutes >= 8 else "" for minutes in parts[name]],
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "customdata": [[note, label] for note in notes],
            "hovertemplate": "%{customdata[1]}: %{x:.0f} min<br>%{customdata[0]}<extra></extra>",
        }
        for name, (label, colour) in _PARTS.items()
        if (parts[name] > 0).any()
    ]


def _note(row: Any) -> str:
    updates = ", ".join(
        f"{int(number):,} {said}"
        for number, said in ((row.installed, "installed"), (row.failed, "failed"), (row.pending, "left"))
        if pd.notna(number)
    )
    lines = [
        f"{inert(row.computer, 40)}, {inert(row.configuration, 50)}",
        f"began {moment(row.start_time)}, used {row.used_minutes:.0f} of {int(row.window_minutes)} min",
        updates,
        _RESTARTS.get(str(row.reboot_status), ""),
        f"all of them need about {row.needed_minutes:.0f} min" if pd.notna(row.needed_minutes) else "",
    ]
    return "<br>".join(line for line in lines if line)


def _said(rows: pd.DataFrame, population: pd.DataFrame | None, computers: Sequence[str]) -> str:
    said = f"{counted(int(rows['exceeded'].sum()), 'window')} exceeded. "
    if population is None:
        return said + f"Shows {counted(rows['machine_key'].nunique(), 'machine')}."
    machines, _ = chosen(population, computers)
    keys = set(rows["machine_key"]) - {""}
    known = int((machines["arm_key"].isin(keys) | ("name:" + machines["name"]).isin(keys)).sum())
    return said + "Shows " + of_machines(known, len(machines), "have no installation of a known window")


def _end(place: int, minutes: float) -> Spec:
    """Mark where a window ends."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "y",
        "x0": float(minutes),
        "x1": float(minutes),
        "y0": place - 0.45,
        "y1": place + 0.45,
        "line": {"color": "#1F2328", "width": 2},
    }
