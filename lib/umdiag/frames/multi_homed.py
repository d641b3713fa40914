"""One row per machine that reports with the updates solution to two or more workspaces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.recognition import on_machines
from umdiag.frames.shared.text import among, folded, looked_up
from umdiag.frames.workspaces import places
from umdiag.model import Partial


def derive(
    heartbeats: pd.DataFrame,
    identities: Partial,
    machines: Partial,
    workspace_settings: pd.DataFrame | None,
    *,
    workspaces: Sequence[str],
    asked_at: datetime,
    stale_after: timedelta,
) -> pd.DataFrame:
    """Return the columns of `machines` and homes: a list of workspace and last_heartbeat.

    One id under one name is one agent; where rows carry no id, the hardware's stands in.
    Machines of Azure Update Manager are left out, and those of which that cannot be told.
    """
    recent = heartbeats[
        (heartbeats["last_heartbeat"] >= pd.Timestamp(asked_at) - pd.Timedelta(stale_after))
        & folded(heartbeats["solutions"]).str.contains(r"\bupdates\b", regex=True).astype(bool)
    ]
    agent, hardware = folded(recent["source_computer_id"]), folded(recent["vmuuid"])
    recent = recent.assign(
        agent=agent.where(agent != "", hardware),
        name=folded(recent["computer"]),
        home=folded(recent["workspace_id"]),
    )
    recent = recent[(recent["agent"] != "") & (recent["home"] != "")]
    homes = recent.groupby(["agent", "name"])["home"].transform("nunique")
    rows = on_machines(recent[homes > 1], identities, machines)
    names = places(rows["workspace_id"].unique(), workspace_settings, workspaces)
    names = names.drop_duplicates("workspace_id").set_index("workspace_id")["name"]
    rows["workspace"] = looked_up(rows["workspace_id"], names).fillna(rows["workspace_id"])
    rows = rows.sort_values(["last_heartbeat", "home"], ascending=[False, True], kind="stable")
    rows = rows.drop_duplicates(["machine", "home"])
    homes_of = {
        number: places_of_machine[["workspace", "last_heartbeat"]].to_dict("records")
        for number, places_of_machine in rows.groupby("machine")
    }
    here = surely_not(machines["update_manager"])
    found = machines[among(machines["machine"], homes_of) & here].reset_index(drop=True)
    return found.assign(homes=[homes_of[number] for number in found["machine"]])
