"""What is asked and where: the scope of an investigation and the addresses of its cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from umdiag.queries.belonging import without
from umdiag.queries.kql import tables
from umdiag.words.services import CALLED


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Addresses and token audiences of one Azure cloud.

    Kusto and Log Analytics: the trusted hosts of azure-kusto-data 6.0 and the documentation of
    azure-monitor-query 2.0 (read 2026-11-22); the others: azure-core's own constants.
    """

    name: str
    authority: str
    kusto: str
    kusto_audience: str
    monitor: str
    management: str


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(
        name="AzureCloud",
        authority="https://login.microsoftonline.com",
        kusto="https://ade.loganalytics.io",
        kusto_audience="https://kusto.kusto.windows.net",
        monitor="https://api.loganalytics.io",
        management="https://management.azure.com",
    ),
    "usgov": Cloud(
        name="AzureUSGovernment",
        authority="https://login.microsoftonline.us",
        kusto="https://adx.monitor.azure.us",
        kusto_audience="https://kusto.kusto.usgovcloudapi.net",
        monitor="https://api.loganalytics.us",
        management="https://management.usgovcloudapi.net",
    ),
    "china": Cloud(
        name="AzureChinaCloud",
        authority="https://login.partner.microsoftonline.cn",
        kusto="https://adx.monitor.azure.cn",
        kusto_audience="https://kusto.kusto.chinacloudapi.cn",
        monitor="https://api.loganalytics.azure.cn",
        management="https://management.chinacloudapi.cn",
    ),
}

#: Collections of Resource Manager that belong to a workspace.
_OF_WORKSPACES = ("workspaces", "linkedServices", "savedSearches")


@dataclass(frozen=True, kw_only=True)
class Target:
    """The scope of one investigation; ids are ARM ids, `endpoints` replace addresses of the cloud.

    `services` are those that may be looked at: of the others nothing is asked.
    """

    cloud: Cloud
    workspaces: tuple[str, ...]
    automation_account: str
    subscriptions: tuple[str, ...]
    management_groups: tuple[str, ...] = ()
    workspace_api: Literal["kusto", "monitor"] = "monitor"
    credential: Literal["chain", "browser", "device_code", "token"] = "chain"
    tenant_id: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = tuple(CALLED)

    @property
    def tables(self) -> frozenset[str]:
        """Names of the tables that there are to be asked."""
        sections = tables()
        asked = [*sections["graph"], "providers"]
        if self.workspaces:
            asked += [*sections["workspace"], *_OF_WORKSPACES]
        if self.automation_account:
            asked += [table for table in sections["arm"] if table not in _OF_WORKSPACES]
        return without(asked, CALLED.keys() - self.services)

    @property
    def kusto(self) -> str:
        """Address below which each workspace is a cluster."""
        return self.endpoints.get("kusto", self.cloud.kusto)

    @property
    def monitor(self) -> str:
        """Address of the Log Analytics query API."""
        return self.endpoints.get("monitor", self.cloud.monitor)

    @property
    def management(self) -> str:
        """Address of Azure Resource Manager and Resource Graph."""
        return self.endpoints.get("management", self.cloud.management)

    @property
    def ca_bundle(self) -> str:
        """File of certificates that are trusted besides the public ones, "" for none."""
        return self.endpoints.get("ca_bundle", "")


def group_id(name: str) -> str:
    """Return the ARM id of a management group."""
    return f"/providers/Microsoft.Management/managementGroups/{name}"


def name_of(arm_id: str) -> str:
    """Return the last part of an ARM id: the resource's own name."""
    return arm_id.rstrip("/").rpartition("/")[2]
