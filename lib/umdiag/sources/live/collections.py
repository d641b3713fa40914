"""The collections of Azure Resource Manager that are read: where, in which version, how they page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from umdiag.sources.live.target import Target
from umdiag.words.moments import write_moment

#: Version of everything of the retired service.
AUTOMATION = "2024-10-23"
_OPERATIONAL_INSIGHTS = "2025-07-01"
#: The resource providers that patching rests on, of some 250 that a subscription lists.
_NAMESPACES = tuple(f"Microsoft.{name}" for name in ("Automation", "Compute", "HybridCompute", "Maintenance"))


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest objects of a status: how many, and by which property."""

    status: str
    by: str
    most: int

    def among(self, objects: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return the places of these objects."""
        found = []
        for place, listed in enumerate(objects):
            properties = listed.get("properties")
            told = properties if isinstance(properties, dict) else {}
            if str(told.get("status")).lower() == self.status.lower():
                found.append((str(told.get(self.by)), place))
        return [place for _, place in sorted(found, reverse=True)[: self.most]]


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A table of `tables.json` (section arm) as the service keeps it.

    `of`: there is one of it for each automation account, workspace, subscription, or for each object of
    another collection (`parent`). `path` is below that. `whole`: the list leaves things out, each object
    is read by itself; `whole_of`: only the newest objects of a status, as they are read for more than is
    judged by. `since`: property by whose time the service can leave old objects out. `select`: the
    properties that are asked for, where objects are large. `namespaces`: those that are kept of a list, each
    of which it holds once. Paths and versions: azure-rest-api-specs (read 2026-11-22).
    """

    table: str
    of: Literal["account", "workspace", "subscription", "parent"]
    path: str
    version: str
    parent: str = ""
    whole: bool = False
    whole_of: Newest | None = None
    since: str = ""
    select: str = ""
    namespaces: tuple[str, ...] = ()
    single: bool = False

    @property
    def known(self) -> bool:
        """Whether it is known beforehand which objects a scope holds: what is absent lies in its scope."""
        return self.single or bool(self.namespaces)


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
    # The list holds no exceptions.
    Collection(
        table="jobs",
        of="account",
        path="/jobs",
        version=AUTOMATION,
        whole_of=Newest(status="Failed", by="creationTime", most=200),
    ),
    # Each provider by itself would be four requests. The list takes no page size (azure-rest-api-specs issue
    # 1129) and holds every resource type; `$select` is in no specification, but Azure CLI sends it
    # (acs/azuremonitormetrics/helper.py, read 2026-11-27): without it the same answer is a few megabytes.
    Collection(
        table="providers",
        of="subscription",
        path="/providers",
        version="2022-09-01",
        select="namespace,registrationState",
        namespaces=_NAMESPACES,
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


def absent_parameter(collection: Collection, target: Target) -> str:
    """Return the parameter that would have to name where a collection lies, "" where that is known."""
    if collection.of in ("account", "parent") and not target.automation_account:
        return "automation_account"
    return "workspaces" if collection.of == "workspace" and not target.workspaces else ""


def asked_with(collection: Collection, since: datetime | None) -> dict[str, str]:
    """Return the parameters by which the service leaves out what began before `since` or is not asked for."""
    asked = {"$select": collection.select} if collection.select else {}
    if collection.since and since:
        asked["$filter"] = f"{collection.since} ge {write_moment(since.replace(microsecond=0))}"
    return asked


def kept(collection: Collection, objects: Sequence[Mapping[str, Any]], path: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list that are wanted, each with the id that a selection leaves out."""
    if not collection.namespaces:
        return list(objects)
    wanted = {*map(str.lower, collection.namespaces)}
    found: list[Mapping[str, Any]] = []
    for listed in objects:
        namespace = next((str(value) for name, value in listed.items() if name.lower() == "namespace"), "")
        if namespace.lower() in wanted:
            found.append({**listed, "id": f"{path}/{namespace}"})
    return found
