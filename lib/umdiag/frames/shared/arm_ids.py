"""Find the resource of machines whose log rows carry no ARM id."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.estate import VIRTUAL_MACHINE
from umdiag.frames.shared.text import all_swapped, among, folded, is_placeholder, looked_up


def with_arm_ids(machines: pd.DataFrame, azure_machines: pd.DataFrame | None) -> pd.DataFrame:
    """Join machines whose rows carry no ARM id to the one resource with their hardware's id, else to the one
    machine of Azure Arc with their name.
    """
    machines["arm_key"] = folded(machines["resource_id"]).str.rstrip("/")
    if azure_machines is not None and len(azure_machines):
        for keys, ids in (_by_hardware(machines, azure_machines), _by_name(machines, azure_machines)):
            bare = machines["arm_key"] == ""
            found = looked_up(keys[bare], ids).dropna()
            found = found[~found.duplicated(keep=False) & ~among(folded(found), machines["arm_key"])]
            machines.loc[found.index, "resource_id"] = found
            machines["arm_key"] = folded(machines["resource_id"]).str.rstrip("/")
    return machines


def _by_hardware(
    machines: pd.DataFrame, azure_machines: pd.DataFrame
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return each machine's hardware id, in the byte order that Azure knows, and Azure's ids by it."""
    arc = azure_machines[folded(azure_machines["machine_type"]) != VIRTUAL_MACHINE]
    ids = _alone(
        pd.concat([azure_machines["vm_id"], arc["vm_uuid"]]), pd.concat([azure_machines["id"], arc["id"]])
    )
    ids = ids[~is_placeholder(ids.index.to_series()).to_numpy()]
    uuid = folded(machines["vmuuid"])
    uuid = uuid.mask(is_placeholder(uuid), "")
    return uuid.where(among(uuid, ids.index), all_swapped(uuid)), ids


def _by_name(machines: pd.DataFrame, azure_machines: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return each machine's name, and the ids of Arc machines by the names that only one of them has."""
    arc = azure_machines[folded(azure_machines["machine_type"]) != VIRTUAL_MACHINE]
    ids = _alone(pd.concat([arc["name"], arc["machine_fqdn"]]), pd.concat([arc["id"], arc["id"]]))
    return machines["name"], ids[ids.index != ""]


def _alone(keys: pd.Series[Any], ids: pd.Series[Any]) -> pd.Series[Any]:
    """Return ids by their folded keys, those keys alone that only one id has."""
    pairs = pd.DataFrame({"key": folded(keys).to_numpy(), "id": ids.to_numpy()}).drop_duplicates()
    return pairs.drop_duplicates("key", keep=False).set_index("key")["id"]
