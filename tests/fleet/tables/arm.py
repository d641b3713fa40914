"""Write what Azure Resource Manager says of providers, workspaces and rights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from fleet.identity import account_id, workspace_id
from fleet.model import Workspace, World, iso
from fleet.tables.writer import write_records

TEXT = pa.string()
OBJECT = dict.fromkeys(("id", "name", "type", "location", "tags", "properties"), TEXT)
PROVIDER = dict.fromkeys(("id", "namespace", "registrationState", "registrationPolicy"), TEXT)
RIGHTS = dict.fromkeys(("id", "actions", "notActions"), TEXT)


def write_arm(world: World, folder: Path) -> dict[str, int]:
    """Write these tables; return their numbers of rows."""
    rights = {"id": account_id(world), "actions": '["*/read"]', "notActions": "[]"}
    tables: tuple[tuple[str, list[dict[str, Any]], dict[str, pa.DataType]], ...] = (
        ("providers", providers(world), PROVIDER),
        ("workspaces", [_workspace(world, one) for one in world.workspaces], OBJECT),
        ("linkedServices", _links(world), OBJECT),
        ("savedSearches", [_saved(world, one) for one in world.workspaces], OBJECT),
        ("permissions", [rights], RIGHTS),
    )
    return {name: write_records(folder, name, rows, kinds) for name, rows, kinds in tables}


def providers(world: World) -> list[dict[str, Any]]:
    """Return the registrations in the subscriptions that can be seen."""
    return [
        {
            "id": f"/subscriptions/{subscription.id}/providers/{namespace}",
            "namespace": namespace,
            "registrationState": state,
            "registrationPolicy": "RegistrationRequired",
        }
        for subscription in world.subscriptions
        if subscription.visible
        for namespace, state in (
            ("Microsoft.Automation", subscription.registration),
            ("Microsoft.OperationalInsights", "Registered"),
        )
    ]


def _workspace(world: World, workspace: Workspace) -> dict[str, Any]:
    """Return a workspace; nothing is said of caps where none was ever set."""
    properties: dict[str, Any] = {
        "customerId": workspace.customer_id, "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018"}, "retentionInDays": 90,
    }  # fmt: skip
    if workspace.cap_gb is not None:
        reset = world.asked + 5 * 3600 if workspace.next_reset is None else workspace.next_reset
        properties["workspaceCapping"] = {
            "dailyQuotaGb": workspace.cap_gb,
            "quotaNextResetTime": iso(reset),
            "dataIngestionStatus": workspace.status,
        }
    return {
        "id": workspace_id(world, workspace), "name": workspace.name, "location": workspace.location,
        "type": "Microsoft.OperationalInsights/workspaces", "properties": json.dumps(properties),
    }  # fmt: skip


def _links(world: World) -> list[dict[str, Any]]:
    """Return the links of workspaces: to the account, to another one, or to no account at all."""
    rows = []
    for place, workspace in enumerate(world.workspaces):
        account = account_id(world) if place < world.linked else f"{account_id(world)}-old"
        name, target = "Automation", {"resourceId": account}
        if place >= world.linked and place % 2:
            cluster = account_id(world).replace(
                "Automation/automationAccounts", "OperationalInsights/clusters"
            )
            name, target = "Cluster", {"writeAccessResourceId": cluster}
        rows.append(
            {
                # in the small letters Azure uses for it
                "id": f"{workspace_id(world, workspace).lower()}/linkedservices/{name.lower()}",
                "name": f"{workspace.name}/{name}",
                "type": "Microsoft.OperationalInsights/workspaces/linkedServices",
                "properties": json.dumps({"provisioningState": "Succeeded"} | target),
            }
        )
    return rows


def _saved(world: World, workspace: Workspace) -> dict[str, Any]:
    """Return the computer group that Update Management keeps."""
    name = f"{workspace.name}|updates|microsoftdefaultcomputergroup"
    properties = {
        "Category": "Updates", "DisplayName": "MicrosoftDefaultComputerGroup",
        "FunctionAlias": "Updates__MicrosoftDefaultComputerGroup",
        "Query": "Heartbeat | distinct Computer", "Version": 2,
        "Tags": [{"Name": "Group", "Value": "Computer"}],
    }  # fmt: skip
    return {
        "id": f"{workspace_id(world, workspace)}/savedSearches/{name}", "name": name,
        "type": "Microsoft.OperationalInsights/savedSearches", "properties": json.dumps(properties),
    }  # fmt: skip
