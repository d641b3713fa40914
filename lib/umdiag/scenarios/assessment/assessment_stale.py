"""Which connected machines have an assessment that is too old?

Looks for:
    Update Management: machines that send heartbeats while their last assessment is older than the parameter
    `stale_after`, and whose scans are not known to fail (assessment_failed reports those). Azure Update
    Manager: machines that are not off and whose last assessment succeeded, and is older than the parameter
    `assessment_stale_after`.

Why it matters:
    Such a machine is shown as it was when it was last assessed: it may no longer be compliant.

Cannot see:
    Why a scan did not run on the machine; before the first stop in the window, whether a quota was reached;
    since when an Azure VM has been on: Azure Update Manager assesses it only while it runs.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues (read 2026-11-22)
    https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/assessment-options (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.quota import explains, with_stop
from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import (
    MACHINES,
    MANAGED,
    PLACES,
    UPDATE_MANAGEMENT,
    UPDATE_MANAGER,
    Rests,
)
from umdiag.scenarios.assessment._late_causes import HINDRANCES, OPTIONS, SETTINGS
from umdiag.scenarios.assessment._machine_findings import unknown_states
from umdiag.scenarios.assessment._managed import (
    BEHIND_STATES,
    NOT_READ,
    described,
    judged,
    known,
    of_logs,
    refuse_unclear,
)
from umdiag.scenarios.azure_steps import AGENT_STATE, ASSESS_AGAIN
from umdiag.scenarios.evidence import fitting, or_none, subject, told
from umdiag.scenarios.leads import QUOTA_STOP, TOGETHER
from umdiag.scenarios.steps import TROUBLESHOOT, in_update_manager, linux, only_in, traits, windows

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
BLOCKED, PROVIDER, EXTENSION = HINDRANCES
ENABLED, OFF = SETTINGS
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine is connected and has not been assessed for too long; no known cause fits.",
    resolution=(
        *only_in("update_management", TROUBLESHOOT),
        windows(
            "Look for errors of Windows Update in the System log, then restart the agent: Restart-Service"
            " HealthService.",
            service=UPDATE_MANAGEMENT,
        ),
        linux(
            "Read /var/opt/microsoft/omsagent/log/omsagent.log, then restart the agent: sudo"
            " /opt/microsoft/omsagent/bin/service_control restart.",
            service=UPDATE_MANAGEMENT,
        ),
        *ASSESS_AGAIN,
        in_update_manager(
            "If that fails, follow the error that it returns; if it succeeds, see whether the next daily one"
            " comes."
        ),
        *only_in("update_manager", AGENT_STATE),
    ),
    source="https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues",
    manager_source=OPTIONS,
    leads_to=(TOGETHER,),
)
_IN_ORDER = (BLOCKED, PROVIDER, EXTENSION, ENABLED, OFF)
_SINCE = "since when the VM has been on: Azure Update Manager assesses it only while it runs"
_RESET_ONLY = "when the workspace stopped: no row since the last reset shows it, so the reset is used"
_NO_STOP = "whether the workspace was over quota: no row shows when it stopped"


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("last_assessed", "last_heartbeat", "stopped", "workspace")
RESTS = Rests(
    symptom=MACHINES,
    manager=MANAGED,
    causes=(
        "azure_machines",
        "scan_failures",
        "latest_updates",
        "operation_events",
        "log_operation_events",
        "workspace_settings",
        *BEHIND_STATES,
        "patch_extensions",
        "provider_registrations",
    ),
    indifferent=PLACES | NOT_READ,
)


def judge(
    machines: Partial | None,
    quota: Partial | None,
    failed_scans: Partial | None,
    managed_machines: Partial | None,
    late_assessments: Partial | None,
) -> Iterator[Finding]:
    """Report each machine in state assessment_stale that assessment_failed does not report."""
    said = ""
    if machines is not None:
        logged = of_logs(machines, managed_machines)
        said = unknown_states(logged)
        yield from _in_logs(logged, quota, failed_scans)
    if managed_machines is not None and late_assessments is not None:
        yield from _in_resource_graph(judged(managed_machines), late_assessments)
    refuse_unclear(managed_machines, machines, said)


def _in_logs(
    machines: pd.DataFrame, quota: pd.DataFrame | None, failed_scans: pd.DataFrame | None
) -> Iterator[Finding]:
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


def _in_resource_graph(machines: pd.DataFrame, late_assessments: pd.DataFrame) -> Iterator[Finding]:
    stale = machines[machines["state"] == "assessment_stale"].merge(late_assessments, on="machine_key")
    for machine in stale.itertuples():
        fits = fitting(machine, _IN_ORDER, UNKNOWN)
        evidence = (
            described(machine)
            | told(machine, "enabled", "periodic")
            | {
                "also": [cause.key for cause in fits[1:]],
                "not_checked": [_SINCE] if or_none(machine.virtual) else [],
            }
        )
        yield found(fits[0], subject(machine), evidence, known=known(machine))
