"""What Azure knows of a machine beyond its place and power: the words of a case, in the service's columns.

Keys of a machine in a case (see `snapshot_rows`), all optional:

    patch:       {mode, assessment, bypass, reboot} patch settings; without it there are none
    image:       "publisher offer sku"
    agent_settings: what stands in `osProfile` (Azure) or `agentConfiguration` (Arc), as it is
    scale_set, managed_by: an id; plan: whether it has one
    extensions:  [{type, state, version, message}] rows of extensions
    policy:      [{state, at}] policy states of periodic assessment
    patched:     [{at, by, status, run}] installations by Update Manager
    esu:         [eligibility, state of its licence] of Extended Security Updates (Arc)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PERIODIC_ASSESSMENT = "bd876905-5b84-4f73-ab2d-2e7a7c4568d9"
#: What a case may say of a machine here, and what it is otherwise.
MACHINE: Mapping[str, Any] = {
    "patch": None,
    "image": "",
    "agent_settings": {},
    "scale_set": None,
    "managed_by": None,
    "plan": False,
    "extensions": (),
    "policy": (),
    "patched": (),
    "esu": (),
}


def described(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a machine's resource that its patching rests on."""
    properties: dict[str, Any] = {}
    system = "linux" if one["os"].casefold() == "linux" else "windows"
    profile: dict[str, Any] = {}
    if one["patch"] is not None:
        profile[f"{system}Configuration"] = {"patchSettings": _settings(one["patch"])}
    if one["kind"] == "arc":
        properties |= {"vmUuid": one["vmuuid"], "osName": one["os_name"]}
        properties |= {"agentConfiguration": one["agent_settings"]} if one["agent_settings"] else {}
    else:
        profile = _laid_over(profile, one["agent_settings"])
    properties |= {"osProfile": profile} if profile else {}
    if one["esu"]:
        profile = dict(zip(("esuEligibility", "licenseAssignmentState"), one["esu"], strict=True))
        properties["licenseProfile"] = {"esuProfile": profile}
    if one["scale_set"]:
        properties["virtualMachineScaleSet"] = {"id": one["scale_set"]}
    return properties


def storage_of(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage profile of an Azure VM."""
    disk: dict[str, Any] = {"osDisk": {"osType": one["os"]}}
    if one["image"]:
        publisher, offer, sku = one["image"].split()
        disk["imageReference"] = {"publisher": publisher, "offer": offer, "sku": sku}
    return disk


def _settings(said: Mapping[str, Any]) -> dict[str, Any]:
    settings = {
        name: said[key]
        for key, name in (("mode", "patchMode"), ("assessment", "assessmentMode"))
        if key in said
    }
    by_platform = {
        name: said[key]
        for key, name in (
            ("bypass", "bypassPlatformSafetyChecksOnUserSchedule"),
            ("reboot", "rebootSetting"),
        )
        if key in said
    }
    return settings | ({"automaticByPlatformSettings": by_platform} if by_platform else {})


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        known = merged.get(key)
        both = isinstance(known, dict) and isinstance(value, Mapping)
        merged[key] = _laid_over(known, value) if both else value
    return merged


def around(one: Mapping[str, Any], type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows that lie around a machine's resource; `type_` is that of the machine."""
    for extension in one["extensions"]:
        said = {"publisher": extension.get("publisher", "Microsoft.CPlat.Core"), "type": extension["type"]}
        said |= {"provisioningState": extension.get("state", "Succeeded")}
        said |= {"typeHandlerVersion": extension.get("version", "1.5")}
        if "message" in extension:
            said["instanceView"] = {"status": {"message": extension["message"]}}
        id_ = f"{one['arm_id']}/extensions/{extension['type']}"
        yield "resources", {"id": id_, "type": f"{type_}/extensions", "properties": said}
    for number, state in enumerate(one["policy"]):
        definition = f"/providers/Microsoft.Authorization/policyDefinitions/{PERIODIC_ASSESSMENT}"
        said = {"policyDefinitionId": definition, "resourceId": one["arm_id"]}
        said |= {"complianceState": state["state"], "timestamp": state.get("at", "-2h")}
        said |= {"policyAssignmentId": f"/providers/Microsoft.Authorization/policyAssignments/p{number}"}
        id_ = f"{one['arm_id']}/providers/Microsoft.PolicyInsights/policyStates/{number}"
        row = {"id": id_, "type": "microsoft.policyinsights/policystates", "properties": said}
        yield "policyresources", row
    for number, installation in enumerate(one["patched"]):
        said = {"status": installation.get("status", "Succeeded"), "osType": one["os"]}
        said |= {"startDateTime": installation["at"], "lastModifiedDateTime": installation["at"]}
        said |= {"startedBy": installation.get("by", "User")}
        if "run" in installation:
            said["maintenanceRunId"] = installation["run"]
        id_ = f"{one['arm_id']}/patchInstallationResults/{number}"
        row = {"id": id_, "type": f"{type_}/patchinstallationresults", "properties": said}
        yield "patchinstallationresources", row
