"""Which service a table belongs to; what is not named here belongs to both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from umdiag.queries.kql import tables
from umdiag.words.services import UPDATE_MANAGEMENT, UPDATE_MANAGER

#: Tables of an Automation account that alone show that it patches machines.
_RUNS_AND_WORKERS = (
    "softwareUpdateConfigurations",
    "softwareUpdateConfigurationRuns",
    "softwareUpdateConfigurationMachineRuns",
    "hybridRunbookWorkerGroups",
    "hybridRunbookWorkers",
)
#: Tables in which Update Manager says that it assessed a machine, or patched it, or will.
PATCHES = ("patchassessmentresources", "patchinstallationresources", "maintenanceresources")


@cache
def tables_of() -> Mapping[str, frozenset[str]]:
    """Return, by service, the tables that belong to it alone."""
    around = ("jobs", "workspaces", "linkedServices", "savedSearches")
    return {
        UPDATE_MANAGEMENT: frozenset({*tables()["workspace"], *_RUNS_AND_WORKERS, *around}),
        UPDATE_MANAGER: frozenset({*PATCHES, "policyresources"}),
    }


@cache
def telling_of_update_management() -> frozenset[str]:
    """Return the tables of which a single one says that there is something of Update Management."""
    return frozenset({*tables()["workspace"], *_RUNS_AND_WORKERS})


def service_of(tables: Iterable[str]) -> str:
    """Return the service that what reads these tables asks for alone, "" for none: one of them is enough."""
    alone = tables_of()
    return next((service for table in tables for service in alone if table in alone[service]), "")


def without(tables: Iterable[str], services: Iterable[str]) -> frozenset[str]:
    """Return these tables without those that belong to one of these services alone."""
    return frozenset(tables).difference(*(tables_of()[service] for service in services))
