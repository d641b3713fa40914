"""Which installed updates are no longer listed because a later one replaced them?

Looks for:
    A cumulative update that was listed as installed earlier in the window and is neither installed nor needed
    in the newest assessment, while a later one of its series is installed there.

Why it matters:
    It does not: the later update contains the earlier one. It is shown so that nobody takes it for an
    uninstall.

Cannot see:
    Replacements between different series; only Windows Update's own catalogue knows these.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.recognition import of_update_management
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN, refuse_nobody, subject, told

SUPERSEDED = Cause(
    key="superseded_after_install",
    sentence="An installed update is no longer listed, because a later one of its series replaced it.",
    resolution=(
        "Nothing to do: the later update (evidence) contains the earlier one.",
        "Judge a machine by the updates that it still needs, not by a list of what it once installed.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    severity=Severity.INFO,
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("count", "updates")
RESTS = Rests(
    symptom=("installed_before", "latest_updates", "assessments", "summaries"),
    manager=MANAGED,
    causes=("azure_machines", "heartbeats", "shared_identities"),
    indifferent=NAMES,
)


def judge(
    replaced_installs: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine with updates that a later one of their series replaced, as information."""
    machines = of_update_management(machines)
    rows: dict[int, list[dict[str, object]]] = {}
    for update in replaced_installs.sort_values("last_installed", ascending=False).itertuples():
        shown = told(update, "title", "kb", "product", "last_installed", "replaced_by")
        rows.setdefault(update.machine, []).append(shown)
    for machine in machines[machines["machine"].isin(rows)].itertuples():
        replaced = rows[machine.machine]
        yield found(
            SUPERSEDED, subject(machine), {"count": len(replaced), "updates": replaced[:SHOWN], "also": []}
        )
    refuse_nobody(machines)
