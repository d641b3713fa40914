"""Write what Azure Resource Graph and Azure Resource Manager say of Azure Update Manager."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from fleet.update_manager.model import Estate
from fleet.update_manager.tables.columns import Columns, columns_of_rows
from fleet.update_manager.tables.machines import machine_columns
from fleet.update_manager.tables.maintenance import maintenance_columns
from fleet.update_manager.tables.patches import assessment_columns, installation_columns
from fleet.update_manager.tables.resources import (
    change_rows,
    configuration_rows,
    container_rows,
    extension_columns,
    policy_rows,
    provider_rows,
)

__all__ = ["container_rows", "graph_columns", "provider_rows"]


def graph_columns(estate: Estate) -> dict[str, Iterable[Columns]]:
    """Return the columns of every table of Resource Graph but the containers, in parts."""

    def few(rows: list[dict[str, Any]]) -> list[Columns]:
        return [columns_of_rows(rows)] if rows else []

    tables: dict[str, Iterable[Columns]] = {
        "resources": [machine_columns(estate), *few(configuration_rows(estate)), extension_columns(estate)],
        "resourcechanges": few(change_rows(estate)),
        "patchassessmentresources": assessment_columns(estate),
        "patchinstallationresources": installation_columns(estate),
        "maintenanceresources": maintenance_columns(estate),
        "policyresources": few(list(policy_rows(estate))),
    }
    return {name: chain(parts, few(estate.extra.get(name, []))) for name, parts in tables.items()}
