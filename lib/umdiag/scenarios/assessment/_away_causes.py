"""Why a machine does not report: causes of both services, in the order in which they are decided."""

from __future__ import annotations

from umdiag.model import Cause, Lead, Severity
from umdiag.scenarios.leads import SILENCE, STILL_NAMED
from umdiag.scenarios.steps import (
    CHECK_AGENT,
    START,
    TROUBLESHOOT,
    in_update_management,
    in_update_manager,
    on_arc,
    on_azure_vm,
    only_in,
    outside_azure,
)

_DOCS = "https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues"
_ARC = "https://learn.microsoft.com/azure/azure-arc/servers/overview"
_OPTIONS = "https://learn.microsoft.com/azure/update-manager/assessment-options"
_LEFT_OUT = Lead(
    notebook="missed_machines",
    why="a machine that does not report takes part in no run: see which runs left it out.",
)

_DELETED = Cause(
    key="machine_deleted",
    sentence="The machine no longer exists in Azure; only its rows are left.",
    resolution=(
        in_update_management("Take the machine out of the update deployments that still name it."),
        in_update_management(
            "Nothing else to do if it was deleted on purpose: its rows go when the workspace's retention"
            " ends."
        ),
        in_update_manager(
            "Take it out of the schedules that still name it, if any do (evidence: named_by_schedule): "
            "Azure Update"
            " Manager > Maintenance configurations > the configuration > Resources > Remove."
        ),
        in_update_manager(
            "Nothing else to do if it was deleted on purpose: its assessment goes after 7 days, its"
            " installations after 30."
        ),
    ),
    source=_DOCS,
    manager_source=_OPTIONS,
    severity=Severity.LOW,
    leads_to=(STILL_NAMED,),
)
_OFF = Cause(
    key="machine_off",
    sentence="The machine is switched off (or its Arc agent is disconnected).",
    resolution=(
        *START,
        on_azure_vm(
            "Or let a pre-script of the update deployment start it before the run.",
            service="update_management",
        ),
        on_azure_vm(
            "Or let an event before the run start it: Azure Update Manager > Maintenance configurations > the"
            " configuration > Events > Pre maintenance event.",
            service="update_manager",
        ),
    ),
    source=_DOCS,
    manager_source=_OPTIONS,
    severity=Severity.LOW,
    leads_to=(_LEFT_OUT, SILENCE),
)
_LOGS_OF_AGENT = on_arc("Collect the agent's logs on the machine and read azcmagent.log: azcmagent logs.")
_ERROR = Cause(
    key="agent_error",
    sentence="The Azure Arc agent of the machine reports an error.",
    resolution=(
        "Look at the agent on the machine: azcmagent show names its last error, azcmagent check tests the"
        " network.",
        _LOGS_OF_AGENT,
        "Restart the agent once the error is fixed (its service is himds), then check that it is Connected.",
    ),
    source=_ARC,
    leads_to=(_LEFT_OUT, SILENCE),
)
_EXPIRED = Cause(
    key="agent_expired",
    sentence="The Azure Arc agent was disconnected for so long that its certificate has expired.",
    resolution=(
        "If the machine still exists, connect it again, on the machine: azcmagent disconnect"
        " --force-local-only, then azcmagent connect with the same resource group and subscription.",
        on_arc("If it does not, delete its resource: az connectedmachine delete --ids <resource id>."),
    ),
    source=_ARC,
    leads_to=(_LEFT_OUT, SILENCE),
)
_STOPPED = Cause(
    key="agent_stopped",
    sentence="The machine exists and is not known to be off, but its agent sends nothing.",
    resolution=(
        outside_azure(
            "Check that the machine still exists and is on; if not, take it out of the update deployments"
            " that name it.",
            service="update_management",
        ),
        *only_in("update_management", CHECK_AGENT),
        *only_in("update_management", TROUBLESHOOT),
        in_update_management(
            "Check that the machine reaches *.ods.opinsights.azure.com and *.oms.opinsights.azure.com on 443."
        ),
        in_update_manager("Check that the machine still exists and is on."),
        in_update_manager("Check its Arc agent on the machine: azcmagent show, azcmagent check."),
        _LOGS_OF_AGENT,
    ),
    source=_DOCS,
    manager_source=_ARC,
    leads_to=(_LEFT_OUT, SILENCE),
)
AWAY = (_DELETED, _OFF, _ERROR, _EXPIRED, _STOPPED)
