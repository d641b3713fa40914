"""One row per machine resource: where it is, what it is, and who may patch it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.existence import absent
from umdiag.frames.shared.text import after_last, among, fold, folded, looked_up
from umdiag.frames.targets import place

VIRTUAL_MACHINE = "microsoft.compute/virtualmachines"
_BY_PLATFORM = "automaticbyplatform"
_CLIENT = r"\bwindows 1[01]\b"
#: Columns that are taken over as they are.
_AS_THEY_ARE = (
    "name", "created", "os_name", "os_version", "os_sku", "image_publisher", "image_offer", "image_sku",
    "vm_id", "vm_uuid", "computer_name", "machine_fqdn", "has_settings", "extension_operations", "vm_agent",
    "extensions_enabled", "extensions_allowed", "extensions_blocked", "esu_eligibility", "esu_assignment",
    "managed_by", "has_plan", "reboot_setting", "assessment_mode", "patch_mode", "scale_set",
)  # fmt: skip


def derive(azure_machines: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key (folded ARM id), resource_id, name, virtual (an Azure VM), location, subscription,
    resource_group, operating_system, tags (folded mapping), created, power, on (null: not known);
    has_settings, periodic (assessed periodically), platform_mode (the platform installs), bypass (it leaves
    that to schedules), customer_managed (schedules patch it; an Arc machine always), scale_set_instance,
    windows_client, and as they are os_name, os_version, os_sku, image_publisher, image_offer, image_sku,
    vm_id, vm_uuid, computer_name, machine_fqdn, extension_operations, vm_agent, extensions_enabled,
    extensions_allowed, extensions_blocked, esu_eligibility, esu_assignment, managed_by, has_plan,
    reboot_setting, assessment_mode, patch_mode, scale_set (its id).
    """
    rows = azure_machines
    virtual = folded(rows["machine_type"]) == VIRTUAL_MACHINE
    system = folded(rows["os_type"])
    estate = pd.DataFrame(
        {
            "machine_key": folded(rows["id"]).str.rstrip("/"),
            "resource_id": rows["id"],
            "virtual": virtual,
            "location": folded(rows["location"]).str.replace(" ", ""),
            "subscription": folded(rows["subscription_id"]),
            "resource_group": folded(rows["resource_group"]),
            # An Arc machine may tell the name of its system alone.
            "operating_system": system.mask(system.str.contains("windows", regex=False), "windows"),
            "tags": [plain_tags(tags) for tags in rows["tags"]],
            "power": rows["power_state"],
            "periodic": folded(rows["assessment_mode"]) == _BY_PLATFORM,
            "platform_mode": folded(rows["patch_mode"]) == _BY_PLATFORM,
            "bypass": rows["bypass_checks"].fillna(False).astype(bool),
            "scale_set_instance": folded(rows["scale_set"]) != "",
            "windows_client": _is_client(rows),
        }
        | {column: rows[column] for column in _AS_THEY_ARE}
    )
    estate["customer_managed"] = ~virtual | (estate["platform_mode"] & estate["bypass"])
    power = folded(estate["power"])
    estate["on"] = after_last(power, "/").isin(["running", "connected"]).astype("boolean").mask(power == "")
    return estate.drop_duplicates("machine_key").reset_index(drop=True)


def _is_client(rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine runs a client edition of Windows, which Update Manager does not support."""
    name = folded(rows["os_name"])
    by_name = name.str.contains(_CLIENT, regex=True) & ~name.str.contains("iot", regex=False)
    return by_name | (folded(rows["image_publisher"]) == "microsoftwindowsdesktop")


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
    since = since[among(since["machine_key"], estate["machine_key"])].sort_values("changed", ascending=False)
    if since.empty:
        return estate.iloc[:0]
    then = estate[among(estate["machine_key"], since["machine_key"])].set_index("machine_key", drop=False)
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
    unchanged = machines[~among(machines["machine_key"], then["machine_key"])]
    return pd.concat([then, unchanged], ignore_index=True) if len(then) else machines
