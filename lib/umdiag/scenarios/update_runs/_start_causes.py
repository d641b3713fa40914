"""Why a run did not start on a machine, in either service."""

from __future__ import annotations

from umdiag.model import Cause, Lead
from umdiag.scenarios.azure_steps import ACTIVITY_LOG, AGENT_STATE, CUSTOMER_MANAGED, HISTORY
from umdiag.scenarios.leads import HEARD, STILL_NAMED, TOGETHER
from umdiag.scenarios.steps import (
    CHECK_AGENT,
    START,
    in_update_management,
    in_update_manager,
    on_arc,
    on_azure_vm,
)

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_LIMITS = (
    "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"
)
_MANAGER = "https://learn.microsoft.com/azure/update-manager/troubleshoot"
_CONFLICTS = Lead(
    notebook="missed_machines", why="see which schedules start on the machine at the same time."
)
_ASSIGNED = "az maintenance assignment list --resource-group <resource group> --resource-name <resource name>"
#: See which schedules are assigned to the machine itself.
_ASSIGNMENTS = (
    on_azure_vm(
        f"See what is assigned to it: {_ASSIGNED} --provider-name Microsoft.Compute --resource-type"
        " virtualMachines --subscription <subscription>."
    ),
    on_arc(
        f"See what is assigned to it: {_ASSIGNED} --provider-name Microsoft.HybridCompute --resource-type"
        " machines --subscription <subscription>."
    ),
)

PREREQUISITES = Cause(
    key="prerequisites_not_met",
    sentence="The machine is not set up for schedules, so the run was refused there.",
    resolution=CUSTOMER_MANAGED,
    source="https://learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching",
    leads_to=(
        Lead(
            notebook="onboarding",
            why="see which machines that schedules reach are not set up for them.",
            root=True,
        ),
    ),
)
DELETED = Cause(
    key="machine_deleted",
    sentence="The machine was deleted from Azure.",
    resolution=(
        in_update_management("Take the machine out of the update deployment that names it."),
        in_update_management("Prefer dynamic groups to named machines: they follow what exists."),
        in_update_manager(
            "Take the machine out of the schedule that names it: Azure Update Manager > Maintenance"
            " configurations > <configuration> > Resources > Remove."
        ),
        in_update_manager("Prefer dynamic scopes to named machines: they follow what exists."),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(STILL_NAMED,),
)
ID_CHANGED = Cause(
    key="source_computer_id_changed",
    sentence=("The run used an agent id that the machine no longer had: its agent was reinstalled."),
    resolution=(
        "Take the machine out of the update deployment and add it again, so that its current id is used.",
        "If it has two groups under Hybrid worker groups > System hybrid worker groups, delete the one"
        " whose name ends with the old id.",
    ),
    source=_GUIDE,
    leads_to=(
        Lead(
            notebook="onboarding",
            why="see which agent ids are shared, and which machines are in two workspaces.",
        ),
    ),
)
RECREATED = Cause(
    key="machine_recreated",
    sentence="The machine was deleted and created again under the same id shortly before the run.",
    resolution=(
        "Wait 12 hours after a machine was created again: until then the service may still look for the old"
        " one.",
        *_ASSIGNMENTS,
        "If no schedule is listed, assign it again: Azure Update Manager > Maintenance configurations >"
        " <configuration> > Resources > Add machine.",
    ),
    source=_MANAGER,
    leads_to=(STILL_NAMED,),
)
OFF = Cause(
    key="machine_off",
    sentence="The machine is switched off, and nothing shows that it was on when the run started.",
    resolution=(
        *START,
        on_azure_vm(
            "Or let a pre-script of the deployment start it before the run.", service="update_management"
        ),
        on_azure_vm(
            "Or let a pre-maintenance event of the schedule start it: Azure Update Manager > Maintenance"
            " configurations > <configuration> > Events.",
            service="update_manager",
        ),
        in_update_management("If it is meant to stay off, take it out of the deployment."),
        in_update_manager("Have it running 15 minutes before the window begins."),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(HEARD,),
)
UNREACHABLE = Cause(
    key="machine_unreachable",
    sentence="The machine sent no heartbeat in the half hours around the start of the run.",
    resolution=(
        *CHECK_AGENT,
        "Check that the machine reaches *.azure-automation.net and *.oms.opinsights.azure.com on 443.",
    ),
    source=_GUIDE,
    leads_to=(HEARD,),
)
UNRESPONSIVE = Cause(
    key="shutdown_or_unresponsive",
    sentence="The machine was off when the run started, or its agent did not answer.",
    resolution=(
        *AGENT_STATE,
        "Have the machine running 15 minutes before the window begins.",
        ACTIVITY_LOG,
    ),
    source=_MANAGER,
    leads_to=(HEARD,),
)
WAITING = Cause(
    key="waiting_for_other_update",
    sentence="Another update was under way on the machine when the run should have started.",
    resolution=(
        "See what else was running at that time: Azure Update Manager > History > By machines.",
        "If two schedules reach the machine, start the second after the window of the first: Azure Update"
        " Manager > Maintenance configurations.",
        HISTORY,
    ),
    source="https://learn.microsoft.com/azure/virtual-machines/troubleshoot-maintenance-configurations",
    leads_to=(_CONFLICTS,),
)
JOBS = Cause(
    key="job_limit_reached",
    sentence="The Automation account had reached its limit of concurrent jobs.",
    resolution=(
        "Spread the start times of the deployments: each is a job, and each machine in it is another.",
        "Move other runbooks' schedules away from this hour, or to another Automation account.",
        "Ask Azure support to raise the account's limit of concurrent jobs.",
    ),
    source=_LIMITS,
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run did not start on the machine, and none of the known causes fits.",
    resolution=(
        in_update_management("Open the job of the run (Automation account > Jobs) and read its exception."),
        in_update_management(
            "Check when the machine's worker was last seen: Hybrid worker groups > System hybrid worker"
            " groups."
        ),
        in_update_manager(HISTORY),
        in_update_manager(ACTIVITY_LOG),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(TOGETHER,),
)
#: In the order in which they are decided.
CAUSES = (
    PREREQUISITES,
    DELETED,
    ID_CHANGED,
    RECREATED,
    OFF,
    UNREACHABLE,
    UNRESPONSIVE,
    WAITING,
    JOBS,
    UNKNOWN,
)
