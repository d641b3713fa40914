"""One row per hybrid runbook worker in a group of the system, by what it is recognised."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.text import folded


def derive(workers: pd.DataFrame, worker_groups: pd.DataFrame) -> pd.DataFrame:
    """Return group_name, vm_key (folded ARM id, "" where the worker names none), worker_name, last_seen."""
    system = worker_groups[folded(worker_groups["group_type"]) == "system"]
    rows = workers.assign(
        group_name=folded(workers["group_name"]), worker_name=folded(workers["worker_name"])
    )
    rows["vm_key"] = folded(rows["vm_resource_id"]).str.rstrip("/")
    rows = rows[rows["group_name"].isin(folded(system["name"]))]
    return rows[["group_name", "vm_key", "worker_name", "last_seen"]].reset_index(drop=True)


def has_worker(machines: pd.DataFrame, system_workers: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine (columns arm_key, name) is a system worker.

    A worker that names a virtual machine is that one alone; else its own name counts, else that of its
    group, `<computer>_<id>`.
    """
    unbound = system_workers[system_workers["vm_key"] == ""]
    by_id = machines["arm_key"].isin(system_workers["vm_key"]) & (machines["arm_key"] != "")
    by_name = machines["name"].isin(unbound["worker_name"]) & (machines["name"] != "")
    by_group = machines["name"].isin(unbound["group_name"].str.extract(r"^(.+)_[^_]*$")[0]) & (
        machines["name"] != ""
    )
    return by_id | by_name | by_group
