"""On which machines do assessments fail?

Looks for:
    Update Management: machines whose newest failed scan for updates (event 25 of Windows Update) carries a
    code and is newer than their last assessment, while the next assessment is overdue (15 hours since the
    last). Azure Update Manager: machines whose newest assessment failed, or is under way for more than 4
    hours; its error codes and messages show why.

Why it matters:
    The machine shows the state of its last successful scan, which may be weeks old. In Azure Update Manager a
    failed assessment replaces the good one before it: then nothing is known about the updates that it needs.

Cannot see:
    Update Management: Linux machines, whose agent logs no such event; scans that fail without an event; the
    event where the workspace does not collect the System log. Events carry no agent id: they count for every
    machine of that computer name. Azure Update Manager: since when assessments fail, because only the newest
    one is kept.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from umdiag.frames.shared.error_causes import deciding_codes, error_causes
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import (
    COUNTS,
    MACHINES,
    MANAGED,
    NAMES,
    UPDATE_MANAGEMENT,
    UPDATE_MANAGER,
    Rests,
)
from umdiag.scenarios.assessment._managed import NOT_READ, described, judged, known, of_logs, refuse_unclear
from umdiag.scenarios.azure_steps import AGENT_STATE, ASSESS_NOW, EXTENSION_LOG, EXTENSION_STATE
from umdiag.scenarios.causes_of_codes import cause_of, leading_to, resolution_of
from umdiag.scenarios.causes_of_errors import ERROR_CAUSES
from umdiag.scenarios.evidence import or_none, subject
from umdiag.scenarios.leads import TOGETHER
from umdiag.scenarios.steps import traits

_GUIDE = "https://learn.microsoft.com/azure/update-manager/troubleshoot"
_LEADING = leading_to(
    Lead(
        notebook="update_runs",
        why="the same failure keeps updates from installing: see which fail again and again.",
    ),
    TOGETHER,
    causes=ERROR_CAUSES,
)
#: A later assessment took the place of one that was superseded.
_OF_ERRORS = tuple(
    replace(cause, severity=Severity.LOW) if cause.key == "superseded_operation" else cause
    for cause in _LEADING
)
STUCK = Cause(
    key="stuck_in_progress",
    sentence="The assessment began more than 4 hours ago and has not ended.",
    resolution=(
        "Look for what keeps the machine busy, or restart it; then assess it again.",
        *ASSESS_NOW,
        *AGENT_STATE,
        *EXTENSION_STATE,
        *EXTENSION_LOG,
    ),
    source=_GUIDE,
    leads_to=(TOGETHER,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The assessment failed, and nothing in it says why.",
    resolution=(
        "Look at its details in the portal: Azure Update Manager > History > By machines, Operation type"
        " Assessment.",
        *ASSESS_NOW,
        *EXTENSION_LOG,
    ),
    source=_GUIDE,
    leads_to=(TOGETHER,),
)
CAUSES = (*_OF_ERRORS, STUCK, UNKNOWN)
_BY_KEY = {cause.key: cause for cause in _OF_ERRORS if cause.key != "wsus_unreachable"}


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("code", "failed", "began", "last_assessed")
RESTS = Rests(
    symptom=("scan_failures", *MACHINES),
    manager=MANAGED,
    causes=("azure_machines", "resource_changes", "schedule_machine_runs"),
    indifferent=COUNTS
    | NAMES
    | NOT_READ
    | {"needed_patches": "counts missing updates, which are not read here"},
)


def judge(
    failed_scans: Partial | None,
    machines: Partial | None,
    managed_machines: Partial | None,
) -> Iterator[Finding]:
    """Report each machine whose newest scan or assessment failed, by the code or text of its error."""
    if failed_scans is not None and machines is not None:
        logged = of_logs(machines, managed_machines)
        yield from _in_logs(failed_scans[failed_scans["machine"].isin(logged["machine"])])
    if managed_machines is not None:
        yield from _in_resource_graph(judged(managed_machines))
    refuse_unclear(managed_machines, machines)


def _in_logs(failed_scans: pd.DataFrame) -> Iterator[Finding]:
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


def _in_resource_graph(machines: pd.DataFrame) -> Iterator[Finding]:
    failed = machines[machines["state"] == "assessment_failed"]
    failed = failed.assign(error=error_causes(failed["texts"]), code=deciding_codes(failed["texts"]))
    for machine in failed.itertuples():
        cause = STUCK if machine.in_progress else _BY_KEY.get(machine.error, UNKNOWN)
        evidence = described(machine) | {
            "status": machine.status,
            "began": or_none(machine.started),
            "code": machine.code or None,
            "error": or_none(machine.texts),
        }
        resolution = resolution_of(cause, machine.code)
        yield found(cause, subject(machine), evidence, resolution=resolution, known=known(machine))
