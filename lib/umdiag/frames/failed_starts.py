"""One row per machine and deployment whose newest machine run did not start, with every reason that fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.missed import is_deleted
from umdiag.frames.open_jobs import account_of, standing_of
from umdiag.frames.shared.connections import at_start, beats_of, connected
from umdiag.frames.shared.records import whole
from umdiag.frames.shared.text import looked_up

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
    machine_run_outcomes: pd.DataFrame,
    identities: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    heartbeats_of_failures: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    automation_jobs: pd.DataFrame | None,
    *,
    job_limit: int,
) -> pd.DataFrame:
    """Return the columns of `machine_run_outcomes`, connected (null: cannot be told), ids_at_start (list),
    power, jobs (the most at one moment, null: not known) and the reasons as boolean columns.
    """
    runs = machine_run_outcomes
    rows = runs[runs["newest"] & (runs["status"] == "failedtostart")].reset_index(drop=True)
    beats = None
    if identities is not None and machines is not None and whole(heartbeats_of_failures):
        beats = beats_of(rows, heartbeats_of_failures, identities, machines)
    rows["connected"] = connected(rows, beats, heartbeat_hours, identities)
    rows["ids_at_start"] = _ids_at_start(rows, identities, beats)
    absent = ~rows["connected"].fillna(True).astype(bool)
    off = pd.Series(False, index=rows.index)
    rows["power"], rows["machine_deleted"] = "", False
    if estate is not None:
        known = estate.set_index("machine_key")
        off = looked_up(rows["arm_key"], known["on"]).eq(False).fillna(False).astype(bool)
        rows["power"] = looked_up(rows["arm_key"], known["power"]).fillna("")
        if subscriptions is not None and whole(estate):
            rows["machine_deleted"] = is_deleted(rows["arm_key"], estate["machine_key"], subscriptions)
    rows["source_computer_id_changed"] = [
        bool(one.run_agent and one.ids_at_start and one.run_agent not in one.ids_at_start)
        for one in rows.itertuples()
    ]
    rows["machine_off"] = off & absent
    rows["machine_unreachable"] = absent
    rows["jobs"] = _most_jobs(rows, automation_jobs)
    rows["job_limit_reached"] = (rows["jobs"] >= job_limit).fillna(False).astype(bool)
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
    before = pairs[(pairs["first_heartbeat"] <= pairs["start_time"]) & ~pairs["row"].isin(around["row"])]
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
    if jobs is None or not whole(jobs):
        return most
    accounts = account_of(jobs["id"])
    for account, own in rows.groupby(account_of(rows["id"])):
        times, standing = standing_of(jobs[accounts == account])
        first = np.searchsorted(times, own["start_time"].to_numpy("datetime64[us]"), side="right")
        last = np.searchsorted(
            times, own["end_time"].fillna(own["start_time"]).to_numpy("datetime64[us]"), side="right"
        )
        most[own.index] = [
            int(standing[one : max(one, other) + 1].max()) for one, other in zip(first, last, strict=True)
        ]
    return most
