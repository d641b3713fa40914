"""Write machines as rows of ``resources``."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from fleet.estate import LOCATIONS
from fleet.identity import join_texts
from fleet.model import Ints, Texts
from fleet.update_manager.identity import arm_ids
from fleet.update_manager.model import Estate
from fleet.update_manager.tables.columns import Columns, columns_of, homes, moments, repeated
from fleet.update_manager.updates import IMAGES, WINDOWS

TYPES = {"azure": "microsoft.compute/virtualmachines", "arc": "microsoft.hybridcompute/machines"}
TAGS = ("maintenance", "stage", "team", "audit", "env", "patch", "owner")
SCALE_SET = (
    "/subscriptions/{}/resourceGroups/rg-apps/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-web"
)


def machine_columns(estate: Estate) -> Columns:
    """Return the machines that can be seen."""
    shown = np.flatnonzero(estate.is_there())
    table = estate.machines.iloc[shown]
    ids = arm_ids(estate)[shown]
    loud = table["spelling"].to_numpy() == 1
    ids[loud] = [text.replace("/resourceGroups/", "/RESOURCEGROUPS/") for text in ids[loud]]
    arc = (table["kind"] == "arc").to_numpy()
    properties = np.where(arc, _arc(estate, shown), _virtual(estate, shown)).astype(object)
    plan = np.where(table["plan"], '{"name":"waf","publisher":"vendor","product":"firewall"}', None)
    given: dict[str, Any] = {
        "id": ids, "name": table["name"].to_numpy(dtype=object), "properties": properties,
        "type": table["kind"].map(TYPES).to_numpy(dtype=object),
        "location": np.array(LOCATIONS, dtype=object)[table["location"]],
        "managedBy": estate.texts("managed_by")[shown], "plan": plan.astype(object),
        "tags": _tags(estate, shown),
    }  # fmt: skip
    given |= homes(estate, shown, estate.column("subscription")[shown], estate.texts("group")[shown])
    return columns_of(len(shown), given, ("id", "name", "properties"))


def _tags(estate: Estate, shown: Ints) -> Texts:
    """Return tags as JSON; some machines spell keys and words with other letters."""
    names = [tag for tag in TAGS if tag in estate.machines]

    def write(row: dict[str, Any]) -> str:
        tags = {tag: row[tag] for tag in names if isinstance(row[tag], str)}
        if row["spelling"]:
            tags = {tag.capitalize(): word.upper() for tag, word in tags.items()}
        return json.dumps(tags)

    return repeated(estate.machines.loc[shown, [*names, "spelling"]].fillna(""), _without_empty(write))


def _without_empty(write: Any) -> Any:
    """Leave out the tags that a machine has not."""
    return lambda row: write({key: value for key, value in row.items() if value != ""} | {
        key: None for key, value in row.items() if value == ""})  # fmt: skip


def truth(value: object, spelling: object) -> object:
    """Write a truth value as Azure does, or as text."""
    return str(bool(value)) if spelling else bool(value)


def _virtual(estate: Estate, shown: Ints) -> Texts:
    """Return the properties of virtual machines."""
    columns = [
        "release", "settings", "patch_mode", "assess_mode", "bypass", "vm_reboot", "allow_ops", "vm_agent",
        "spelling", "power", "scale_set", "subscription", "os_type",
    ]  # fmt: skip
    told = repeated(estate.machines.loc[shown, columns].fillna(""), lambda row: _shared(estate, row))
    made = moments(estate.column("created")[shown], ".3172943")
    return join_texts(
        '{"vmId":"', estate.texts("vm_id")[shown], '","timeCreated":"', made,
        '","provisioningState":"Succeeded","osProfile":{"computerName":"', estate.texts("name")[shown],
        '",', told,
    )  # fmt: skip


def _shared(estate: Estate, row: dict[str, Any]) -> str:
    """Return what many virtual machines have in common, from within their profile of the system on."""
    publisher, offer, sku, _ = IMAGES[row["release"]]
    inner: dict[str, Any] = {}
    if row["settings"]:
        settings: dict[str, Any] = {"patchMode": row["patch_mode"], "assessmentMode": row["assess_mode"]}
        platform: dict[str, Any] = {"rebootSetting": row["vm_reboot"]} if row["vm_reboot"] else {}
        if row["bypass"] >= 0:
            platform["bypassPlatformSafetyChecksOnUserSchedule"] = truth(row["bypass"], row["spelling"])
        inner["patchSettings"] = settings | ({"automaticByPlatformSettings": platform} if platform else {})
    inner["provisionVMAgent"] = truth(row["vm_agent"], row["spelling"])
    name = "windowsConfiguration" if row["release"] in WINDOWS else "linuxConfiguration"
    profile = {name: inner, "allowExtensionOperations": truth(row["allow_ops"], row["spelling"])}
    rest: dict[str, Any] = {
        "storageProfile": {
            "osDisk": {"osType": row["os_type"], "createOption": "FromImage"},
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku},
        },
        "extended": {"instanceView": {"powerState": {"code": row["power"]}}},
    }
    if row["scale_set"]:
        home = estate.subscriptions[row["subscription"]].id
        rest["virtualMachineScaleSet"] = {"id": SCALE_SET.format(home)}
    return json.dumps(profile)[1:] + "," + json.dumps(rest)[1:]


def _arc(estate: Estate, shown: Ints) -> Texts:
    """Return the properties of Arc machines."""
    columns = [
        "release", "os_type", "settings", "assess_mode", "extensions_on", "allow_list", "block_list", "esu",
        "spelling", "power",
    ]  # fmt: skip
    told = repeated(estate.machines.loc[shown, columns].fillna(""), _shared_arc)
    name = estate.texts("name")[shown]
    return join_texts(
        '{"vmId":"', estate.texts("vm_id")[shown], '","vmUuid":"', _uuids(estate)[shown],
        '","displayName":"', name, '","machineFqdn":"', name, '.corp.contoso.com",', told,
    )  # fmt: skip


def _uuids(estate: Estate) -> Texts:
    """Return the ids that the hardware tells, some with the bytes of three groups swapped."""
    found = estate.texts("vm_uuid").copy()
    for machine in np.flatnonzero(estate.flags("swapped")):
        groups = found[machine].split("-")
        turned = [
            "".join(reversed([group[at : at + 2] for at in range(0, len(group), 2)])) for group in groups[:3]
        ]
        found[machine] = "-".join([*turned, *groups[3:]]).upper()
    return found


def _shared_arc(row: dict[str, Any]) -> str:
    """Return what many Arc machines have in common."""
    name = "windowsConfiguration" if row["release"] in WINDOWS else "linuxConfiguration"
    inner = (
        {"patchSettings": {"assessmentMode": row["assess_mode"], "patchMode": "Manual"}}
        if row["settings"]
        else {}
    )
    agent: dict[str, Any] = {
        "configMode": "full",
        "extensionsEnabled": truth(row["extensions_on"], row["spelling"]),
    }
    for key, column in (("extensionsAllowList", "allow_list"), ("extensionsBlockList", "block_list")):
        agent[key] = json.loads(row[column]) if row[column] else []
    title = IMAGES[row["release"]][3]
    properties: dict[str, Any] = {
        "status": row["power"], "agentVersion": "1.55.03118.2465", "osName": row["os_type"].lower(),
        "osSku": title, "osProfile": {name: inner}, "agentConfiguration": agent,
        "osType": row["os_type"].lower(),
    }  # fmt: skip
    if row["spelling"]:
        properties["osName"] = title if row["os_type"] == "Windows" else "linux"
        del properties["osType"]
    esu = {"Assigned": ("Eligible", "Assigned"), "NotAssigned": ("Eligible", "NotAssigned")}
    eligible, assigned = esu.get(row["esu"], ("Ineligible", "NotAssigned"))
    properties["licenseProfile"] = {
        "esuProfile": {
            "esuEligibility": eligible,
            "licenseAssignmentState": assigned,
            "esuKeyState": "Inactive",
        }
    }
    return json.dumps(properties)[1:]
