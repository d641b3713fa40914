"""Why did a run fail on Windows machines?

Looks for:
    Windows machines of Azure Update Manager whose newest installation of a schedule, or on demand, failed
    within its window: its error codes and messages, its restart, and the updates that failed.

Why it matters:
    A run counts as failed for a single update, a restart that did not happen, or an assessment at its end;
    History shows the same word for all of them.

Cannot see:
    What the Windows Update agent and the patch extension logged on the machine.

Sources:
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/workflow-update-manager (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.error_causes import deciding_codes, error_causes
from umdiag.frames.shared.text import folded
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import BLIND, PATCHED, PATCHES, SCHEDULED, Rests
from umdiag.scenarios.azure_steps import ASSESS_NOW, EXTENSION_LOG, HISTORY
from umdiag.scenarios.causes_of_codes import leading_to, resolution_of
from umdiag.scenarios.causes_of_errors import WINDOWS_RUN_CAUSES
from umdiag.scenarios.evidence import subject
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import described_installation, refuse_no_installations
from umdiag.scenarios.steps import traits

_GUIDE = "https://learn.microsoft.com/azure/update-manager/troubleshoot"
_FLOW = "https://learn.microsoft.com/azure/update-manager/workflow-update-manager"
_NEEDS = Lead(notebook="assessment", why="see which updates the machines still need, and for how long.")

_OF_ERRORS = leading_to(_NEEDS, causes=WINDOWS_RUN_CAUSES)
REBOOT = Cause(
    key="reboot_failed",
    sentence="The restart that the run asked for did not happen, or the machine did not come back in time.",
    resolution=(
        "Look in the System log for what kept it from restarting: Get-WinEvent -FilterHashtable"
        " @{LogName='System'; Id=1074,6008,41} -MaxEvents 20.",
        "Restart the machine, then assess it.",
        *ASSESS_NOW,
    ),
    source=_FLOW,
    leads_to=(_NEEDS,),
)
UPDATE = Cause(
    key="update_failed",
    sentence="At least one update could not be installed, and the run shows no code that says why.",
    resolution=(
        HISTORY,
        "Read on the machine why it failed: C:\\Windows\\Logs\\CBS\\CBS.log, or Get-WindowsUpdateLog; umdiag"
        " explain reads both.",
        *EXTENSION_LOG,
    ),
    source=_GUIDE,
    leads_to=(_NEEDS,),
)
ASSESSMENT = Cause(
    key="assessment_in_run_failed",
    sentence="The updates were handled, but the assessment at the start or the end of the run failed.",
    resolution=(*ASSESS_NOW, "If that fails too, follow the error of the assessment.", *EXTENSION_LOG),
    source=_FLOW,
    leads_to=(Lead(notebook="assessment", why="do assessments fail on the machine as well?", root=True),),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run failed, and nothing in its rows says why.",
    resolution=(HISTORY, *EXTENSION_LOG),
    source=_GUIDE,
    leads_to=(_NEEDS,),
)
CAUSES = (*_OF_ERRORS, REBOOT, UPDATE, ASSESSMENT, UNKNOWN)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("code", "failed", "configuration", "start_time")
RESTS = Rests(
    symptom=("patch_installations", *SCHEDULED),
    causes=PATCHED,
    indifferent=PATCHES | BLIND,
)


def judge(judged_installations: Partial, managed_machines: Partial | None) -> Iterator[Finding]:
    """Report each Windows machine whose newest installation of a schedule or on demand failed."""
    rows = judged_installations
    failed = rows["newest"] & (rows["status"] == "failed") & ~surely(rows["window_exceeded"])
    rows = rows[failed & (rows["os_type"] == "windows")]
    cause = error_causes(rows["texts"])
    rows = rows.assign(
        error_code=deciding_codes(rows["texts"]),
        **{known.key: cause == known.key for known in _OF_ERRORS},
        reboot_failed=rows["reboot_status"] == "failed",
        update_failed=rows["failed"] > 0,
        assessment_in_run_failed=~(rows["failed"] > 0).fillna(False)
        & folded(rows["texts"]).str.contains("assess", regex=False),
    )
    for known, also, row, others in by_machine(rows, causes=CAUSES[:-1], otherwise=UNKNOWN):
        code = {"code": row.error_code} if row.error_code else {}
        yield found(
            known,
            subject(row),
            described_installation(row, others) | code | {"also": also},
            resolution=resolution_of(known, row.error_code),
            known=traits(row, os="windows"),
        )
    refuse_no_installations(judged_installations, managed_machines)
