"""One row per machine that a maintenance configuration is assigned to, and per dynamic scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.lists import folded_list, value_of
from umdiag.frames.shared.records import typed
from umdiag.frames.shared.text import among, fold, folded, subscriptions_of
from umdiag.frames.targets import place
from umdiag.model import Partial

#: The two types of machines, as they stand before the name in an ARM id.
_MACHINES = ("/providers/microsoft.compute/virtualmachines/", "/providers/microsoft.hybridcompute/machines/")
_LISTS = ("resource_groups", "resource_types", "operating_systems", "locations")


def derive(
    configuration_assignments: Partial,
    maintenance_configurations: pd.DataFrame,
    subscriptions: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return assignment_id, configuration_key, configuration_id, static, machine_key ("": a dynamic scope),
    resource_id, configuration_visible (false: it lies in a subscription that cannot be seen) and
    configuration_gone (it is not there, though its subscription can be seen); null: cannot be told.

    Of a dynamic scope: subscription, scope_group (the resource group of the scope, "": the subscription) and
    what it filters by, each list empty where it filters nothing: resource_groups, resource_types,
    operating_systems, locations, tags (key → values, none: any value), tag_operator (any, all).
    """
    configurations = maintenance_configurations.assign(
        key=folded(maintenance_configurations["id"]).str.rstrip("/")
    )
    other = configurations["key"][folded(configurations["maintenance_scope"]) != "inguestpatch"]
    rows = typed(
        [row for assignment in configuration_assignments.itertuples() for row in _rows(assignment)],
        dict.fromkeys(
            ("assignment_id", "configuration_key", "configuration_id", "machine_key", "resource_id"), "str"
        )
        | dict.fromkeys(("subscription", "scope_group", "tag_operator"), "str")
        | {"static": "bool", "tags": "object"}
        | dict.fromkeys(_LISTS, "object"),
    )
    rows = rows[~among(rows["configuration_key"], other)].drop_duplicates("assignment_id", ignore_index=True)
    there = among(rows["configuration_key"], configurations["key"])
    visible = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    if subscriptions is not None:
        known = set(folded(subscriptions["subscription_id"]))
        visible = among(subscriptions_of(rows["configuration_key"]), known).astype("boolean")
    return rows.assign(configuration_visible=visible | there, configuration_gone=visible & ~there)


def _rows(assignment: Any) -> Iterator[dict[str, Any]]:
    target, identity = fold(assignment.resource_id).rstrip("/"), fold(assignment.id).rstrip("/")
    shared = {
        "assignment_id": identity,
        "configuration_key": fold(assignment.configuration_id).rstrip("/"),
        "configuration_id": assignment.configuration_id,
        "resource_id": assignment.resource_id,
    }
    if not shared["configuration_key"]:
        return
    parts = identity.split("/")
    if any(type_ in target and "/" not in target.split(type_)[1] for type_ in _MACHINES):
        nothing: dict[str, Any] = {name: [] for name in _LISTS} | {"tags": {}}
        yield shared | nothing | {"static": True, "machine_key": target}
    elif "/providers/" not in target and len(parts) in (7, 9):
        scope = {"subscription": parts[2], "scope_group": parts[4] if len(parts) == 9 else ""}
        yield shared | scope | _filters(assignment.filters) | {"static": False, "machine_key": ""}


def _filters(filters: object) -> dict[str, Any]:
    settings = value_of(filters, "tagSettings")
    tags = value_of(settings, "tags")
    return {
        "resource_groups": folded_list(value_of(filters, "resourceGroups")),
        "resource_types": folded_list(value_of(filters, "resourceTypes")),
        "operating_systems": folded_list(value_of(filters, "osTypes")),
        "locations": [place(location) for location in folded_list(value_of(filters, "locations"))],
        "tags": {fold(key): folded_list(values) for key, values in tags.items()}
        if isinstance(tags, dict)
        else {},
        "tag_operator": "all" if fold(value_of(settings, "filterOperator")) == "all" else "any",
    }
