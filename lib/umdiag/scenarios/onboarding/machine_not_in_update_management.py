"""Which machines should be in Update Management and are not?

Looks for:
    Connected machines without any assessment in the window; running machines of Azure that are workers or
    named by an update deployment, and sent no row at all; and connected, assessed machines that are not
    system workers, so that no run can reach them (information, unless an update deployment targets them).

Why it matters:
    Machines that are never assessed appear in no other list. Machines that are assessed but are not workers
    are listed like any other, and are never updated.

Cannot see:
    Machines outside the scope on purpose; read the saved search of the scope configuration. Silent machines
    outside Azure and Azure Arc. Machines that Azure Update Manager manages, which are judged there. Which
    machines the saved searches of update deployments select.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/scope-configuration (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.stuck import REASONS
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import MACHINES, MANAGED, PLACES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import (
    fitting,
    not_shown,
    or_none,
    portal,
    refuse_nobody,
    subject,
    told,
    undecided,
)
from umdiag.scenarios.leads import QUOTA_STOP, TOGETHER, WITHOUT_WORKER
from umdiag.scenarios.steps import (
    CHECK_AGENT,
    REGISTER_AGAIN,
    TROUBLESHOOT,
    linux,
    on_azure_vm,
    traits,
    windows,
)

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"

QUOTA = Cause(
    key="quota_reached",
    sentence="The workspace had stopped collecting update rows before the machine's first "
    "assessment was due.",
    resolution=(
        "Fix the workspace first: the finding of workspace_over_quota on it says how.",
        "Then wait for the first assessment, up to 12 hours.",
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap",
    leads_to=(QUOTA_STOP,),
)
NO_SOLUTION = Cause(
    key="solution_not_enabled",
    sentence="The machine's agent does not run the updates solution: the scope leaves the machine out.",
    resolution=(
        "Add the machine: Automation account > Update management > Manage machines > Enable on selected"
        " machines.",
        "If it should be in scope already, check the saved search of the scope configuration"
        " MicrosoftDefaultScopeConfig-Updates: the workspace > Scope Configurations.",
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/scope-configuration",
    leads_to=(WITHOUT_WORKER,),
)
NO_WORKER = Cause(
    key="worker_not_registered",
    sentence="The machine is not registered as a system hybrid runbook worker of the Automation account.",
    resolution=(
        windows(
            "Read why it was refused: Get-WinEvent -FilterHashtable @{LogName='Operations Manager'; Id=4502}"
            " -MaxEvents 5."
        ),
        linux("Read the log of the worker: /var/opt/microsoft/omsagent/run/automationworker/worker.log."),
        *REGISTER_AGAIN,
    ),
    source=_GUIDE,
    leads_to=(WITHOUT_WORKER,),
)
SILENT = Cause(
    key="agent_silent",
    sentence="The machine runs and belongs to Update Management, but its agent sends nothing at all.",
    resolution=(
        on_azure_vm(
            "Enable Update Management on the machine, which installs the agent: Automation account > Update"
            " management > Add Azure VMs.",
            worker=False,
        ),
        *CHECK_AGENT,
        windows(
            "Check that it reports to this workspace: (New-Object -ComObject"
            " AgentConfigManager.MgmtSvcCfg).GetCloudWorkspaces()."
        ),
        linux("Check in the same list that it reports to this workspace and not to another one."),
        "Check that the machine reaches *.ods.opinsights.azure.com and *.oms.opinsights.azure.com on 443.",
    ),
    source="https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues",
    leads_to=(WITHOUT_WORKER,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine has the solution and is a worker, but was not assessed; no known cause fits.",
    resolution=(*TROUBLESHOOT, *REGISTER_AGAIN),
    source=_GUIDE,
    leads_to=(TOGETHER,),
)
_NO_STOP = "whether the workspace was over quota: no row shows when it stopped"
_RESET_ONLY = "when the workspace stopped: no row since the last reset shows it, so the reset is used"


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("last_heartbeat", "is_worker", "named_by", "workspace")
RESTS = Rests(
    manager=MANAGED[1:],
    symptom=(
        *MACHINES,
        "latest_updates",
        "azure_machines",
        "workers",
        "worker_groups",
        "update_configurations",
    ),
    causes=("operation_events", "log_operation_events", "workspace_settings"),
    indifferent=PLACES,
)


def judge(
    unmanaged: Partial,
    stuck: Partial,
    silent_agents: Partial | None,
    unreachable: Partial | None,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each connected machine that was never assessed, each running one that is never heard, and each
    assessed one that no run can reach.
    """
    for machine in unmanaged.itertuples():
        fits = fitting(machine, (QUOTA, NO_SOLUTION, NO_WORKER), UNKNOWN)
        shown = told(
            machine, "source_computer_id", "first_heartbeat", "last_heartbeat", "workspace", "solutions"
        )
        also = [cause.key for cause in fits[1:]]
        shown |= {"also": also, "not_checked": [*_not_checked(machine), *not_shown(machine)]}
        yield found(fits[0], subject(machine), shown, known=traits(machine))
    if silent_agents is not None:
        for machine in silent_agents.itertuples():
            shown = told(machine, "power", "created") | {"is_worker": or_none(machine.worker)}
            shown |= {"named_by": machine.named_by, "portal": portal(machine.subject_id), "also": []}
            yield found(
                SILENT, subject(machine), shown, known=traits(machine, worker=or_none(machine.worker))
            )
    if unreachable is not None:
        for machine in unreachable[unreachable["unreachable"].notna()].itertuples():
            yield _unreachable(machine)
    refuse_nobody(machines)
    if doubts := list(_doubts(stuck, unreachable)):
        raise Inconclusive("; ".join(doubts))


def _unreachable(machine: Any) -> Finding:
    """Return what is said of a machine that is assessed and no system worker."""
    columns = ("source_computer_id", "last_heartbeat", "last_assessed", "workspace", "environment")
    wanted = or_none(machine.wanted)
    shown = told(machine, *columns) | {"wanted": wanted, "named_by": machine.named_by, "also": []}
    if not wanted and or_none(machine.searched):
        shown["not_checked"] = ["machines that a saved search selects"]
    severity = Severity.MEDIUM if wanted else Severity.INFO
    return found(NO_WORKER, subject(machine), shown, severity=severity, known=traits(machine))


def _doubts(
    stuck: pd.DataFrame,
    unreachable: pd.DataFrame | None,
) -> Iterator[str]:
    """Yield of how many machines it cannot be told whether they are managed, and why."""
    if waiting := int((~stuck[list(REASONS)].fillna(False).any(axis=1)).sum()):
        yield undecided(waiting, "whether the configuration of Update Management is still under way")
    if unreachable is not None and (unknown := int(unreachable["unreachable"].isna().sum())):
        yield undecided(
            unknown, "whether a run can reach it: the Automation account has no system hybrid worker at all"
        )


def _not_checked(machine: Any) -> list[str]:
    said = []
    if or_none(machine.quota_reached) is None:
        said.append(_NO_STOP)
    elif machine.quota_reached and or_none(machine.by_reset):
        said.append(_RESET_ONLY)
    return said
