"""One row per moment and machine that reported in the 30 minutes either side of it."""

from __future__ import annotations

import pandas as pd

from umdiag.frames._text import folded, looked_up


def derive(heartbeats_around: pd.DataFrame, identities: pd.DataFrame) -> pd.DataFrame:
    """Return moment, machine, workspace_id; the moments are the runs' starts."""
    rows = heartbeats_around.assign(
        agent=folded(heartbeats_around["source_computer_id"]), name=folded(heartbeats_around["computer"])
    )
    joined = rows.merge(identities[["agent", "name", "machine"]], on=["agent", "name"], how="left")
    by_name = identities.drop_duplicates("name", keep="last").set_index("name")["machine"]
    joined["machine"] = joined["machine"].fillna(looked_up(joined["name"], by_name))
    found = joined.dropna(subset=["machine"]).astype({"machine": "int64"})
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


def reporting(hours: pd.DataFrame) -> dict[str, int]:
    """Return how many machines at least reported in these hours, by workspace; three are never missed."""
    names = hours.melt("workspace_id", ["lowest", "highest"], value_name="name")
    several = folded(names["name"]).groupby(names["workspace_id"]).nunique()
    at_once = hours.groupby("workspace_id")["machines"].max()
    return pd.concat([several, at_once]).groupby(level=0).max().astype(int).to_dict()
