"""Is the resource provider Microsoft.Automation registered wherever machines are to be updated?

Looks for:
    The registration state of Microsoft.Automation in the subscriptions of the parameters and in those that an
    update deployment names or selects from.

Why it matters:
    Machines of a subscription that has not registered it are left out of dynamic groups without any message.

Cannot see:
    Subscriptions whose registration could not be read; they are listed as not checked.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.recognition import AUTOMATION, registrations_of, unregistered
from umdiag.frames.shared.text import fold, folded, subscription_of
from umdiag.model import Cause, Finding, Lead, Subject, found
from umdiag.scenarios.account import UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN

NOT_REGISTERED = Cause(
    key="provider_not_registered",
    sentence="The subscription has not registered the resource provider Microsoft.Automation.",
    resolution=(
        "Register it: az provider register --namespace Microsoft.Automation --subscription <subscription>, or"
        " Subscriptions > the subscription > Resource providers > Microsoft.Automation > Register.",
        "Wait a few minutes until it is Registered: az provider show --namespace Microsoft.Automation"
        " --subscription <subscription> --query registrationState.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    leads_to=(
        Lead(
            notebook="missed_machines",
            why="machines of these subscriptions are left out of every run: see which.",
        ),
    ),
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("provider_registrations", "update_configurations"),
)


def judge(
    provider_registrations: pd.DataFrame,
    targets: pd.DataFrame | None,
    *,
    subscriptions: Sequence[str],
    workspaces: Sequence[str],
    automation_account: str,
) -> Iterator[Finding]:
    """Report each subscription asked for or aimed at where the provider is not registered."""
    asked = {fold(subscription) for subscription in subscriptions} or {
        subscription_of(place) for place in (*workspaces, automation_account)
    }
    aims = _aims(targets)
    rows = registrations_of(provider_registrations, AUTOMATION)
    registrations = rows.assign(key=folded(rows["subscription_id"]))
    unseen = sorted((asked | set(aims)) - {""} - set(registrations["key"]))
    not_checked = [
        f"providers: no registration row of subscription {subscription}" for subscription in unseen
    ]
    lacking = (unregistered(provider_registrations, AUTOMATION) & (asked | set(aims))) - {""}
    for registration in registrations[registrations["key"].isin(lacking)].drop_duplicates("key").itertuples():
        page = f"https://portal.azure.com/#resource/subscriptions/{registration.subscription_id}/resourceproviders"
        yield found(
            NOT_REGISTERED,
            Subject(
                kind="subscription",
                name=registration.subscription_id,
                id=f"/subscriptions/{registration.subscription_id}",
            ),
            {
                "registration_state": registration.registration_state or None,
                "update_deployments": sorted(aims.get(registration.key, ()))[:SHOWN],
                "portal": page,
                "also": [],
                "not_checked": not_checked,
            },
        )
    if not asked - {""} and not aims:
        raise Inconclusive("neither the parameters nor update deployments name a subscription")
    if unseen:
        raise Inconclusive("; ".join(not_checked))


def _aims(targets: pd.DataFrame | None) -> dict[str, set[str]]:
    """Return the update deployments that aim at each subscription."""
    aims: dict[str, set[str]] = {}
    for target in () if targets is None else targets.itertuples():
        for place in (*target.scope, *target.machines):
            if subscription := subscription_of(place):
                aims.setdefault(subscription, set()).add(target.configuration)
    return aims
