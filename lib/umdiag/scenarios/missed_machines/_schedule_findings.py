"""What the scenarios on maintenance configurations share: their subject, and steps that change them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.model import Subject
from umdiag.scenarios.portal import CONFIGURATIONS_PAGE, resource_page

CONFIGURATIONS = "https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations"
SCHEDULES = "https://learn.microsoft.com/azure/update-manager/scheduled-patching"
SCOPES = "https://learn.microsoft.com/azure/update-manager/dynamic-scope-overview"
TROUBLESHOOT = "https://learn.microsoft.com/azure/update-manager/troubleshoot"
#: The command that changes a maintenance configuration; what it changes follows.
UPDATE = (
    "az maintenance configuration update --subscription <subscription> --resource-group <resource group>"
    " --resource-name <resource name>"
)
#: Where the portal has every schedule, and where each.
ALL = f"Azure Update Manager > Machines > Maintenance configurations ({CONFIGURATIONS_PAGE})"
OPEN = "Maintenance configurations > <resource name>"


def subject(configuration: Any) -> Subject:
    """Return the subject of a row that carries a configuration's name and configuration_id."""
    return Subject(
        kind="maintenance_configuration", name=configuration.name, id=configuration.configuration_id
    )


def schedule_of(configuration: Any) -> dict[str, Any]:
    """Return when a configuration starts, as it is written there, and the portal's page of it."""
    return {
        "start": configuration.start_clock,
        "time_zone": configuration.time_zone,
        "recur_every": configuration.recur_every,
        "portal": resource_page(configuration.configuration_id),
    }


def next_starts(occurrences: pd.DataFrame | None, asked_at: Any) -> pd.Series[Any]:
    """Return the next start of each configuration, by its key."""
    if occurrences is None:
        return pd.Series(dtype="datetime64[us, UTC]")
    return occurrences[occurrences["start"] > asked_at].groupby("configuration_key")["start"].min()
