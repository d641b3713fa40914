"""Write a few words about schedules of Azure Update Manager as rows of Resource Graph (see `snapshot_rows`).

    schedules:    name → start, expires, recurs, zone, duration (as the service writes them), reboot,
                  windows and linux (classes, or parameters as they are; null: none), kind (of maintenance),
                  subscription, group; hidden: no row of it, though assignments name it;
                  machines: [machines or ARM ids] and scopes: [{scope, groups, types, systems, locations,
                  tags, operator}], where scope is the name of a subscription or `subscription/resource group`
                  and a scope without any filter has none; more_scopes: number of further ones, all alike
    crowd:        number of machines in the resource group rg-crowd that no log knows

A schedule is every Saturday at 22:00 in Berlin for three hours, critical and security updates, unless it says
otherwise; its assignments lie where its machines and scopes do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SCHEDULE: Mapping[str, Any] = {
    "start": "2024-01-06 22:00",
    "expires": None,
    "recurs": "Week Saturday",
    "zone": "W. Europe Standard Time",
    "duration": "03:00",
    "reboot": "IfRequired",
    "windows": ("Critical", "Security"),
    "linux": ("Critical", "Security"),
    "kind": "InGuestPatch",
    "subscription": "main",
    "group": "rg-schedules",
    "hidden": False,
    "machines": (),
    "scopes": (),
    "more_scopes": 0,
}
_SCOPE: Mapping[str, Any] = {
    "scope": "main",
    "groups": None,
    "types": None,
    "systems": None,
    "locations": None,
    "tags": None,
    "operator": None,
}


def configuration_id(name: str, subscription: str, group: str = "rg-schedules") -> str:
    """Return the ARM id of a maintenance configuration in a subscription of this id."""
    place = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{place}/providers/Microsoft.Maintenance/maintenanceConfigurations/{name}"


def schedules(
    given: Mapping[str, Any], identifiers: Any, machines: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of every schedule and of its assignments.

    `identifiers` returns the id of a subscription by its name, `machines` are the ARM ids by key.
    """
    for number in range(given.get("crowd", 0)):
        yield "resources", _machine(f"vm{number:04}", identifiers("main"))
    for name, said in given.get("schedules", {}).items():
        unknown = set(said or {}) - set(_SCHEDULE)
        assert not unknown, f"schedule {name}: {unknown} is not known"
        schedule = {**_SCHEDULE, **(said or {})}
        id_ = configuration_id(name, identifiers(schedule["subscription"]), schedule["group"])
        if not schedule["hidden"]:
            yield "resources", _configuration(name, id_, schedule)
        for key in schedule["machines"]:
            yield "maintenanceresources", _assignment(machines.get(key, key), name, id_)
        for number, scope in enumerate([*schedule["scopes"], *[None] * schedule["more_scopes"]]):
            place, filters = _scope({**_SCOPE, **(scope or {})}, identifiers)
            yield "maintenanceresources", _assignment(place, f"{name}-{number}", id_, filters)


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


def _configuration(name: str, id_: str, schedule: Mapping[str, Any]) -> dict[str, Any]:
    window = {
        "startDateTime": schedule["start"],
        "duration": schedule["duration"],
        "timeZone": schedule["zone"],
    }
    window |= {"recurEvery": schedule["recurs"], "expirationDateTime": schedule["expires"]}
    install = {"rebootSetting": schedule["reboot"]}
    for system in ("windows", "linux"):
        if (listed := schedule[system]) is not None:
            told = listed if isinstance(listed, Mapping) else {"classificationsToInclude": list(listed)}
            install[f"{system}Parameters"] = told
    return {
        "id": id_,
        "name": name,
        "type": "microsoft.maintenance/maintenanceconfigurations",
        "location": "westeurope",
        "resourceGroup": schedule["group"],
        "subscriptionId": id_.split("/")[2],
        "properties": {
            "maintenanceScope": schedule["kind"],
            "maintenanceWindow": window,
            "installPatches": install,
        },
    }


def _assignment(
    place: str, name: str, configuration: str, filters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    properties = {"maintenanceConfigurationId": configuration, "resourceId": place}
    return {
        "id": f"{place}/providers/Microsoft.Maintenance/configurationAssignments/{name}",
        "name": name,
        "type": "microsoft.maintenance/configurationassignments",
        "properties": properties if filters is None else properties | {"filter": filters},
    }


def _scope(scope: Mapping[str, Any], identifiers: Any) -> tuple[str, dict[str, Any]]:
    subscription, _, group = scope["scope"].partition("/")
    place = f"/subscriptions/{identifiers(subscription)}" + (f"/resourceGroups/{group}" if group else "")
    lists = {
        "resourceGroups": scope["groups"],
        "resourceTypes": scope["types"],
        "osTypes": scope["systems"],
        "locations": scope["locations"],
    }
    filters: dict[str, Any] = {name: listed for name, listed in lists.items() if listed is not None}
    if scope["tags"] is not None:
        filters["tagSettings"] = {"tags": scope["tags"], "filterOperator": scope["operator"]}
    return place, filters
