"""Are the resource providers that patching needs registered wherever machines are patched?

Looks for:
    Update Management: the registration state of Microsoft.Automation in the subscriptions of the parameters
    and in those that an update deployment names or selects from. Azure Update Manager: Microsoft.Maintenance
    in subscriptions with an active maintenance configuration or a machine that a schedule reaches, and
    Microsoft.Compute in those with a managed machine of Azure Arc.

Why it matters:
    Machines of a subscription that lacks the provider are left out of runs without any message, and machines
    of Azure Arc are not assessed.

Cannot see:
    Subscriptions whose registration could not be read; they are listed as not checked.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/roles-permissions (read 2026-11-28)
    https://learn.microsoft.com/azure/update-manager/assessment-options (read 2026-11-28)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.recognition import AUTOMATION, registrations_of
from umdiag.frames.shared.text import fold, folded, subscription_of
from umdiag.model import Cause, Finding, Lead, Partial, Subject, found
from umdiag.scenarios.account import UPDATE_MANAGEMENT, UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import register
from umdiag.scenarios.evidence import SHOWN
from umdiag.scenarios.onboarding._azure_machines import MANAGED, NOT_READ
from umdiag.words.steps import Traits

_AUTOMATION = "Microsoft.Automation"
NOT_REGISTERED = Cause(
    key="provider_not_registered",
    sentence="The subscription has not registered a resource provider that patching needs.",
    resolution=register("<namespace>"),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    manager_source="https://learn.microsoft.com/azure/update-manager/roles-permissions",
    leads_to=(
        Lead(
            notebook="missed_machines",
            why="machines of these subscriptions are left out of every run: see which.",
        ),
    ),
)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("registration_state", "namespaces")
RESTS = Rests(
    symptom=("provider_registrations", "update_configurations"),
    causes=(*MANAGED, "subscriptions"),
    indifferent=NOT_READ,
)


def judge(
    provider_registrations: pd.DataFrame,
    targets: pd.DataFrame | None,
    needed_providers: Partial | None,
    azure_machines: pd.DataFrame | None,
    configurations: pd.DataFrame | None,
    *,
    subscriptions: Sequence[str],
    workspaces: Sequence[str],
    automation_account: str,
    services: Sequence[str],
) -> Iterator[Finding]:
    """Report each subscription that lacks a provider which a service needs there."""
    asked = set(services) or {UPDATE_MANAGEMENT, UPDATE_MANAGER}
    places = subscriptions or [subscription_of(place) for place in (*workspaces, automation_account)]
    old = UPDATE_MANAGEMENT in asked
    aims = _aims(targets) if old else {}
    wanted = ({fold(place) for place in places} if old else set()) | set(aims)
    needed = _of_update_management(wanted - {""}, provider_registrations)
    doubted = needed.head(0)
    if UPDATE_MANAGER in asked and needed_providers is not None:
        columns = ["subscription", "namespace", "registration_state", "registered"]
        is_needed = needed_providers[["configurations", "reached", "arc"]].sum(axis="columns") > 0
        doubted = needed_providers[~is_needed & ~needed_providers["registered"].fillna(False).astype(bool)]
        needed = pd.concat([needed, needed_providers[is_needed][columns]], ignore_index=True)
    doubts = [
        f"whether {row.namespace} is needed in subscription {row.subscription}: whether anything manages"
        " its machines of Azure Arc could not be seen"
        for row in doubted.itertuples()
    ]
    unseen = needed[needed["registered"].isna()].sort_values(["subscription", "namespace"])
    not_checked = [
        f"providers: no registration row of {row.namespace} in subscription {row.subscription}"
        for row in unseen.itertuples()
    ]
    lacking = needed[~needed["registered"].fillna(True).astype(bool)]
    spelled = {fold(id_): id_ for id_ in provider_registrations["subscription_id"]}
    for subscription, rows in lacking.groupby("subscription"):
        states = dict(zip(rows["namespace"], rows["registration_state"], strict=True))
        deployments = sorted(aims.get(str(subscription), ()))[:SHOWN]
        yield _lacking(spelled[str(subscription)], states, deployments, not_checked)
    if old and needed.empty:
        raise Inconclusive("neither the parameters nor update deployments name a subscription")
    if unseen_tables := UPDATE_MANAGER in asked and (azure_machines is None or configurations is None):
        not_checked.append(
            "where Update Manager needs a provider: machines or schedules could not be read completely"
        )
    if doubts or len(unseen) or unseen_tables:
        raise Inconclusive("; ".join([*not_checked, *doubts]))


def _of_update_management(wanted: set[str], registrations: pd.DataFrame) -> pd.DataFrame:
    """Return the state of Microsoft.Automation in each of these subscriptions (null: no row tells)."""
    rows = registrations_of(registrations, AUTOMATION)
    rows = rows.assign(key=folded(rows["subscription_id"])).drop_duplicates("key").set_index("key")
    states = rows["registration_state"].reindex(sorted(wanted))
    return pd.DataFrame(
        {
            "subscription": pd.Series(sorted(wanted), dtype="str"),
            "namespace": _AUTOMATION,
            "registration_state": states.to_numpy(),
            "registered": (folded(states) == "registered").astype("boolean").mask(states.isna()).array,
        }
    )


def _lacking(
    subscription: str, states: Mapping[str, Any], deployments: Sequence[str], not_checked: Sequence[str]
) -> Finding:
    """Return the finding on a subscription; each provider that it lacks has its own steps."""
    evidence = {
        "registration_state": next(iter(states.values())) or None,
        "namespaces": dict(states),
        "update_deployments": list(deployments),
        "portal": f"https://portal.azure.com/#resource/subscriptions/{subscription}/resourceproviders",
        "also": [],
        "not_checked": list(not_checked),
    }
    steps = [step for namespace in states for step in register(namespace)]
    who = Subject(kind="subscription", name=subscription, id=f"/subscriptions/{subscription}")
    known = Traits(service="update_management" if _AUTOMATION in states else "update_manager")
    return found(NOT_REGISTERED, who, evidence, resolution=steps, known=known)


def _aims(targets: pd.DataFrame | None) -> dict[str, set[str]]:
    """Return the update deployments that aim at each subscription."""
    aims: dict[str, set[str]] = {}
    for target in () if targets is None else targets.itertuples():
        for place in (*target.scope, *target.machines):
            if subscription := subscription_of(place):
                aims.setdefault(subscription, set()).add(target.configuration)
    return aims
