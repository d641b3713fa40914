"""One row per machine and deployment whose newest machine run did not start, with every reason that fits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.estate import power_of
from umdiag.frames.open_jobs import account_of, standing_of
from umdiag.frames.shared.connections import at_start, beats_of, connected
from umdiag.frames.shared.existence import deleted, hidden
from umdiag.frames.shared.text import among
from umdiag.model import Partial

#: In the order in which causes are decided.
REASONS = (
    "machine_deleted",
    "source_computer_id_changed",
    "machine_off",
    "machine_unreachable",
    "job_limit_reached",
)
_HALF_HOUR = pd.Timedelta(minutes=30)


def derive(
    machine_run_outcomes: Partial,
    identities: Partial | None,
    machines: Partial | None,
    heartbeats_of_failures: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    heartbeats: pd.DataFrame | None,
    automation_jobs: pd.DataFrame | None,
    *,
    asked_at: datetime,
    job_limit: int,
) -> pd.DataFrame:
    """Return the columns of `machine_run_outcomes`, connected, ids_at_start (list), power, hidden (what
    would show its resource, "": nothing has to), jobs (the most at one moment) and the reasons as boolean
    columns; null where they cannot be told.
    """
    runs = machine_run_outcomes
    rows = runs[runs["newest"] & (runs["status"] == "failedtostart")].reset_index(drop=True)
    beats = None
    if identities is not None and machines is not None and heartbeats_of_failures is not None:
        beats = beats_of(rows, heartbeats_of_failures, identities, machines)
    rows["connected"] = connected(rows, beats, heartbeat_hours, identities)
    rows["ids_at_start"] = _ids_at_start(rows, identities, beats)
    last_heartbeats = None if heartbeats is None else rows["last_heartbeat"]
    rows["machine_deleted"] = deleted(
        rows["arm_key"], last_heartbeats, estate, subscriptions, resource_changes, asked_at=asked_at
    )
    rows["hidden"] = hidden(rows["arm_key"], rows["machine_deleted"], estate, subscriptions)
    rows["source_computer_id_changed"] = pd.Series(
        [
            bool(run.run_agent and run.ids_at_start and run.run_agent not in run.ids_at_start)
            for run in rows.itertuples()
        ],
        index=rows.index,
        dtype="boolean",
    ).mask(pd.Series(beats is None, index=rows.index))
    rows["power"], off = power_of(rows["arm_key"], estate)
    rows["machine_off"] = off & ~rows["connected"]
    rows["machine_unreachable"] = ~rows["connected"]
    rows["jobs"] = _most_jobs(rows, automation_jobs)
    rows["job_limit_reached"] = (rows["jobs"] >= job_limit).astype("boolean")
    return rows


def _ids_at_start(
    rows: pd.DataFrame, identities: pd.DataFrame | None, beats: pd.DataFrame | None
) -> list[list[str]]:
    """Return the agent ids that reported around each start, else the one that had reported last before it."""
    ids: list[list[str]] = [[] for _ in range(len(rows))]
    if identities is None:
        return ids
    pairs = rows[["machine", "start_time"]].assign(row=rows.index).merge(identities, on="machine")
    pairs = pairs[(pairs["agent"] != "") & (pairs["first_heartbeat"] <= pairs["start_time"] + _HALF_HOUR)]
    if beats is None:
        around = pairs[["row", "agent"]][pairs["last_heartbeat"] >= pairs["start_time"] - _HALF_HOUR]
    else:
        around = at_start(beats)[["row", "agent"]]
        around = around[around["agent"] != ""]
    before = pairs[(pairs["first_heartbeat"] <= pairs["start_time"]) & ~among(pairs["row"], around["row"])]
    before = before.assign(heard=before[["last_heartbeat", "start_time"]].min(axis=1))
    before = before.sort_values(["heard", "first_heartbeat"], kind="stable").drop_duplicates(
        "row", keep="last"
    )
    for row, agent in pd.concat([around, before[["row", "agent"]]]).drop_duplicates().itertuples(index=False):
        ids[row].append(agent)
    return ids


def _most_jobs(rows: pd.DataFrame, jobs: pd.DataFrame | None) -> pd.Series[Any]:
    """Return how many jobs of the account there were at most between each start and end."""
    most = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    if jobs is None:
        return most
    accounts = account_of(jobs["id"])
    for account, starts in rows.groupby(account_of(rows["id"])):
        times, standing = standing_of(jobs[accounts == account])
        first = np.searchsorted(times, starts["start_time"].to_numpy("datetime64[us]"), side="right")
        last = np.searchsorted(
            times, starts["end_time"].fillna(starts["start_time"]).to_numpy("datetime64[us]"), side="right"
        )
        most[starts.index] = [
            int(standing[begin : max(begin, end) + 1].max()) for begin, end in zip(first, last, strict=True)
        ]
    return most
