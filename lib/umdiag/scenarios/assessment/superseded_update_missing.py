"""Which updates are listed as missing though a later one replaces them?

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

from collections.abc import Iterator

from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import NAMES, SERVICE, Rests
from umdiag.scenarios.assessment._machine_findings import listed, refuse_unknown, subject, with_updates

NOT_DECLINED = Cause(
    key="superseded_not_declined",
    sentence="A replaced update is still offered, so the machine goes on reporting it as missing.",
    resolution=(
        "Decline the superseded update in WSUS (or expire it in Configuration Manager).",
        "Run the WSUS server cleanup wizard, then let the machine scan again.",
        "Until then leave the listed update out of what counts as missing.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    severity=Severity.MEDIUM,
)


RESTS = Rests(
    symptom=("latest_updates", "assessments", "summaries"),
    causes=("heartbeats", "shared_identities", "azure_machines"),
    indifferent=NAMES | SERVICE,
)


def judge(
    machines: Partial,
    updates: Partial,
) -> Iterator[Finding]:
    """Report each machine with a needed update that a later one of its series replaces."""
    replaced = updates[updates["needed"] & updates["superseded"]]
    for machine, own in with_updates(machines, replaced):
        yield found(NOT_DECLINED, subject(machine), listed(own, "superseded_by", "approval_source"))
    if machines.empty:
        refuse_unknown(machines)
