"""The maintenance windows of the coming week, and which of them overlap on the same machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    DULL,
    SERIES,
    Figure,
    Spec,
    chosen,
    each,
    figure,
    inert,
    marked,
    moment,
    moments,
    of_machines,
    some,
    utc_axis,
)
from umdiag.words.counting import counted

_WEEK = timedelta(days=7)
_MOST_LINES, _MOST_WINDOWS = 25, 600
_MEETS, _ALONE, _NOBODY = (
    "overlaps another window on the same machines",
    "maintenance window",
    "reaches no machine",
)
_COLOURS: Mapping[str, str] = {_MEETS: BAD, _ALONE: SERIES[0], _NOBODY: DULL}
#: A window whose length is not known is drawn as long as the shortest that the service takes.
_LEAST = pd.Timedelta(minutes=90)


def coming_week(
    occurrences: pd.DataFrame,
    configurations: pd.DataFrame,
    selections: pd.DataFrame,
    schedule_conflicts: pd.DataFrame | None,
    population: pd.DataFrame | None,
    *,
    asked_at: datetime,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw when each schedule patches in the coming week, one line per schedule.

    `occurrences`: its windows (configuration_key, start, end); `configurations`: its name, whether it is
    living and its starts can be told; `selections`: the machines that it reaches; `schedule_conflicts`: the
    pairs of schedules that meet on a machine; `population`: one row per machine.
    """
    living = configurations[marked(configurations["living"])].set_index("configuration_key")
    reached = selections[marked(selections["living"])][["configuration_key", "machine_key"]].drop_duplicates()
    machines, only = (None, "") if population is None else chosen(population, computers)
    if only and machines is not None:
        reached = reached[reached["machine_key"].isin(machines["arm_key"])]
        living = living[living.index.isin(reached["configuration_key"])]
    windows = _windows(occurrences, living, asked_at)
    if windows.empty:
        return None
    windows["machines"] = windows["configuration_key"].map(reached["configuration_key"].value_counts())
    windows["meets"] = _meetings(windows, schedule_conflicts, living)
    kind = pd.Series(_ALONE, index=windows.index).mask(windows["machines"].isna(), _NOBODY)
    windows["kind"] = kind.mask(windows["meets"].map(len) > 0, _MEETS)
    order = _first_to_look_at(windows)
    lines = {key: place for place, key in enumerate(order[:_MOST_LINES])}
    shown = windows[windows["configuration_key"].isin(lines)].head(_MOST_WINDOWS)
    traces = [
        _bars(rows, label, colour, lines)
        for label, colour in _COLOURS.items()
        if len(rows := shown[shown["kind"] == label])
    ]
    said = _said(windows, reached, living, machines)
    if len(order) > len(lines):
        said += f" {len(order) - len(lines):,} schedules that start later are not drawn."
    if len(shown) < len(windows[windows["configuration_key"].isin(lines)]):
        said += f" Only the first {len(shown):,} windows are drawn."
    if schedule_conflicts is None:
        said += " Whether windows overlap could not be seen."
    layout = {
        "barmode": "overlay",
        "xaxis": utc_axis(asked_at + _WEEK, _WEEK),
        "yaxis": {
            "range": [len(lines) - 0.5, -0.5],
            "tickvals": list(lines.values()),
            "ticktext": [inert(living["name"][key], 34) for key in lines],
        },
    }
    return figure(
        "Schedules of the coming week", said + only, traces, layout, height=max(34 * len(lines), 90)
    )


def _windows(occurrences: pd.DataFrame, living: pd.DataFrame, asked_at: datetime) -> pd.DataFrame:
    """Return the windows that are open or open within a week, ascending, with what they are drawn until."""
    rows = occurrences[occurrences["configuration_key"].isin(living.index)]
    rows = rows.assign(until=rows["end"].fillna(rows["start"] + _LEAST))
    now = pd.Timestamp(asked_at)
    rows = rows[(rows["until"] > now) & (rows["start"] <= now + _WEEK)]
    rows = rows.assign(configuration=rows["configuration_key"].map(living["name"]))
    return rows.sort_values(["start", "configuration_key"], kind="stable").reset_index(drop=True)


def _meetings(windows: pd.DataFrame, conflicts: pd.DataFrame | None, living: pd.DataFrame) -> pd.Series[Any]:
    """Return with whom each window shares time and machines: a list of lines, mostly empty."""
    found: list[list[str]] = [[] for _ in range(len(windows))]
    if conflicts is None or conflicts.empty:
        return pd.Series(found, index=windows.index, dtype=object)
    one_way = conflicts[["configuration_key", "other_key", "machines"]]
    other_way = one_way.rename(columns={"configuration_key": "other_key", "other_key": "configuration_key"})
    pairs = pd.concat([one_way, other_way], ignore_index=True).rename(columns={"machines": "shared"})
    mine = windows.reset_index()[["index", "configuration_key", "start", "until"]].merge(
        pairs, on="configuration_key"
    )
    theirs = windows[["configuration_key", "start", "until"]].rename(
        columns={"configuration_key": "other_key", "start": "other_start", "until": "other_until"}
    )
    both = mine.merge(theirs, on="other_key")
    # Two windows of no length that start together meet all the same.
    same = both["start"] == both["other_start"]
    both = both[same | ((both["start"] < both["other_until"]) & (both["other_start"] < both["until"]))]
    for row in each(both.drop_duplicates(["index", "other_key"])):
        name = inert(living["name"].get(row.other_key, row.other_key), 50)
        found[row.index].append(f"{name}, on {counted(int(row.shared), 'machine')}")
    return pd.Series(found, index=windows.index, dtype=object)


def _first_to_look_at(windows: pd.DataFrame) -> list[str]:
    """Order schedules: those whose windows meet come first, then those that start next."""
    firsts = windows.groupby("configuration_key").agg(
        meets=("kind", lambda kinds: not (kinds == _MEETS).any()),
        start=("start", "min"),
        name=("configuration", "first"),
    )
    return [str(key) for key in firsts.sort_values(["meets", "start", "name"], kind="stable").index]


def _bars(rows: pd.DataFrame, label: str, colour: str, lines: Mapping[str, int]) -> Spec:
    length = (rows["until"] - rows["start"]) / pd.Timedelta(milliseconds=1)
    return {
        "type": "bar",
        "orientation": "h",
        "name": label,
        "marker": {"color": colour, "line": {"width": 0}},
        "base": moments(rows["start"]),
        "x": [int(milliseconds) for milliseconds in length],
        "y": [lines[key] for key in rows["configuration_key"]],
        "width": 0.6,
        "customdata": [[_note(row)] for row in each(rows)],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _note(row: Any) -> str:
    number = 0 if pd.isna(row.machines) else int(row.machines)
    until = "length not known" if pd.isna(row.end) else f"to {moment(row.end)}"
    told = f"{inert(row.configuration, 60)}<br>{moment(row.start)} {until}<br>{counted(number, 'machine')}"
    return told + (f"<br>overlaps {some(row.meets, 6, 120)}" if row.meets else "")


def _said(
    windows: pd.DataFrame, reached: pd.DataFrame, living: pd.DataFrame, machines: pd.DataFrame | None
) -> str:
    said = (
        f"{counted(len(windows), 'window')} of {counted(windows['configuration_key'].nunique(), 'schedule')}"
    )
    if number := int((windows["kind"] == _MEETS).sum()):
        said += f"; {number:,} overlap on the same machines"
    reached = reached[reached["configuration_key"].isin(windows["configuration_key"])]
    if machines is None:
        said += f". Reach {counted(reached['machine_key'].nunique(), 'machine')}."
    else:
        known = int(machines["arm_key"].isin(reached["machine_key"]).sum())
        said += ". Reach " + of_machines(known, len(machines), "reached by none of them")
    if untold := int((~marked(living["recurrence_known"])).sum()):
        said += f" {counted(untold, 'schedule')} more, whose starts are unknown."
    return said
