"""Which updates are listed as missing although a later one replaces them?

Looks for:
    A needed cumulative update with a later one of its series installed or needed on the same machine.

Why it matters:
    It will never be installed, and the machine looks worse than it is.

Cannot see:
    Replacements between different series; only Windows Update's own catalogue knows these.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from umdiag.frames.shared.recognition import of_update_management
from umdiag.frames.shared.text import fold
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.assessment._machine_findings import listed, subject, with_updates
from umdiag.scenarios.evidence import refuse_nobody
from umdiag.scenarios.steps import traits, with_wsus, without_wsus

NOT_DECLINED = Cause(
    key="superseded_not_declined",
    sentence="A replaced update is still offered, so the machine keeps reporting it as missing.",
    resolution=(
        with_wsus("Decline the superseded update in WSUS (or let it expire in Configuration Manager)."),
        with_wsus(
            "Run the Server Cleanup Wizard of WSUS, then let the machine scan again: usoclient StartScan."
        ),
        with_wsus("Until then leave the listed update out of what counts as missing."),
        without_wsus("Leave the listed update out of what counts as missing: a later one contains it."),
        without_wsus(
            "Let the machine scan again: usoclient StartScan; the next assessment should not list it."
        ),
        without_wsus("If the next assessments still list it, ask Microsoft support why it is still offered."),
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    severity=Severity.MEDIUM,
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("count", "updates")
RESTS = Rests(
    symptom=("latest_updates", "assessments", "summaries"),
    manager=MANAGED,
    causes=("azure_machines", "heartbeats", "shared_identities"),
    indifferent=NAMES,
)


def judge(
    machines: Partial,
    updates: Partial,
) -> Iterator[Finding]:
    """Report each machine with a needed update that a later one of its series replaces."""
    machines = of_update_management(machines)
    replaced = updates[updates["needed"] & updates["superseded"]]
    for machine, superseded in with_updates(machines, replaced):
        yield found(
            NOT_DECLINED,
            subject(machine),
            listed(superseded, "superseded_by", "approval_source"),
            known=traits(machine, os="windows", wsus=_by_wsus(superseded)),
        )
    if machines.empty:
        refuse_nobody(machines)


def _by_wsus(updates: Sequence[Any]) -> bool | None:
    """Return True where one of the updates comes from WSUS; the machine's summary tells the rest."""
    return True if any(fold(update.approval_source) == "wsus" for update in updates) else None
