"""Maintenance configurations and their assignments in the words of a case, in the service's columns.

schedules: name → machines (keys of machines, or ARM ids), scopes, and what differs from a weekly one
           that runs today: starts, expires, every, duration, zone, reboot, windows, linux (classes, or
           parameters as they are), subscription, of (its maintenance scope), resource (false: it is not
           shown), more_scopes (number of further scopes without filters)
a scope:   scope ("main", or "main/group"), types, systems, groups, locations, tags, operator
crowd:     number of machines in the resource group rg-crowd that no log knows
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_SCHEDULE: Mapping[str, Any] = {
    "starts": "2024-01-01 22:00",
    "expires": None,
    "every": "1Week Monday",
    "duration": "03:00",
    "zone": "UTC",
    "reboot": "IfRequired",
    "windows": {"classificationsToInclude": ["Critical", "Security"]},
    "linux": {"classificationsToInclude": ["Critical", "Security"]},
    "subscription": "main",
    "of": "InGuestPatch",
    "resource": True,
    "machines": (),
    "scopes": (),
    "more_scopes": 0,
}


def schedules(
    given: Mapping[str, Any], machines: Mapping[str, Mapping[str, Any]], identifier: Callable[[str], str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of every maintenance configuration and of what it is assigned to."""
    for number in range(given.get("crowd", 0)):
        yield "resources", _machine(f"vm{number:04}", identifier("main"))
    for name, said in (given.get("schedules") or {}).items():
        about = {**_SCHEDULE, **(said or {})}
        subscription = identifier(about["subscription"])
        id_ = (
            f"/subscriptions/{subscription}/resourceGroups/rg-schedules/providers/Microsoft.Maintenance"
            f"/maintenanceConfigurations/{name}"
        )
        if about["resource"]:
            yield "resources", _configuration(id_, name, subscription, about)
        for key in about["machines"]:
            target = machines[key]["arm_id"] if key in machines else key
            yield "maintenanceresources", _assignment(target, name, id_, {})
        for number, scope in enumerate([*about["scopes"], *[{}] * about["more_scopes"]]):
            place, _, group = scope.get("scope", "main").partition("/")
            target = f"/subscriptions/{identifier(place)}" + (f"/resourceGroups/{group}" if group else "")
            yield "maintenanceresources", _assignment(target, f"{name}-{number}", id_, _filter(scope))


def _machine(name: str, subscription: str) -> dict[str, Any]:
    group = f"/subscriptions/{subscription}/resourceGroups/rg-crowd"
    return {
        "id": f"{group}/providers/Microsoft.Compute/virtualMachines/{name}",
        "name": name,
        "type": "microsoft.compute/virtualmachines",
        "location": "westeurope",
        "resourceGroup": "rg-crowd",
        "subscriptionId": subscription,
        "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}},
    }


def _configuration(id_: str, name: str, subscription: str, about: Mapping[str, Any]) -> dict[str, Any]:
    window = {
        "startDateTime": about["starts"],
        "expirationDateTime": about["expires"],
        "duration": about["duration"],
        "timeZone": about["zone"],
        "recurEvery": about["every"],
    }
    patches = {
        "rebootSetting": about["reboot"],
        "windowsParameters": _parameters(about["windows"]),
        "linuxParameters": _parameters(about["linux"]),
    }
    return {
        "id": id_,
        "name": name,
        "type": "microsoft.maintenance/maintenanceconfigurations",
        "location": "westeurope",
        "resourceGroup": "rg-schedules",
        "subscriptionId": subscription,
        "properties": {
            "maintenanceScope": about["of"],
            "maintenanceWindow": {key: value for key, value in window.items() if value is not None},
            "installPatches": patches,
        },
    }


def _parameters(said: Any) -> Any:
    return {"classificationsToInclude": said} if isinstance(said, list) else said


def _assignment(target: str, name: str, configuration: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    said = {"maintenanceConfigurationId": configuration, "resourceId": target}
    return {
        "id": f"{target}/providers/Microsoft.Maintenance/configurationAssignments/{name}",
        "name": name,
        "type": "microsoft.maintenance/configurationassignments",
        "properties": said | ({"filter": filters} if filters else {}),
    }


def _filter(scope: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "types": "resourceTypes",
        "systems": "osTypes",
        "groups": "resourceGroups",
        "locations": "locations",
    }
    filters: dict[str, Any] = {names[key]: scope[key] for key in names if key in scope}
    if "tags" in scope:
        filters["tagSettings"] = {"tags": scope["tags"], "filterOperator": scope.get("operator", "All")}
    return filters
