"""One row per static assignment whose machine Azure does not show: was it deleted, was it moved?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.existence import deleted
from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import after_last, among, folded, looked_up
from umdiag.model import Partial


def derive(
    assignments: Partial,
    selections: Partial,
    estate: pd.DataFrame,
    managed_machines: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return assignment_id, configuration_key, machine_key, resource_id, deleted (null: cannot be told),
    moved_to (ARM id of the single machine of that name and type elsewhere, "": none, or not deleted here),
    reached_there (whether the configuration reaches that machine).

    A machine that patch rows or runs name since changes reach back is only deleted if that is recorded.
    """
    lost = assignments[assignments["static"] & ~among(assignments["machine_key"], estate["machine_key"])]
    rows = lost[["assignment_id", "configuration_key", "machine_key", "resource_id"]].reset_index(drop=True)
    heard = None if managed_machines is None else _last_signs(rows["machine_key"], managed_machines)
    keys = rows["machine_key"]
    rows["deleted"] = deleted(keys, heard, estate, subscriptions, resource_changes, asked_at=asked_at)
    elsewhere = estate.set_index(_kind_and_name(estate["machine_key"]))
    elsewhere = elsewhere[~elsewhere.index.duplicated(keep=False)]
    place = looked_up(_kind_and_name(keys), elsewhere["resource_id"]).where(surely(rows["deleted"]))
    untold = rows["deleted"].isna()
    rows["moved_to"] = place.fillna("").astype("str").mask(untold)
    reached = selections["configuration_key"] + "\n" + selections["machine_key"]
    there = rows["configuration_key"] + "\n" + folded(rows["moved_to"]).str.rstrip("/")
    rows["reached_there"] = among(there, reached).astype("boolean").mask(untold)
    return rows


def _last_signs(keys: pd.Series[Any], managed_machines: pd.DataFrame) -> pd.Series[Any]:
    return looked_up(keys, managed_machines.set_index("machine_key")["last_sign"].astype(TIME))


def _kind_and_name(keys: pd.Series[Any]) -> pd.Series[Any]:
    """Return what stays of an ARM id when its machine is moved."""
    return after_last(keys, "/providers/")
