"""Which machines list Defender's daily definitions as missing?

Looks for:
    KB2267602 among the updates that a machine needs.

Why it matters:
    It does not: definitions are published several times a day, so one is always missing. They are shown
    here so that nobody chases them, and never count towards compliance.

Cannot see:
    Whether Defender itself is up to date; ask the machine (Get-MpComputerStatus).

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.recognition import of_update_management
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.assessment._machine_findings import refuse_unknown, subject, with_updates

DAILY = Cause(
    key="definition_updates_daily",
    sentence="Defender definitions (KB2267602) are listed as missing, as they are on most days.",
    resolution=(
        "Nothing to do: Microsoft publishes new definitions several times a day.",
        "If deployments should install them too, include the classification Definition updates.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    severity=Severity.INFO,
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("latest_updates", "assessments", "summaries", *MANAGED),
    causes=("heartbeats", "shared_identities"),
    indifferent=NAMES,
)


def judge(
    machines: Partial,
    updates: Partial,
) -> Iterator[Finding]:
    """Report each machine that needs KB2267602, as information."""
    machines = of_update_management(machines)
    definitions = updates[updates["definition"] & updates["needed"]]
    for machine, needed in with_updates(machines, definitions):
        yield found(
            DAILY, subject(machine), {"title": needed[0].title, "seen": max(update.seen for update in needed)}
        )
    if machines.empty:
        refuse_unknown(machines)
