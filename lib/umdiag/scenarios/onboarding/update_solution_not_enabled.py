"""Is the Automation account linked to a workspace?

Looks for:
    A linked service `Automation` of one of the workspaces that names the Automation account of the
    parameters.

Why it matters:
    Without the link Update Management cannot be enabled, and what was enabled before stops working.

Cannot see:
    Workspaces that the parameters do not name; whether the link was refused because of their regions.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/how-to/region-mappings (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.text import fold, folded, last_segment
from umdiag.model import Cause, Finding, Subject, found
from umdiag.scenarios.account import UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN, portal
from umdiag.scenarios.leads import WITHOUT_WORKER

NOT_LINKED = Cause(
    key="account_not_linked",
    sentence="None of the workspaces is linked to the Automation account.",
    resolution=(
        "Link them: Automation account > Update management, choose the workspace, Enable.",
        "If a workspace is linked to another account (evidence), unlink that account first.",
        "Workspace and account must be in regions that can be linked to each other.",
    ),
    source="https://learn.microsoft.com/azure/automation/how-to/region-mappings",
    leads_to=(WITHOUT_WORKER,),
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("workspaces", "linked_elsewhere")
RESTS = Rests(
    symptom=("linked_accounts",),
)


def judge(
    linked_accounts: pd.DataFrame, *, automation_account: str, workspaces: Sequence[str]
) -> Iterator[Finding]:
    """Report the account where no workspace of the parameters (of all, if they name none) links to it."""
    account = fold(automation_account).rstrip("/")
    if not account:
        raise Inconclusive("the parameters name no automation_account")
    services = linked_accounts[folded(linked_accounts["id"]).str.endswith("/linkedservices/automation")]
    named = [fold(workspace).rstrip("/") for workspace in workspaces]
    if named:
        services = services[folded(services["workspace_key"]).isin(named)]
    if not folded(services["linked_resource"]).str.rstrip("/").eq(account).any():
        others = services[["workspace_key", "linked_resource"]].head(SHOWN)
        yield found(
            NOT_LINKED,
            Subject(
                kind="automation_account",
                name=last_segment(automation_account),
                id=automation_account.rstrip("/"),
            ),
            {
                "workspaces": list(workspaces),
                "linked_elsewhere": [
                    {"workspace": key, "account": account} for key, account in others.itertuples(index=False)
                ],
                "portal": portal(automation_account, "updateManagement"),
                "also": [],
            },
        )
