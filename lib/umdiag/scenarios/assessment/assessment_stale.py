"""Which connected machines have an assessment that is too old?

Looks for:
    Machines that send heartbeats while their last assessment is older than the parameter `stale_after`, and
    whose scans are not known to fail (assessment_failed reports those).

Why it matters:
    Such a machine is shown as it was when it was last assessed: it may no longer be compliant.

Cannot see:
    Why a scan did not run on the machine; before the first stop in the window, whether a quota was reached.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues (read 2026-11-22)
    https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.quota import explains, with_stop
from umdiag.frames.shared.recognition import of_update_management
from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import MACHINES, MANAGED, PLACES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.assessment._machine_findings import refuse_unknown
from umdiag.scenarios.evidence import or_none, subject
from umdiag.scenarios.leads import QUOTA_STOP, TOGETHER
from umdiag.scenarios.steps import TROUBLESHOOT, linux, traits, windows

QUOTA = Cause(
    key="quota_reached",
    sentence="The workspace had stopped collecting update rows when the machine's next assessment was due.",
    resolution=(
        "Fix the workspace first: the finding of workspace_over_quota on it says how.",
        windows("Then wait for the next assessment, up to 12 hours."),
        linux("Then wait for the next assessment, up to 3 hours."),
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap",
    leads_to=(QUOTA_STOP,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine is connected and has not been assessed for too long; no known cause fits.",
    resolution=(
        *TROUBLESHOOT,
        windows(
            "Look for errors of Windows Update in the System log, then restart the agent: Restart-Service"
            " HealthService."
        ),
        linux(
            "Read /var/opt/microsoft/omsagent/log/omsagent.log, then restart the agent: sudo"
            " /opt/microsoft/omsagent/bin/service_control restart."
        ),
    ),
    source="https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues",
    leads_to=(TOGETHER,),
)
_RESET_ONLY = "when the workspace stopped: no row since the last reset shows it, so the reset is used"
_NO_STOP = "whether the workspace was over quota: no row shows when it stopped"


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=(*MACHINES, *MANAGED),
    causes=(
        "scan_failures",
        "latest_updates",
        "operation_events",
        "log_operation_events",
        "workspace_settings",
    ),
    indifferent=PLACES,
)


def judge(
    machines: Partial,
    quota: Partial | None,
    failed_scans: Partial | None,
) -> Iterator[Finding]:
    """Report each machine in state assessment_stale that assessment_failed does not report."""
    machines = of_update_management(machines)
    stale = machines[machines["state"] == "assessment_stale"]
    if failed_scans is not None:
        stale = stale[~stale["machine"].isin(failed_scans["machine"])]
    stale = stale.assign(explained=pd.NA, stopped=pd.NaT, by_reset=False)
    if quota is not None:
        stop = with_stop(stale, quota)[["stopped", "by_reset"]]
        stale = stale.assign(explained=explains(stale, quota), **stop)
    for machine in stale.itertuples():
        by_quota = pd.notna(machine.explained) and bool(machine.explained)
        not_checked = (
            [_NO_STOP]
            if pd.isna(machine.explained)
            else [_RESET_ONLY]
            if by_quota and machine.by_reset
            else []
        )
        yield found(
            QUOTA if by_quota else UNKNOWN,
            subject(machine),
            {
                "last_assessed": machine.last_assessed,
                "last_heartbeat": machine.last_heartbeat,
                "workspace": machine.workspace,
                "stopped": or_none(machine.stopped) if by_quota else None,
                "also": [],
                "not_checked": not_checked,
            },
            known=traits(machine),
        )
    refuse_unknown(machines)
