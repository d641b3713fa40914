"""The collections of Azure Resource Manager that are read: where, in which version, how they page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: Version of everything of the retired service.
AUTOMATION = "2024-10-23"
_OPERATIONAL_INSIGHTS = "2025-07-01"


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A table of `tables.json` (section arm) as the service keeps it.

    `of`: there is one of it for each automation account, workspace, subscription, or for each object of
    another collection (`parent`). `path` is below that. `whole`: the list leaves things out, each object
    is read by itself. `since`: property by whose time the service can leave old objects out. `role`: what a
    caller needs. Paths and versions: azure-rest-api-specs (read 2026-11-22).
    """

    table: str
    of: Literal["account", "workspace", "subscription", "parent"]
    path: str
    version: str
    parent: str = ""
    whole: bool = False
    since: str = ""
    single: bool = False


_ALL = (
    Collection(
        table="softwareUpdateConfigurations",
        of="account",
        path="/softwareUpdateConfigurations",
        version=AUTOMATION,
        whole=True,
    ),
    Collection(
        table="softwareUpdateConfigurationRuns",
        of="account",
        path="/softwareUpdateConfigurationRuns",
        version=AUTOMATION,
        since="properties/startTime",
    ),
    Collection(
        table="softwareUpdateConfigurationMachineRuns",
        of="account",
        path="/softwareUpdateConfigurationMachineRuns",
        version=AUTOMATION,
        since="properties/startTime",
    ),
    Collection(
        table="hybridRunbookWorkerGroups",
        of="account",
        path="/hybridRunbookWorkerGroups",
        version=AUTOMATION,
    ),
    Collection(
        table="hybridRunbookWorkers",
        of="parent",
        parent="hybridRunbookWorkerGroups",
        path="/hybridRunbookWorkers",
        version=AUTOMATION,
    ),
    Collection(table="jobs", of="account", path="/jobs", version=AUTOMATION),
    Collection(
        table="providers",
        of="subscription",
        path="/providers/Microsoft.Automation",
        version="2022-09-01",
        single=True,
    ),
    Collection(table="workspaces", of="workspace", path="", version=_OPERATIONAL_INSIGHTS, single=True),
    Collection(table="linkedServices", of="workspace", path="/linkedServices", version=_OPERATIONAL_INSIGHTS),
    Collection(table="savedSearches", of="workspace", path="/savedSearches", version=_OPERATIONAL_INSIGHTS),
    Collection(
        table="permissions",
        of="account",
        path="/providers/Microsoft.Authorization/permissions",
        version="2022-04-01",
    ),
)

COLLECTIONS: Mapping[str, Collection] = {collection.table: collection for collection in _ALL}
