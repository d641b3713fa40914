"""Write the ids of machines, workspaces and the account as Azure writes them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fleet.model import Deployment, Subscription, Texts, Workspace, World, known

ACCOUNT = "aa-updates"
PLATFORM_GROUP = "rg-monitoring"
PROVIDERS = {"azure": "Microsoft.Compute", "arc": "Microsoft.HybridCompute"}
TYPES = {"azure": "virtualMachines", "arc": "machines"}


def join_texts(*parts: str | Texts) -> Texts:
    """Join texts row by row; a row with a None in it becomes None."""
    columns = [p if isinstance(p, str) else pa.array(p, pa.string()) for p in parts]
    joined = pc.binary_join_element_wise(*columns, "", null_handling="emit_null")
    return np.asarray(joined.to_numpy(zero_copy_only=False), dtype=object)


def subscription_ids(world: World) -> Texts:
    """Return each machine's subscription; None where it has none."""
    ids = np.array([s.id for s in world.subscriptions], dtype=object)
    found = ids[world.column("subscription")]
    found[world.texts("kind") == "plain"] = None
    return np.asarray(found, dtype=object)


def arm_ids(world: World) -> Texts:
    """Return each machine's ARM id; None where it has none."""
    kind = world.machines["kind"]
    return join_texts(
        "/subscriptions/", subscription_ids(world), "/resourceGroups/", world.texts("group"),
        "/providers/", kind.map(PROVIDERS).to_numpy(dtype=object, na_value=None), "/",
        kind.map(TYPES).to_numpy(dtype=object, na_value=None), "/", world.texts("name"),
    )  # fmt: skip


def logged_ids(world: World) -> Texts:
    """Return the ARM ids as the agents write them: some of them all in capitals."""
    ids = arm_ids(world)
    loud = (world.column("spelling") == 1) & known(ids)
    ids[loud] = [text.upper() for text in ids[loud]]
    return ids


def present_ids(world: World) -> Texts:
    """Return each machine's subject id: its ARM id, else the id of its present agent."""
    ids = arm_ids(world)
    return np.where(known(ids), ids, world.texts("source_id"))


def workspace_id(world: World, workspace: Workspace) -> str:
    """Return the ARM id of a workspace."""
    return (
        f"/subscriptions/{world.subscriptions[workspace.subscription].id}"
        f"/resourceGroups/{PLATFORM_GROUP}"
        f"/providers/Microsoft.OperationalInsights/workspaces/{workspace.name}"
    )


def subscription_id(subscription: Subscription) -> str:
    """Return the ARM id of a subscription."""
    return f"/subscriptions/{subscription.id}"


def account_id(world: World) -> str:
    """Return the ARM id of the Automation account."""
    return (
        f"/subscriptions/{world.subscriptions[world.account_subscription].id}"
        f"/resourceGroups/{PLATFORM_GROUP}"
        f"/providers/Microsoft.Automation/automationAccounts/{ACCOUNT}"
    )


def configuration_id(world: World, deployment: Deployment) -> str:
    """Return the ARM id of an update deployment."""
    return f"{account_id(world)}/softwareUpdateConfigurations/{deployment.name}"
