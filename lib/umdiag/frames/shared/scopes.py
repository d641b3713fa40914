"""Compare machines with the predicates of dynamic scopes: each predicate over all machines at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

#: The predicates of a dynamic scope, in the order in which they are counted.
PREDICATES = ("scope", "resource_group", "resource_type", "operating_system", "location", "tags")
_TYPES = {True: "microsoft.compute/virtualmachines", False: "microsoft.hybridcompute/machines"}
Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, kw_only=True)
class Property:
    """A property of machines as numbers: what each stands for, and the number of each machine."""

    values: Mapping[str, int]
    numbers: np.ndarray[Any, Any]

    def among(self, wanted: Collection[str]) -> Flags:
        """Say of each machine whether its value is one of these."""
        fits = np.zeros(len(self.values), dtype=bool)
        fits[[self.values[value] for value in wanted if value in self.values]] = True
        return fits[self.numbers]


@dataclass(frozen=True, kw_only=True)
class Comparable:
    """Machines in the form in which many scopes can be compared with them quickly.

    `tags` holds for each tag the places of the machines that bear it, and their values.
    """

    count: int
    properties: Mapping[str, Property]
    tags: Mapping[str, tuple[np.ndarray[Any, Any], Property]]

    def tagged(self, key: str, values: Collection[str]) -> Flags:
        """Say of each machine whether it bears a tag, with one of these values if there are any."""
        fits = np.zeros(self.count, dtype=bool)
        if key in self.tags:
            places, borne = self.tags[key]
            fits[places[borne.among(values)] if values else places] = True
        return fits


def comparable(machines: pd.DataFrame) -> Comparable:
    """Prepare machines: rows of `estate`."""
    columns = {
        "subscription": machines["subscription"],
        "resource_group": machines["resource_group"],
        "resource_type": machines["virtual"].map(_TYPES),
        "operating_system": machines["operating_system"],
        "location": machines["location"],
    }
    return Comparable(
        count=len(machines),
        properties={name: _property(column) for name, column in columns.items()},
        tags=_by_tag(machines["tags"]),
    )


def matches(scope: Any, machines: Comparable) -> dict[str, Flags]:
    """Say per predicate which machines a scope (a row of `assignments`) lets through."""
    properties = machines.properties
    within = properties["subscription"].among([scope.subscription])
    if scope.scope_group:
        within &= properties["resource_group"].among([scope.scope_group])
    lists = {
        "resource_group": scope.resource_groups,
        "resource_type": scope.resource_types,
        "operating_system": scope.operating_systems,
        "location": scope.locations,
    }
    everyone = np.ones(machines.count, dtype=bool)
    listed = {name: properties[name].among(wanted) if wanted else everyone for name, wanted in lists.items()}
    tagged = [machines.tagged(key, values) for key, values in scope.tags.items()]
    together = np.all if scope.tag_operator == "all" else np.any
    return {"scope": within, **listed, "tags": together(tagged, axis=0) if tagged else everyone}


def selected(scope: Any, machines: Comparable) -> Flags:
    """Say which machines pass every predicate of a scope."""
    return np.logical_and.reduce([*matches(scope, machines).values()])


def wanted(scope: Any, predicate: str) -> str:
    """Write in words what a predicate of a scope asks for."""
    match predicate:
        case "scope":
            group = f"/resourcegroups/{scope.scope_group}" if scope.scope_group else ""
            return f"/subscriptions/{scope.subscription}{group}"
        case "tags":
            pairs = [
                f"{key} in ({', '.join(values)})" if values else key for key, values in scope.tags.items()
            ]
            return (" and " if scope.tag_operator == "all" else " or ").join(pairs) or "any"
    return ", ".join(getattr(scope, f"{predicate}s")) or "any"


def actual(machine: Any, predicate: str) -> str:
    """Write in words what a machine (a row of `estate`) has where a predicate asks."""
    match predicate:
        case "scope":
            return f"/subscriptions/{machine.subscription}/resourcegroups/{machine.resource_group}"
        case "resource_type":
            return _TYPES[bool(machine.virtual)]
        case "tags":
            return ", ".join(f"{key}={value}" for key, value in sorted(machine.tags.items())) or "none"
    return str(getattr(machine, predicate)) or "not known"


def _property(column: pd.Series[Any]) -> Property:
    numbers, values = pd.factorize(column, use_na_sentinel=False)
    return Property(values={value: number for number, value in enumerate(values)}, numbers=numbers)


def _by_tag(column: pd.Series[Any]) -> dict[str, tuple[np.ndarray[Any, Any], Property]]:
    places = np.repeat(np.arange(len(column)), [len(tags) for tags in column])
    borne = pd.DataFrame(
        {
            "place": places,
            "key": pd.Series([key for tags in column for key in tags], dtype="object"),
            "value": pd.Series([value for tags in column for value in tags.values()], dtype="object"),
        }
    )
    return {
        str(key): (rows["place"].to_numpy(), _property(rows["value"]))
        for key, rows in borne.groupby("key", sort=False)
    }
