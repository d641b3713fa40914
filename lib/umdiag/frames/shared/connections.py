"""Say when machines were connected, and for how long they were not, from their heartbeats around runs."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.presence import silent_at
from umdiag.frames.shared.recognition import on_machines
from umdiag.frames.shared.text import after_last, among, before_first, folded

_HALF_HOUR = pd.Timedelta(minutes=30)


def beats_of(
    rows: pd.DataFrame, heartbeats_of_failures: pd.DataFrame, identities: pd.DataFrame, machines: pd.DataFrame
) -> pd.DataFrame:
    """Return row (index of `rows`), agent, first_heartbeat, last_heartbeat: the ten-minute slots of each
    machine run in which its machine reported, from half an hour before its start to its end or beyond.
    """
    slots = on_machines(heartbeats_of_failures, identities, machines)
    slots = slots.assign(agent=folded(slots["source_computer_id"]))
    slots = slots[["machine", "agent", "first_heartbeat", "last_heartbeat"]]
    runs = rows[["machine", "start_time", "end_time"]].assign(row=rows.index)
    pairs = runs[runs["machine"] >= 0].merge(slots, on="machine")
    until = pairs[["start_time", "end_time"]].max(axis=1) + _HALF_HOUR
    near = (pairs["last_heartbeat"] >= pairs["start_time"] - _HALF_HOUR) & (pairs["first_heartbeat"] <= until)
    return pairs[near].sort_values(["row", "first_heartbeat"])


def at_start(beats: pd.DataFrame) -> pd.DataFrame:
    """Return the slots with a heartbeat in the half hours either side of their run's start; exact."""
    return beats[
        (beats["last_heartbeat"] >= beats["start_time"] - _HALF_HOUR)
        & (beats["first_heartbeat"] <= beats["start_time"] + _HALF_HOUR)
    ]


def connected(
    rows: pd.DataFrame,
    beats: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    identities: pd.DataFrame | None,
) -> pd.Series[bool]:
    """Whether each machine reported in the half hours around its run's start (null: cannot be told).

    `rows` has start_time, run_agent, machine_key, machine, workspace_id. It cannot be told where the
    workspace was silent, or where the heartbeats were not asked for by any id or name of the machine.
    """
    told = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    if beats is None or heartbeat_hours is None:
        return told
    here = pd.Series(rows.index.isin(at_start(beats)["row"]), index=rows.index, dtype="boolean")
    silent = silent_at(rows["workspace_id"], rows["start_time"], heartbeat_hours)
    return here.mask(~here & (silent | ~_asked(rows, identities)))


def _asked(rows: pd.DataFrame, identities: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether the query of heartbeats names the machine: by the run's agent, target or short name."""
    if identities is None:
        return pd.Series(True, index=rows.index)
    short = before_first(after_last(rows["machine_key"].str.removeprefix("name:"), "/"), ".")
    keys = identities[["machine", "agent"]].assign(
        short=before_first(identities["name"], "."), arm=folded(identities["resource_id"]).str.rstrip("/")
    )
    asked = (
        among(keys["agent"], rows["run_agent"])
        | among(keys["short"], short)
        | among(keys["arm"], rows["machine_key"])
    )
    return among(rows["machine"], keys["machine"][asked]) | (rows["machine"] < 0)


def longest_gaps(rows: pd.DataFrame, beats: pd.DataFrame) -> pd.DataFrame:
    """Return begin and minutes of each machine run's longest stretch without a heartbeat, by its index."""
    runs = rows[["start_time", "end_time"]].assign(row=rows.index)
    inside = beats[
        (beats["last_heartbeat"] >= beats["start_time"]) & (beats["first_heartbeat"] <= beats["end_time"])
    ]
    points = pd.concat(
        [
            runs.assign(since=runs["start_time"], until=runs["start_time"]),
            inside.assign(since=inside["first_heartbeat"], until=inside["last_heartbeat"]),
            runs.assign(since=runs["end_time"], until=runs["end_time"]),
        ],
        ignore_index=True,
    )[["row", "since", "until"]]
    points = points.dropna().sort_values(["row", "since", "until"], kind="stable")
    before = points.groupby("row")["until"].cummax().groupby(points["row"]).shift()
    minutes = ((points["since"] - before) / pd.Timedelta(minutes=1)).round(1)
    gaps = points.assign(begin=before, minutes=minutes)
    gaps = (
        gaps.dropna(subset=["begin"])
        .sort_values("minutes", kind="stable")
        .drop_duplicates("row", keep="last")
    )
    return gaps.set_index("row")[["begin", "minutes"]].reindex(rows.index)
