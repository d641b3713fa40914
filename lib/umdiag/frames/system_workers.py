"""One row per hybrid runbook worker in a group of the system, by what it is recognised."""

from __future__ import annotations

from collections.abc import Iterator

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
    """Whether each machine (columns arm_key, name) is a system worker."""
    is_one = pd.Series(False, index=machines.index)
    for column, keys in _known_by(system_workers):
        is_one |= machines[column].isin(keys) & (machines[column] != "")
    return is_one


def workers_of(machines: pd.DataFrame, system_workers: pd.DataFrame) -> pd.DataFrame:
    """Return machine and last_seen of each machine's system workers; `machines` has arm_key and name too."""
    found = []
    for column, keys in _known_by(system_workers):
        mine = machines[["machine", column]].rename(columns={column: "key"})
        theirs = pd.DataFrame({"key": keys, "last_seen": system_workers["last_seen"].reindex(keys.index)})
        found.append(mine[mine["key"] != ""].merge(theirs, on="key")[["machine", "last_seen"]])
    return pd.concat(found, ignore_index=True)


def _known_by(system_workers: pd.DataFrame) -> Iterator[tuple[str, pd.Series[str]]]:
    """Yield by which column of a machine workers know it, and their keys.

    A worker that names a virtual machine is that one alone; else its own name counts, else that of its
    group, `<computer>_<id>`.
    """
    bound = system_workers["vm_key"] != ""
    yield "arm_key", system_workers["vm_key"][bound]
    yield "name", system_workers["worker_name"][~bound]
    yield "name", system_workers["group_name"][~bound].str.extract(r"^(.+)_[^_]*$")[0].dropna()
