"""Write hybrid runbook worker groups and their workers: one system group per machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.identity import account_id, arm_ids, join_texts
from fleet.model import Texts, World, make_guids
from fleet.rhythm import last_heartbeat
from fleet.tables.writer import coded, constant, write_table

GROUP_TYPE = "Microsoft.Automation/AutomationAccounts/HybridRunbookWorkerGroups"
USER_GROUP = "user-runbooks"


def write_workers(world: World, folder: Path) -> dict[str, int]:
    """Write both tables; ``worker`` says how a machine's worker can be told."""
    how = world.texts("worker")
    present = np.flatnonzero(how != "none")
    count, base = len(present), f"{account_id(world)}/hybridRunbookWorkerGroups/"
    computer = world.texts("computer")[present]
    names = join_texts(computer, "_", world.texts("group_id")[present])
    user = how[present] == "user"
    names[user] = USER_GROUP
    groups, places = np.unique(names.astype(str), return_index=True)
    kind = np.where(user[places], "User", "System").astype(object)
    rows = write_table(
        folder,
        "hybridRunbookWorkerGroups",
        {
            "id": pa.array(join_texts(base, groups.astype(object)), pa.string()),
            "name": pa.array(groups, pa.string()),
            "type": constant(GROUP_TYPE, len(groups)),
            "properties": coded(join_texts('{"groupType":"', kind, '"}'), np.arange(len(groups))),
        },
    )
    ids = world.texts("worker_id")[present]
    workers = write_table(
        folder,
        "hybridRunbookWorkers",
        {
            "id": pa.array(join_texts(base, names, "/hybridRunbookWorkers/", ids), pa.string()),
            "name": pa.array(ids, pa.string()),
            "type": constant(f"{GROUP_TYPE}/HybridRunbookWorkers", count),
            "properties": pa.array(_properties(world, present), pa.string()),
        },
    )
    return {"hybridRunbookWorkerGroups": rows, "hybridRunbookWorkers": workers}


def _properties(world: World, present: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Texts:
    """Return the properties of the workers as JSON text."""
    how = world.texts("worker")[present]
    computer = world.texts("computer")[present]
    own = arm_ids(world)[present]
    # a namesake belongs to a machine that is no more; "group" tells nothing but its group's name
    foreign = make_guids(world.rng("namesakes"), len(present))
    path = "/resourceGroups/rg-old/providers/Microsoft.Compute/virtualMachines/"
    other = join_texts("/subscriptions/", foreign, path, computer)
    target = np.where(how == "namesake", other, own)
    named = np.isin(how, ["vm", "user", "namesake"])
    linked = join_texts('"vmResourceId":"', np.where(named, target, ""), '",')
    known = np.where(how == "group", "", join_texts('"workerName":"', computer, '",'))
    newest = np.minimum(np.maximum(last_heartbeat(world), world.start), world.column("worker_seen"))
    seen = pd.to_datetime(newest[present], unit="s")
    made = pd.to_datetime(world.column("created")[present] + 7200, unit="s")
    form = "%Y-%m-%dT%H:%M:%S+00:00"
    return join_texts(
        "{", np.where(named, linked, ""), known, '"registeredDateTime":"',
        np.asarray(made.strftime(form), dtype=object), '","lastSeenDateTime":"',
        np.asarray(seen.strftime(form), dtype=object), '","workerType":"HybridV1"}',
    )  # fmt: skip
