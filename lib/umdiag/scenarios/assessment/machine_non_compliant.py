"""Which machines lack critical or security updates?

Looks for:
    Machines that need an approved critical or security update, by their newest assessment. Updates that a
    later one of their series replaces are left out, and so are Defender definitions, which change daily.

Why it matters:
    These are the machines that patching has not reached.

Cannot see:
    What the machine does not report: a stale assessment or a disconnected machine is not judged here. Linux
    distributions of which ten or more packages are needed and none is ever classified critical or security:
    their machines cannot be judged (see linux_classification_mismatch).

Sources:
    https://learn.microsoft.com/azure/automation/update-management/query-logs (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.shared.recognition import of_update_management
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import MACHINES, MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.assessment._machine_findings import listed, refuse_unknown, subject, with_updates
from umdiag.scenarios.evidence import or_none, undecided

MISSING = Cause(
    key="security_updates_missing",
    sentence="Critical or security updates are needed and not installed.",
    resolution=(
        "Check in missed_machines whether a deployment should have reached this machine, and why it did not.",
        "Deploy the listed updates: Automation account > Update management > Schedule update deployment.",
        "If a deployment ran, check that its classifications and exclusions let these updates through.",
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/deploy-updates",
    leads_to=(
        Lead(
            notebook="missed_machines",
            why="updates stay missing where runs leave machines out: see which machines were missed.",
        ),
        Lead(
            notebook="update_runs", why="updates stay missing where runs fail; see what went wrong in them."
        ),
    ),
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("latest_updates", "needed_packages", *MACHINES, *MANAGED),
    causes=(),
    indifferent=NAMES,
)


def judge(
    machines: Partial,
    updates: Partial,
    unclassed: Partial | None,
) -> Iterator[Finding]:
    """Report each machine in state non_compliant; severity is high if a critical update is missing."""
    machines = of_update_management(machines)
    lacking = machines[machines["state"] == "non_compliant"]
    grave = updates[
        updates["needed"]
        & (updates["critical"] | updates["security"])
        & ~updates["superseded"]
        & ~updates["definition"]
    ]
    for machine, missing in with_updates(lacking, grave):
        ages = [update.age_days for update in missing if pd.notna(update.age_days)]
        yield found(
            MISSING,
            subject(machine),
            listed(missing)
            | {
                "missing_critical": int(machine.missing_critical),
                "missing_security": int(machine.missing_security),
                "oldest_age_days": float(max(ages)) if ages else None,
                "last_assessed": or_none(machine.last_assessed),
            },
            severity=Severity.HIGH if any(update.critical for update in missing) else Severity.MEDIUM,
        )
    refuse_unknown(machines, _unspoken(unclassed))


def _unspoken(unclassed: pd.DataFrame | None) -> str:
    """Say of how many machines the classes cannot be trusted, though they seem compliant ("": none)."""
    if unclassed is None or not (unclassed["state"] == "compliant").any():
        return ""
    silent = unclassed[unclassed["state"] == "compliant"]
    systems = ", ".join(sorted(silent["distribution"].drop_duplicates(), key=str.casefold))
    return undecided(
        len(silent),
        "whether security updates are needed: no package of the distribution is ever classified so:"
        f" {systems}",
    )
