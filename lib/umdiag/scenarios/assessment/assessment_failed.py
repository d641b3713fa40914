"""On which machines do assessments fail?

Looks for:
    Machines whose newest failed scan for updates (event 25 of Windows Update) carries a code and is newer
    than their last assessment, while the next assessment is overdue (15 hours since the last).

Why it matters:
    The machine shows the state of its last successful scan, which may be weeks old.

Cannot see:
    Linux machines, whose agent logs no such event; scans that fail without an event; the event where the
    workspace does not collect the System log. Events carry no agent id: they count for every machine of that
    computer name.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.recognition import of_update_management
from umdiag.model import Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.causes_of_codes import cause_of, leading_to, resolution_of
from umdiag.scenarios.evidence import or_none, refuse_nobody, subject
from umdiag.scenarios.leads import TOGETHER
from umdiag.scenarios.steps import traits

NETWORK, WSUS, SHUTTING_DOWN, DISABLED, TIMED_OUT, DENIED, OTHER = leading_to(
    Lead(
        notebook="update_runs",
        why="the same failure keeps updates from installing: see which fail again and again.",
    ),
    TOGETHER,
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("scan_failures", *MACHINES, *MANAGED),
    causes=(),
    indifferent=COUNTS | NAMES,
)


def judge(
    failed_scans: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine whose newest scan failed, by the code of its event."""
    for machine in failed_scans.itertuples():
        server = or_none(machine.wsus_server) or ""
        cause = cause_of(machine.code, server)
        yield found(
            cause,
            subject(machine),
            {
                "code": machine.code,
                "failed": machine.failed,
                "last_assessed": or_none(machine.last_assessed),
                "wsus_server": server or None,
                "also": [],
            },
            resolution=resolution_of(cause, machine.code),
            known=traits(machine, os="windows"),
        )
    refuse_nobody(of_update_management(machines))
