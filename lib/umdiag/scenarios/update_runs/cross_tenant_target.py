"""Which update deployments target machines in another tenant?

Looks for:
    Enabled update deployments that name Azure machines of a subscription whose tenant is not that of the
    Automation account.

Why it matters:
    The deployment can be neither changed nor saved: the portal says that the linked subscription is not
    authorised.

Cannot see:
    The tenant of subscriptions that you cannot see; the reason names them.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.text import fold, folded, subscription_of
from umdiag.model import Cause, Finding, Lead, Subject, found
from umdiag.scenarios.account import UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN, portal

NOT_AUTHORISED = Cause(
    key="linked_subscription_unauthorized",
    sentence="The update deployment names machines of a subscription that belongs to another tenant.",
    resolution=(
        "Create the deployment with New-AzAutomationSoftwareUpdateConfiguration, and give it these"
        " machines by name as -NonAzureComputer.",
        "Or update them from an Automation account of their own tenant.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    leads_to=(
        Lead(
            notebook="missed_machines",
            why="a deployment that cannot be saved keeps its old list: see which machines it misses.",
        ),
    ),
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("count", "account_tenant", "subscriptions")
RESTS = Rests(
    symptom=("update_configurations", "subscriptions"),
)


def judge(
    update_configurations: pd.DataFrame, subscriptions: pd.DataFrame, *, automation_account: str
) -> Iterator[Finding]:
    """Report each enabled update deployment that names machines of a foreign tenant."""
    tenants = dict(
        zip(folded(subscriptions["subscription_id"]), folded(subscriptions["tenant_id"]), strict=True)
    )
    unseen: set[str] = set()
    # What is not told is not "disabled": lists of deployments carry no schedule.
    for configuration in update_configurations[~surely_not(update_configurations["enabled"])].itertuples():
        named = configuration.azure_machines if isinstance(configuration.azure_machines, list) else []
        home = tenants.get(subscription_of(configuration.id) or subscription_of(automation_account), "")
        aims = {machine: subscription_of(machine) for machine in named if fold(machine)}
        unseen |= {aim for aim in aims.values() if aim and not tenants.get(aim)}
        if named and not home:
            unseen.add(subscription_of(configuration.id))
        foreign = {
            machine: aim for machine, aim in aims.items() if home and tenants.get(aim, home) not in ("", home)
        }
        if foreign:
            yield found(
                NOT_AUTHORISED,
                Subject(kind="update_configuration", name=configuration.name, id=configuration.id),
                {
                    "account_tenant": home,
                    "subscriptions": [
                        {"subscription": aim, "tenant": tenants[aim]} for aim in sorted(set(foreign.values()))
                    ],
                    "count": len(foreign),
                    "machines": sorted(foreign)[:SHOWN],
                    "portal": portal(configuration.id),
                    "also": [],
                },
            )
    if unseen - {""}:
        raise Inconclusive(
            f"the tenant of these subscriptions cannot be seen: {', '.join(sorted(unseen - {''}))}"
        )
