"""Rows of a snapshot as the REST objects that they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

TABLES = (
    "softwareUpdateConfigurations",
    "softwareUpdateConfigurationRuns",
    "softwareUpdateConfigurationMachineRuns",
    "hybridRunbookWorkerGroups",
    "hybridRunbookWorkers",
    "jobs",
    "linkedServices",
    "savedSearches",
    "providers",
)


def rest(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the REST object it was: JSON text parsed, nothing where nothing was."""
    found = {}
    for name, value in row.items():
        if value in (None, ""):
            continue
        found[name] = json.loads(value) if name in ("properties", "tags", "actions", "notActions") else value
    return found


def selected(one: Mapping[str, Any], names: str) -> dict[str, Any]:
    """Return of an object the properties that are asked for, its id not among them."""
    wanted = names.lower().split(",")
    return {name: value for name, value in one.items() if name.lower() in wanted}


def _configuration(one: dict[str, Any]) -> dict[str, Any]:
    """Return an update configuration as lists show it: flat, without its schedule."""
    properties = dict(one.get("properties", {}))
    schedule = properties.pop("scheduleInfo", None) or {}
    flat = {name: schedule[name] for name in ("frequency", "startTime", "nextRun") if name in schedule}
    return one | {"properties": properties | flat}


def _job(one: dict[str, Any]) -> dict[str, Any]:
    """Return a job as lists show it: without what it failed of."""
    properties = {name: value for name, value in one.get("properties", {}).items() if name != "exception"}
    return one | {"properties": properties}


#: Objects of which lists show less.
LISTED: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "softwareUpdateConfigurations": _configuration,
    "jobs": _job,
}
