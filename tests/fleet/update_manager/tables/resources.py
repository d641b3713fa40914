"""Write the configurations, the extensions and the places of machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from fleet.model import Ints, iso, make_guid
from fleet.update_manager.identity import arm_ids, configuration_id, old_ids
from fleet.update_manager.model import NAMESPACES, Configuration, Estate, Lists
from fleet.update_manager.tables.columns import Columns, columns_of, homes, repeated
from fleet.update_manager.tables.machines import TYPES

PATCH = {"Windows": "WindowsPatchExtension", "Linux": "LinuxPatchExtension"}
UPDATE = {"Windows": "WindowsOsUpdateExtension", "Linux": "LinuxOsUpdateExtension"}
CORE, SOFTWARE = "Microsoft.CPlat.Core", "Microsoft.SoftwareUpdateManagement"
POLICY = "/providers/Microsoft.Authorization/policyDefinitions/bd876905-5b84-4f73-ab2d-2e7a7c4568d9"
EXTENSION_TYPES = {
    "azure": "microsoft.compute/virtualmachines/extensions",
    "arc": "microsoft.hybridcompute/machines/extensions",
}
BAD = {
    "patch": lambda os: (CORE, PATCH[os]),
    "update": lambda os: (SOFTWARE, UPDATE[os]),
    "other": lambda os: ("Microsoft.Azure.Security.Monitoring", f"Azure{os}Agent"),
}


def configuration_rows(estate: Estate) -> list[dict[str, Any]]:
    """Return the configurations that can be seen."""
    return [
        {
            "id": configuration_id(estate, one), "name": one.name, "location": "westeurope",
            "type": "microsoft.maintenance/maintenanceconfigurations", "resourceGroup": one.group,
            "subscriptionId": place.id, "tenantId": place.tenant, "properties": _configuration(one, number),
        }
        for number, one in enumerate(estate.configurations)
        for place in [estate.subscriptions[one.subscription]]
        if place.visible and not one.gone
    ]  # fmt: skip


def _configuration(one: Configuration, turn: int) -> dict[str, Any]:
    """Return the properties of a configuration."""
    window: dict[str, Any] = {
        "startDateTime": _wall(one.starts), "duration": f"{one.minutes // 60:02}:{one.minutes % 60:02}",
        "timeZone": one.zone, "recurEvery": one.every, "expirationDateTime": None,
    }  # fmt: skip
    if one.expires is not None:
        window["expirationDateTime"] = _wall(one.expires)
    elif turn % 3 == 0:
        window["expirationDateTime"] = "9999-12-31 23:59:59"
    elif turn % 3 == 1:
        del window["expirationDateTime"]
    install: dict[str, Any] = {"rebootSetting": one.reboot}
    names = (
        ("kbNumbersToInclude", "kbNumbersToExclude"),
        ("packageNameMasksToInclude", "packageNameMasksToExclude"),
    )
    for system, lists, keys in (("windows", one.windows, names[0]), ("linux", one.linux, names[1])):
        if lists is not None:
            install[f"{system}Parameters"] = _lists(lists, keys)
    return {
        "maintenanceScope": "InGuestPatch", "visibility": "Custom", "maintenanceWindow": window,
        "extensionProperties": {"InGuestPatchMode": "User"}, "installPatches": install,
    }  # fmt: skip


def _lists(lists: Lists, keys: tuple[str, str]) -> dict[str, Any]:
    """Return the lists of a configuration; what is None is not written."""
    named = {"classificationsToInclude": lists.classes, keys[0]: lists.included, keys[1]: lists.excluded}
    return {key: list(words) for key, words in named.items() if words is not None}


def _wall(moment: datetime) -> str:
    """Write a wall time as configurations do."""
    return moment.strftime("%Y-%m-%d %H:%M")


def extension_columns(estate: Estate) -> Columns:
    """Return the extensions of some machines, and those that failed."""
    there = estate.is_there()
    usual = np.flatnonzero(there & estate.flags("shown_extension"))
    failed = np.flatnonzero(there & estate.machines["extension"].notna().to_numpy())
    alien = np.flatnonzero(there & estate.flags("alien_extension"))
    parts = [
        _extensions(estate, usual, np.array(["patch"] * len(usual), dtype=object), "Succeeded", skip=failed),
        _extensions(estate, failed, estate.texts("extension")[failed], "Failed"),
        _extensions(estate, alien, np.array(["other"] * len(alien), dtype=object), "Failed"),
    ]
    table = pd.concat(parts, ignore_index=True)
    machines = table.pop("machine").to_numpy(dtype=np.int64)
    given: dict[str, Any] = {name: table[name].to_numpy(dtype=object) for name in table}
    given["type"] = estate.machines["kind"].map(EXTENSION_TYPES).to_numpy(dtype=object)[machines]
    given |= homes(estate, machines, estate.column("subscription")[machines], estate.texts("group")[machines])
    return columns_of(len(table), given, ("id",))


def _extensions(
    estate: Estate, machines: Ints, sorts: np.ndarray, state: str, skip: Ints | None = None
) -> pd.DataFrame:
    """Return extensions of machines, one row each."""
    kept = np.ones(len(machines), dtype=np.bool_) if skip is None else ~np.isin(machines, skip)
    machines, sorts = machines[kept], sorts[kept]
    frame = pd.DataFrame({"os_type": estate.texts("os_type")[machines], "sort": sorts}, dtype=object)

    def write(row: dict[str, Any]) -> str:
        publisher, kind = BAD[row["sort"]](row["os_type"])
        return json.dumps({"publisher": publisher, "type": kind, "typeHandlerVersion": "1.6",
                           "provisioningState": state, "enableAutomaticUpgrade": True})  # fmt: skip

    properties = repeated(frame, write) if len(frame) else np.array([], dtype=object)
    names = [BAD[sort](os)[1] for sort, os in zip(frame["sort"], frame["os_type"], strict=True)]
    ids = [f"{one}/extensions/{name}" for one, name in zip(arm_ids(estate)[machines], names, strict=True)]
    columns = {"machine": machines, "id": ids, "name": names, "properties": properties}
    return pd.DataFrame(columns).astype({"id": object, "name": object})


def container_rows(estate: Estate) -> list[dict[str, Any]]:
    """Return the subscriptions that can be seen, and their resource groups."""
    rows: list[dict[str, Any]] = []
    used = set(zip(estate.column("subscription").tolist(), estate.texts("group").tolist(), strict=True))
    used |= {(one.subscription, one.group) for one in estate.configurations if not one.gone}
    for number, place in enumerate(estate.subscriptions):
        if not place.visible:
            continue
        about = {"tenantId": place.tenant, "subscriptionId": place.id}
        bare = f"/subscriptions/{place.id}"
        rows.append(about | {"id": bare, "name": place.name, "properties": {"state": "Enabled"},
                             "type": "microsoft.resources/subscriptions"})  # fmt: skip
        for group in sorted(group for home, group in used if home == number):
            rows.append(
                about | {
                    "id": f"{bare}/resourceGroups/{group}", "name": group, "location": "westeurope",
                    "type": "microsoft.resources/subscriptions/resourcegroups",
                    "resourceGroup": group.lower(), "properties": {"provisioningState": "Succeeded"},
                    "managedBy": estate.managed_groups.get((number, group)),
                }
            )  # fmt: skip
    return rows


def provider_rows(estate: Estate) -> list[dict[str, Any]]:
    """Return the registrations in the subscriptions that can be seen."""
    return [
        {
            "id": f"/subscriptions/{place.id}/providers/{namespace}", "namespace": namespace,
            "registrationState": "NotRegistered" if namespace in place.unregistered else "Registered",
            "registrationPolicy": "RegistrationRequired",
        }
        for place in estate.subscriptions
        if place.visible
        for namespace in NAMESPACES
    ]  # fmt: skip


def change_rows(estate: Estate) -> list[dict[str, Any]]:
    """Return the recorded changes of machines and configurations, in order of time."""
    rng, now, before = estate.rng("changes"), arm_ids(estate), old_ids(estate)
    kinds = estate.texts("kind")
    told = [
        (
            one.at,
            str((before if one.old_id else now)[one.machine]),
            TYPES[kinds[one.machine]],
            one.type,
            one.values,
        )
        for one in estate.changes
    ]
    kind = "microsoft.maintenance/maintenanceconfigurations"
    for one in estate.configurations:
        if estate.subscriptions[one.subscription].visible and not one.gone:
            for at, sort in ((one.born, "Create"), (one.edited, "Update")):
                if at:
                    told.append((at, configuration_id(estate, one), kind, sort, {}))
    return [
        _change(make_guid(rng), make_guid(rng), *one)
        for one in sorted(told, key=lambda change: (change[0], change[1].lower()))
    ]


def _change(
    name: str, correlation: str, at: int, target: str, kind: str, sort: str, values: Any
) -> dict[str, Any]:
    """Return a recorded change."""
    _, _, subscription, _, group, *_ = target.split("/")
    return {
        "id": f"{target}/providers/Microsoft.Resources/changes/{name}", "name": name,
        "type": "microsoft.resources/changes", "subscriptionId": subscription, "resourceGroup": group.lower(),
        "properties": {
            "targetResourceId": target, "targetResourceType": kind, "changeType": sort,
            "changeAttributes": {
                "correlationId": correlation, "changedByType": "User", "changesCount": len(values),
                "clientType": "Azure Portal", "changedBy": "ops@contoso.com", "timestamp": iso(at, ".347"),
            },
            "changes": {
                path: {"newValue": after, "previousValue": old} for path, (old, after) in values.items()
            },
        },
    }  # fmt: skip


def policy_rows(estate: Estate) -> Iterator[dict[str, Any]]:
    """Yield what Azure Policy says of periodic assessment."""
    ids, rng = arm_ids(estate), estate.rng("policies")
    kinds, homes_of = estate.texts("kind"), estate.column("subscription")
    for verdict in estate.verdicts:
        target, place = str(ids[verdict.machine]), estate.subscriptions[homes_of[verdict.machine]]
        name = make_guid(rng)
        yield {
            "id": f"{target}/providers/Microsoft.PolicyInsights/policyStates/{name}", "name": name,
            "type": "microsoft.policyinsights/policystates", "subscriptionId": place.id,
            "tenantId": place.tenant,
            "properties": {
                "complianceState": verdict.state, "resourceId": target.lower(),
                "resourceType": TYPES[kinds[verdict.machine]], "policyDefinitionAction": "audit",
                "policyDefinitionId": POLICY, "policyDefinitionName": POLICY.rsplit("/", 1)[1],
                "policyAssignmentScope": f"/subscriptions/{place.id}", "timestamp": iso(verdict.at, ".21"),
            },
        }  # fmt: skip
