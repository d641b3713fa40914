"""One row per dynamic group of an update deployment, and one for the machines that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import fold

#: The predicates of a dynamic group, in the order in which the funnel counts them.
PREDICATES = ("scope", "location", "operating_system", "tags")


def derive(update_configurations: pd.DataFrame) -> pd.DataFrame:
    """Return configuration, configuration_key, operating_system, modified, group (−1: named machines),
    machines (keys of named machines), scope, locations, tags (folded), operator (all, any), saved_searches.

    One row for the machines that a configuration names and one for each of its dynamic groups; `scope`,
    `locations` and `tags` are lists, empty where they filter nothing.
    """
    rows = [row for configuration in update_configurations.itertuples() for row in _rows(configuration)]
    texts = dict.fromkeys(("configuration", "configuration_key", "operating_system", "operator"), "str")
    lists = dict.fromkeys(("machines", "scope", "locations", "tags"), "object")
    return typed(rows, texts | lists | {"modified": TIME, "group": "int64", "saved_searches": "int64"})


def machine_key(target: object) -> str:
    """Return the key of a machine that ARM writes as an id, or by its plain name outside Azure."""
    key = fold(target).rstrip("/")
    return key if key.startswith("/") else f"name:{key}" if key else ""


def named_by(machines: pd.DataFrame, targets: pd.DataFrame | None) -> list[list[str] | None]:
    """Return which configurations name each machine (columns machine_key, name); None: cannot be told."""
    if targets is None:
        return [None] * len(machines)
    naming: dict[str, set[str]] = {}
    for named in targets[targets["group"] < 0].itertuples():
        for key in named.machines:
            naming.setdefault(key, set()).add(named.configuration)
    keys = zip(machines["machine_key"], machines["name"], strict=True)
    return [sorted({*naming.get(key, ()), *naming.get(machine_key(name), ())}) for key, name in keys]


def _rows(configuration: Any) -> Iterator[dict[str, Any]]:
    shared = {
        "configuration": configuration.name,
        "configuration_key": fold(configuration.name),
        "operating_system": fold(configuration.operating_system),
        "modified": configuration.modified,
        "saved_searches": len(_list(configuration.non_azure_queries)),
    }
    named = [
        machine_key(target)
        for target in (*_list(configuration.azure_machines), *_list(configuration.computer_names))
    ]
    nothing: dict[str, Any] = {"machines": [], "scope": [], "locations": [], "tags": {}, "operator": "all"}
    yield shared | nothing | {"group": -1, "machines": [key for key in named if key]}
    for group, query in enumerate(_list(configuration.azure_queries)):
        if isinstance(query, dict):
            settings = query.get("tagSettings") or {}
            tags = settings.get("tags") or {}
            yield (
                shared
                | nothing
                | {
                    "group": group,
                    "scope": [fold(scope).rstrip("/") for scope in _list(query.get("scope")) if fold(scope)],
                    "locations": [
                        place(location) for location in _list(query.get("locations")) if place(location)
                    ],
                    "tags": {
                        fold(key): [fold(value) for value in _list(values)] for key, values in tags.items()
                    },
                    "operator": "any" if fold(settings.get("filterOperator")) == "any" else "all",
                }
            )


def place(location: object) -> str:
    """Return a location as Resource Graph writes it: "West Europe" is westeurope."""
    return fold(location).replace(" ", "")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
