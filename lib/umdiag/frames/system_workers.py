"""One row per hybrid runbook worker in a group of the system, by what it is recognised."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.shared.text import after_last, among, before_first, folded


def derive(workers: pd.DataFrame, worker_groups: pd.DataFrame) -> pd.DataFrame:
    """Return group_name, vm_key (folded ARM id, "" where the worker names none), worker_name, last_seen."""
    system = worker_groups[folded(worker_groups["group_type"]) == "system"]
    rows = workers.assign(
        group_name=folded(workers["group_name"]), worker_name=folded(workers["worker_name"])
    )
    rows["vm_key"] = folded(rows["vm_resource_id"]).str.rstrip("/")
    rows = rows[among(rows["group_name"], folded(system["name"]))]
    return rows[["group_name", "vm_key", "worker_name", "last_seen"]].reset_index(drop=True)


def has_worker(machines: pd.DataFrame, system_workers: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine (columns arm_key, name) is a system worker."""
    is_one = pd.Series(False, index=machines.index)
    for mine, theirs in _recognised(machines, system_workers):
        is_one[mine.index[among(mine, theirs)]] = True
    return is_one


def workers_of(machines: pd.DataFrame, system_workers: pd.DataFrame) -> pd.DataFrame:
    """Return machine and last_seen of each machine's system workers; `machines` has arm_key and name too."""
    found = []
    for mine, theirs in _recognised(machines, system_workers):
        keys = pd.DataFrame({"key": mine, "machine": machines["machine"].reindex(mine.index)})
        seen = pd.DataFrame({"key": theirs, "last_seen": system_workers["last_seen"].reindex(theirs.index)})
        found.append(keys.merge(seen, on="key")[["machine", "last_seen"]])
    return pd.concat(found, ignore_index=True)


def _recognised(
    machines: pd.DataFrame, system_workers: pd.DataFrame
) -> Iterator[tuple[pd.Series[str], pd.Series[str]]]:
    """Yield by what machines are recognised, and by what workers are.

    A worker that names a virtual machine is that one alone, or the machine of its name if that does not tell
    its ARM id; else its own name counts, else that of its group, `<computer>_<id>`.
    """
    bound = system_workers["vm_key"] != ""
    has_id, has_name = machines["arm_key"] != "", machines["name"] != ""
    yield machines["arm_key"][has_id], system_workers["vm_key"][bound]
    short = before_first(machines["name"][has_name & ~has_id], ".")
    yield short, after_last(system_workers["vm_key"][bound], "/")
    yield machines["name"][has_name], system_workers["worker_name"][~bound]
    yield (
        machines["name"][has_name],
        system_workers["group_name"][~bound].str.extract(r"^(.+)_[^_]*$")[0].dropna(),
    )
