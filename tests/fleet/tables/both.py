"""Write the tables that Azure Update Manager fills, and what the old service has in them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from fleet.model import World
from fleet.tables.arm import PROVIDER, providers
from fleet.tables.graph import changes, containers, resource_columns
from fleet.tables.writer import TableWriter, coded, write_records
from fleet.update_manager.model import Estate
from fleet.update_manager.tables import container_rows, graph_columns, provider_rows
from fleet.update_manager.tables.columns import Columns, columns_of_rows


def write_both(world: World | None, estate: Estate, folder: Path) -> dict[str, int]:
    """Write these tables; return their numbers of rows."""
    before: dict[str, list[Columns]] = {}
    places: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    if world is not None:
        machines = resource_columns(world)
        machines["plan"] = coded([None], [0] * len(machines["id"]))
        before = {"resources": [machines], "resourcechanges": [columns_of_rows(changes(world))]}
        places, known = containers(world), providers(world)
    seen = {str(row["id"]).lower() for row in places}
    places += [row for row in container_rows(estate) if row["id"].lower() not in seen]
    rows = {
        name: _write(folder, name, chain(before.get(name, []), parts))
        for name, parts in graph_columns(estate).items()
    }
    rows["resourcecontainers"] = _write(folder, "resourcecontainers", [columns_of_rows(places)])
    rows["providers"] = write_records(folder, "providers", [*known, *provider_rows(estate)], PROVIDER)
    return rows


def _write(folder: Path, name: str, parts: Iterable[Columns]) -> int:
    """Write a table part by part; one without rows has columns all the same."""
    writer = TableWriter(folder, name)
    for part in parts:
        writer.write(part)
    if not writer.rows:
        writer.write(columns_of_rows([]))
    writer.close()
    return writer.rows
