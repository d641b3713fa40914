"""Which security updates do machines need that WSUS has not approved?

Looks for:
    Critical or security updates in state Needed whose approval is false and comes from WSUS, and that no
    later one of their series replaces.

Why it matters:
    Such a machine counts as compliant, and no deployment installs what WSUS holds back.

Cannot see:
    Approvals of groups the machine is not in; Linux machines, which have no approvals.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.shared.recognition import of_update_management
from umdiag.frames.shared.text import folded
from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.assessment._machine_findings import listed, subject, with_updates
from umdiag.scenarios.evidence import refuse_nobody

NOT_APPROVED = Cause(
    key="not_approved_in_wsus",
    sentence="WSUS has not approved critical or security updates that this machine needs.",
    resolution=(
        "Approve the listed updates in WSUS for the computer group of this machine (or deploy them in"
        " Configuration Manager).",
        "If they are held back on purpose, note why: the machine counts as compliant without them.",
        "If the machine should not use WSUS, check the value UseWUServer: reg query"
        " HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("count", "wsus_server")
RESTS = Rests(
    symptom=("latest_updates", "assessments", "summaries"),
    manager=MANAGED,
    causes=("azure_machines", "heartbeats", "shared_identities"),
    indifferent=NAMES,
)


def judge(
    machines: Partial,
    updates: Partial,
    summaries: pd.DataFrame | None,
) -> Iterator[Finding]:
    """Report each machine with an unapproved critical or security update of WSUS."""
    machines = of_update_management(machines)
    held_back = updates[
        updates["unapproved"]
        & (updates["critical"] | updates["security"])
        & ~updates["superseded"]
        & (folded(updates["approval_source"]) == "wsus")
    ]
    servers: dict[str, str] = {}
    if summaries is not None:
        newest_last = summaries.sort_values("last_assessed", kind="stable")
        servers = dict(zip(folded(newest_last["computer"]), newest_last["wsus_server"], strict=True))
    for machine, unapproved in with_updates(machines, held_back):
        shown = listed(unapproved) | {
            "wsus_server": servers.get(machine.name) or None,
            "state": machine.state,
        }
        yield found(NOT_APPROVED, subject(machine), shown)
    if machines.empty:
        refuse_nobody(machines)
