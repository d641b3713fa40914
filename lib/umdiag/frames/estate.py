"""One row per machine resource, in the form in which dynamic groups compare it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.existence import absent
from umdiag.frames.shared.text import after_last, fold, folded, looked_up
from umdiag.frames.targets import place

VIRTUAL_MACHINE = "microsoft.compute/virtualmachines"


def derive(azure_machines: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key (folded ARM id), resource_id, name, virtual (an Azure VM), location, subscription,
    operating_system, tags (folded mapping), created, power, on (null: not known).
    """
    estate = pd.DataFrame(
        {
            "machine_key": folded(azure_machines["id"]).str.rstrip("/"),
            "resource_id": azure_machines["id"],
            "name": azure_machines["name"],
            "virtual": folded(azure_machines["machine_type"]) == VIRTUAL_MACHINE,
            "location": folded(azure_machines["location"]).str.replace(" ", ""),
            "subscription": folded(azure_machines["subscription_id"]),
            "operating_system": folded(azure_machines["os_type"]),
            "tags": [plain_tags(tags) for tags in azure_machines["tags"]],
            "created": azure_machines["created"],
            "power": azure_machines["power_state"],
        }
    )
    power = folded(estate["power"])
    estate["on"] = after_last(power, "/").isin(["running", "connected"]).astype("boolean").mask(power == "")
    return estate.drop_duplicates("machine_key").reset_index(drop=True)


def power_of(arm_keys: pd.Series[Any], estate: pd.DataFrame | None) -> tuple[pd.Series[Any], pd.Series[bool]]:
    """Return the power state of each ARM id, and whether it says off (null: cannot be told).

    What has no ARM id, or no power state, is not said to be off.
    """
    if estate is None:
        off = pd.Series(False, index=arm_keys.index, dtype="boolean").mask(arm_keys != "")
        return pd.Series(None, index=arm_keys.index, dtype="str"), off
    known = estate.set_index("machine_key")
    is_on = looked_up(arm_keys, known["on"]).astype("boolean")
    off = (~is_on.fillna(True)).mask(absent(arm_keys, estate))
    return looked_up(arm_keys, known["power"]).fillna("").astype("str"), off


def plain_tags(tags: object) -> dict[str, str]:
    """Return a tag mapping folded; anything else holds no tags."""
    if not isinstance(tags, dict):
        return {}
    return {
        fold(key): fold(value) if isinstance(value, str) else fold(str(value)) for key, value in tags.items()
    }


def at(estate: pd.DataFrame, changes: pd.DataFrame, moment: Any) -> pd.DataFrame:
    """Return the estate with tags and locations taken back to `moment`: only the machines changed since.

    `changes` is the frame `machine_changes`; each change after `moment` is undone, newest first.
    """
    since = changes[(changes["changed"] > moment) & changes["property"].ne("")]
    since = since[since["machine_key"].isin(estate["machine_key"])].sort_values("changed", ascending=False)
    if since.empty:
        return estate.iloc[:0]
    then = estate[estate["machine_key"].isin(since["machine_key"])].set_index("machine_key", drop=False)
    tags = {key: dict(value) for key, value in then["tags"].items()}
    locations = then["location"].to_dict()
    for change in since.itertuples():
        if change.property == "location":
            locations[change.machine_key] = place(change.before)
        elif change.property == "tags":
            tags[change.machine_key] = plain_tags(change.before)
        else:
            key = change.property.removeprefix("tags.")
            tags[change.machine_key].pop(key, None)
            if change.before is not None:
                tags[change.machine_key][key] = fold(str(change.before))
    return then.assign(
        tags=[tags[key] for key in then.index], location=[locations[key] for key in then.index]
    ).reset_index(drop=True)


def as_of(machines: pd.DataFrame, changes: pd.DataFrame | None, moment: Any) -> pd.DataFrame:
    """Return all of `machines` as they were at `moment`, as far as changes are known."""
    if changes is None:
        return machines
    then = at(machines, changes, moment)
    unchanged = machines[~machines["machine_key"].isin(then["machine_key"])]
    return pd.concat([then, unchanged], ignore_index=True) if len(then) else machines
