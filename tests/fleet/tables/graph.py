"""Write the tables of Azure Resource Graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.estate import LOCATIONS
from fleet.identity import (
    ACCOUNT,
    PLATFORM_GROUP,
    account_id,
    arm_ids,
    join_texts,
    subscription_ids,
    workspace_id,
)
from fleet.model import DAY, NEVER, Ints, Texts, World, iso, make_guid
from fleet.tables.writer import coded, write_records, write_table

TEXT = pa.string()
COLUMNS = (
    "id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId",
    "managedBy", "sku", "properties", "tags",
)  # fmt: skip
KINDS = dict.fromkeys(COLUMNS, TEXT)
TYPES = {"azure": "microsoft.compute/virtualmachines", "arc": "microsoft.hybridcompute/machines"}
EMPTY = ("patchinstallationresources", "maintenanceresources")


def write_graph(world: World, folder: Path) -> dict[str, int]:
    """Write resources, their containers and their changes, and what Azure Update Manager knows."""
    rows = {
        "resources": write_table(folder, "resources", resource_columns(world)),
        "resourcecontainers": write_records(folder, "resourcecontainers", containers(world), KINDS),
        "patchassessmentresources": write_records(
            folder, "patchassessmentresources", _assessed(world), KINDS
        ),
        "resourcechanges": write_records(folder, "resourcechanges", changes(world), KINDS),
    }
    return rows | {name: write_records(folder, name, [], KINDS) for name in EMPTY}


def resource_columns(world: World) -> dict[str, pa.Array]:
    """Return machines that exist in subscriptions that can be seen, and some other resources."""
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    there = (world.machines["kind"] != "plain").to_numpy() & visible
    there &= (world.column("deleted") == NEVER) & ~world.flags("ghost") & ~world.flags("unread")
    there[world.adopted] = False
    shown = np.flatnonzero(there)
    kind = world.machines["kind"]
    tenants = np.array([s.tenant for s in world.subscriptions], dtype=object)
    ids = arm_ids(world)[shown]
    loud = world.column("spelling")[shown] == 1
    ids[loud] = [text.replace("/resourceGroups/", "/RESOURCEGROUPS/") for text in ids[loud]]
    machines = pd.DataFrame(
        {
            "id": ids,
            "name": world.texts("name")[shown],
            "type": kind.map(TYPES).to_numpy(dtype=object, na_value=None)[shown],
            "location": np.array(LOCATIONS, dtype=object)[world.column("location")[shown]],
            "resourceGroup": np.char.lower(world.texts("group")[shown].astype(str)).astype(object),
            "subscriptionId": subscription_ids(world)[shown],
            "properties": _properties(world, shown),
            "tags": _tags(world, shown),
            "tenantId": tenants[world.column("subscription")[shown]],
        },
        dtype=object,
    )
    frame = pd.concat([machines, pd.DataFrame(_others(world))], ignore_index=True)
    frame["tenantId"] = frame["tenantId"].fillna(world.subscriptions[0].tenant)
    every = np.arange(len(frame))
    columns: dict[str, pa.Array] = {}
    for name in COLUMNS:
        values = frame[name] if name in frame else pd.Series([None] * len(frame), dtype=object)
        unique = name in ("id", "name", "properties")
        texts = values.astype(object).where(values.notna(), None).to_numpy()
        columns[name] = pa.array(texts, TEXT) if unique else coded(texts, every)
    return columns


def _properties(world: World, shown: Ints) -> Texts:
    """Return the properties of virtual machines and Arc machines as JSON text."""
    os_type = world.texts("os_type")[shown]
    power = world.texts("power")[shown]
    ids = world.texts("vm_id")[shown]
    made = pd.to_datetime(world.column("created")[shown], unit="s").strftime("%Y-%m-%dT%H:%M:%S")
    virtual = join_texts(
        '{"vmId":"', ids, '","hardwareProfile":{"vmSize":"Standard_D2s_v5"},',
        '"storageProfile":{"osDisk":{"osType":"', os_type, '","createOption":"FromImage"}},',
        '"provisioningState":"Succeeded","timeCreated":"', np.asarray(made, dtype=object),
        '.3172943+00:00","extended":{"instanceView":{"powerState":{"code":"', power, '"}}}}',
    )  # fmt: skip
    arc = join_texts(
        '{"vmId":"', ids, '","status":"', power, '","osName":"', os_type, '","osType":"',
        np.char.lower(os_type.astype(str)).astype(object), '","agentVersion":"1.47.02862.1823",',
        '"displayName":"', world.texts("name")[shown], '"}',
    )  # fmt: skip
    return np.where(world.texts("kind")[shown] == "azure", virtual, arc)


def _tags(world: World, shown: Ints) -> Texts:
    """Return tags as JSON text; every distinct set is written once."""
    frame = world.machines.loc[shown, ["env", "patch", "owner", "spelling"]].astype(object)
    codes, sets = pd.factorize(pd.MultiIndex.from_frame(frame))
    texts = []
    for env, patch, owner, spelling in sets:
        tags = {"env": env, "patch": patch, "owner": owner}
        tags = {key: value for key, value in tags.items() if isinstance(value, str)}
        if spelling:
            tags = {key.capitalize(): value.upper() for key, value in tags.items()}
        texts.append(json.dumps(tags))
    return np.array(texts, dtype=object)[codes]


def _others(world: World) -> list[dict[str, Any]]:
    """Return what else lies in the subscriptions."""
    platform = world.subscriptions[world.account_subscription].id
    rows: list[dict[str, Any]] = [
        {
            "id": account_id(world), "name": ACCOUNT, "type": "microsoft.automation/automationaccounts",
            "location": "westeurope", "resourceGroup": PLATFORM_GROUP, "subscriptionId": platform,
            "properties": json.dumps({"state": "Ok"}),
        }
    ]  # fmt: skip
    for workspace in world.workspaces:
        rows.append(
            {
                "id": workspace_id(world, workspace), "name": workspace.name,
                "type": "microsoft.operationalinsights/workspaces", "location": workspace.location,
                "resourceGroup": PLATFORM_GROUP, "subscriptionId": platform,
                "properties": json.dumps({"customerId": workspace.customer_id}),
            }
        )  # fmt: skip
    for number, subscription in enumerate(world.subscriptions[:3]):
        for kind, name in (("virtualnetworks", "vnet-hub"), ("networksecuritygroups", "nsg-default")):
            rows.append(
                {
                    "id": f"/subscriptions/{subscription.id}/resourceGroups/rg-infra/providers"
                    f"/Microsoft.Network/{kind}/{name}",
                    "name": name, "type": f"microsoft.network/{kind}", "location": LOCATIONS[number],
                    "resourceGroup": "rg-infra", "subscriptionId": subscription.id,
                    "properties": json.dumps({"provisioningState": "Succeeded"}),
                }
            )  # fmt: skip
    return rows


def _assessed(world: World) -> list[dict[str, Any]]:
    """Return what Azure Update Manager found on the machines that it assesses."""
    ids = arm_ids(world)
    rows = []
    for machine in world.elsewhere:
        # of those that lapsed by turns one failed now, and one succeeded days ago
        turn = world.lapsed.index(machine) % 2 if machine in world.lapsed else None
        status, told = "Failed" if turn == 0 else "Succeeded", world.asked - (5 * DAY if turn else 3600)
        properties = {
            "status": status, "rebootPending": False, "osType": world.texts("os_type")[machine],
            "lastModifiedDateTime": iso(told, ".123"), "startedBy": "Platform",
            "availablePatchCountByClassification": {"security": 0, "critical": 0, "other": 2},
        }  # fmt: skip
        rows.append(
            {
                "id": f"{ids[machine]}/patchAssessmentResults/latest", "name": "latest",
                "type": "microsoft.compute/virtualmachines/patchassessmentresults",
                "location": LOCATIONS[world.column("location")[machine]],
                "subscriptionId": world.subscriptions[world.column("subscription")[machine]].id,
                "resourceGroup": str(world.texts("group")[machine]).lower(),
                "tenantId": world.subscriptions[0].tenant, "properties": json.dumps(properties),
            }
        )  # fmt: skip
    return rows


def containers(world: World) -> list[dict[str, Any]]:
    """Return the subscriptions that can be seen, and their resource groups."""
    rows: list[dict[str, Any]] = []
    used = set(zip(world.column("subscription").tolist(), world.texts("group").tolist(), strict=True))
    for number, subscription in enumerate(world.subscriptions):
        if not subscription.visible:
            continue
        about = {"tenantId": subscription.tenant, "subscriptionId": subscription.id}
        name = f"/subscriptions/{subscription.id}"
        rows.append(
            about
            | {"id": name, "name": subscription.name, "type": "microsoft.resources/subscriptions",
               "properties": json.dumps({"state": "Enabled"})}
        )  # fmt: skip
        groups = {group for place, group in used if place == number}
        if number == world.account_subscription:
            groups.add(PLATFORM_GROUP)
        for group in sorted(groups):
            rows.append(
                about
                | {"id": f"{name}/resourceGroups/{group}", "name": group, "location": "westeurope",
                   "type": "microsoft.resources/subscriptions/resourcegroups",
                   "resourceGroup": group.lower(),
                   "properties": json.dumps({"provisioningState": "Succeeded"})}
            )  # fmt: skip
    return rows


def changes(world: World) -> list[dict[str, Any]]:
    """Return the recorded changes of machines, in order of time."""
    rng = world.rng("changes")
    ids, kinds = arm_ids(world), world.texts("kind")
    rows = []
    for change in sorted(world.changes, key=lambda c: (c.at, c.machine)):
        if not world.start < change.at <= world.asked:
            continue
        name, target = make_guid(rng), str(ids[change.machine])
        loud = world.column("spelling")[change.machine] == 1
        tags = {f"tags.{t}": f"tags.{t.capitalize()}" for t in ("env", "patch", "owner")} if loud else {}
        properties = {
            "targetResourceId": target,
            "targetResourceType": TYPES[kinds[change.machine]],
            "changeType": change.type,
            "changeAttributes": {
                "correlationId": make_guid(rng), "changedByType": "User",
                "changesCount": len(change.values), "clientType": "Azure Portal",
                "changedBy": "ops@contoso.com", "timestamp": iso(change.at, ".347"),
            },
            "changes": {
                tags.get(path, path): {"newValue": after, "previousValue": before}
                for path, (before, after) in change.values.items()
            },
        }  # fmt: skip
        rows.append(
            {
                "id": f"{target}/providers/Microsoft.Resources/changes/{name}", "name": name,
                "type": "microsoft.resources/changes", "tenantId": world.subscriptions[0].tenant,
                "subscriptionId": world.subscriptions[world.column("subscription")[change.machine]].id,
                "resourceGroup": str(world.texts("group")[change.machine]).lower(),
                "properties": json.dumps(properties),
            }
        )  # fmt: skip
    return rows
