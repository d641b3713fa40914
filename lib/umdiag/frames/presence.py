"""One row per moment and machine that reported in the 30 minutes either side of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.recognition import numbered
from umdiag.frames.shared.text import folded
from umdiag.model import Partial

_COUNTED = 3
_HALF_HOUR = pd.Timedelta(minutes=30)
_HOUR = pd.Timedelta(hours=1)
_DAY = pd.Timedelta(days=1)


def derive(heartbeats_around: pd.DataFrame, identities: Partial) -> pd.DataFrame:
    """Return moment, machine, workspace_id; the moments are the runs' starts."""
    rows = heartbeats_around.assign(machine=numbered(heartbeats_around, identities))
    found = rows.dropna(subset=["machine"]).astype({"machine": "int64"})
    return found[["moment", "machine", "workspace_id"]].drop_duplicates().reset_index(drop=True)


def silent_workspaces(
    presence: pd.DataFrame, heartbeat_hours: pd.DataFrame, moment: pd.Timestamp
) -> set[str]:
    """Return the workspaces that heard of no machine around `moment`, and of three the day before."""
    before = heartbeat_hours[
        (heartbeat_hours["hour"] >= moment - pd.Timedelta(hours=25)) & (heartbeat_hours["hour"] < moment)
    ]
    heard = reporting(before)
    talking = set(presence["workspace_id"][presence["moment"] == moment])
    return {workspace for workspace, machines in heard.items() if machines >= 3} - talking


def silent_at(
    workspaces: pd.Series[Any], moments: pd.Series[Any], heartbeat_hours: pd.DataFrame
) -> pd.Series[bool]:
    """Whether each workspace was silent at each moment, exactly, from each hour's first and last heartbeat.

    A workspace that is not known ("") is silent only where all were.
    """
    hours = heartbeat_hours[["workspace_id", "hour", "first_heartbeat", "last_heartbeat"]]
    everyone = hours.groupby("hour").agg({"first_heartbeat": "min", "last_heartbeat": "max"}).reset_index()
    hours = pd.concat([hours[hours["workspace_id"] != ""], everyone.assign(workspace_id="")])
    known = hours.drop_duplicates(["workspace_id", "hour"]).set_index(["workspace_id", "hour"])
    # The hour around a moment is the end of one clock hour and the beginning of the next.
    begin = (moments - _HALF_HOUR).dt.floor("h")
    ends = known["last_heartbeat"].reindex(pd.MultiIndex.from_arrays([workspaces, begin]))
    begins = known["first_heartbeat"].reindex(pd.MultiIndex.from_arrays([workspaces, begin + _HOUR]))
    heard = (ends.set_axis(moments.index) >= moments - _HALF_HOUR) | (
        begins.set_axis(moments.index) <= moments + _HALF_HOUR
    )
    quiet = pd.DataFrame({"workspace_id": workspaces, "hour": moments.dt.floor("h")})[~heard]
    silent = pd.Series(False, index=moments.index)
    for (workspace, hour), moments_of_hour in quiet.groupby(["workspace_id", "hour"]):
        day = heartbeat_hours["hour"].between(hour - _DAY, hour, inclusive="left")
        counts = reporting(heartbeat_hours[day])
        reported = counts.get(workspace, 0) if workspace else max(counts.values(), default=0)
        silent[moments_of_hour.index] = reported >= _COUNTED
    return silent


def reporting(hours: pd.DataFrame) -> dict[str, int]:
    """Return how many machines at least reported in these hours, by workspace; three are never missed."""
    names = hours.melt("workspace_id", ["lowest", "highest"], value_name="name")
    several = folded(names["name"]).groupby(names["workspace_id"]).nunique()
    at_once = hours.groupby("workspace_id")["machines"].max()
    return pd.concat([several, at_once]).groupby(level=0).max().astype(int).to_dict()
