"""Which updates fail on a machine again and again?

Looks for:
    Updates whose installation failed on one Windows machine in two or more runs of the window, by id or KB
    number, and that the machine still needs.

Why it matters:
    Every further run will fail the same way: somebody must look into it.

Cannot see:
    Failures of runs outside the window; what the Windows Update agent logged on the machine itself.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from umdiag.model import Finding, Lead, Partial, found
from umdiag.scenarios.account import NAMES, SERVICE, UPDATE_MANAGEMENT, VISIBLE, Rests
from umdiag.scenarios.causes_of_codes import CAUSES, cause_of, leading_to, resolution_of
from umdiag.scenarios.evidence import SHOWN, or_none, refuse_nobody, subject, told
from umdiag.scenarios.steps import traits

NETWORK, WSUS, SHUTTING_DOWN, DISABLED, TIMED_OUT, DENIED, OTHER = leading_to(
    Lead(notebook="assessment", why="does the same failure keep them from assessing themselves?"),
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("install_outcomes", "latest_updates", "assessments", "summaries"),
    causes=("heartbeats", "shared_identities", "azure_machines"),
    indifferent=NAMES | SERVICE | VISIBLE,
)


def judge(
    failing_updates: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine with updates that failed twice or more, by the newest code of each."""
    rows: dict[int, list[Any]] = {}
    for update in failing_updates.sort_values("last_failed", ascending=False).itertuples():
        rows.setdefault(update.machine, []).append(update)
    for machine in machines[machines["machine"].isin(rows)].itertuples():
        failing = rows[machine.machine]
        server = or_none(failing[0].wsus_server) or ""
        meant = {cause_of(update.code, server).key for update in failing}
        causes = [cause for cause in CAUSES if cause.key in meant]
        newest = next(update for update in failing if cause_of(update.code, server) is causes[0])
        shown = [
            told(update, "title", "kb", "code", "error", "runs", "last_failed") for update in failing[:SHOWN]
        ]
        yield found(
            causes[0],
            subject(machine),
            {
                "code": newest.code or None,
                "count": len(failing),
                "updates": shown,
                "wsus_server": server or None,
                "also": [cause.key for cause in causes[1:]],
            },
            resolution=resolution_of(causes[0], newest.code),
            known=traits(machine, os="windows"),
        )
    refuse_nobody(machines)
