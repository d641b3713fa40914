"""Why a scheduled run leaves machines out, in both services; in the order in which a person reads them."""

from __future__ import annotations

from umdiag.model import Cause, Lead
from umdiag.scenarios.azure_steps import ACTIVITY_LOG, HISTORY
from umdiag.scenarios.leads import HEARD, PROVIDERS, TOGETHER, WORKERS
from umdiag.scenarios.missed_machines._schedule_causes import (
    CHANGED_TOO_LATE,
    CONFLICT,
    LOST_BY_MOVE,
    NEVER_TAKEN,
    NEXT_RUN,
    NOT_SCHEDULABLE,
    NOT_SUPPORTED,
    RECREATED,
    TAKEN_BY_OTHERS,
    TOO_LARGE,
)
from umdiag.scenarios.missed_machines._schedule_findings import (
    SCHEDULES,
    SCOPES,
    TROUBLESHOOT,
)
from umdiag.scenarios.steps import (
    CHECK_AGENT,
    REGISTER_AGAIN,
    START,
    in_update_management,
    in_update_manager,
    on_azure_vm,
)
from umdiag.words.steps import Step, Traits

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_GROUPS = "https://learn.microsoft.com/azure/automation/update-management/configure-groups"
_PREVIEW = in_update_management(
    "Preview the group before the next run: Automation account > Update management > Deployment"
    " schedules > the deployment > Groups to update > Preview."
)


def _of_old_agent(steps: tuple[str | Step, ...]) -> tuple[Step, ...]:
    """Return steps at the Log Analytics agent, which Update Manager does not use."""
    asked = (step if isinstance(step, Step) else Step(text=step, only=Traits()) for step in steps)
    return tuple(in_update_management(step.text, os=step.only.os) for step in asked)


NOT_VISIBLE = Cause(
    key="scope_not_visible",
    sentence=(
        "A dynamic group or scope names a subscription that cannot be seen: which machines it "
        "selects is unknown."
    ),
    resolution=(
        "Check that the subscription still exists and belongs to this tenant.",
        in_update_management(
            "Grant Reader on it to yourself and to the Automation account; or remove it from the group."
        ),
        in_update_manager(
            "Have Reader on it assigned to you; or delete the assignment: az maintenance assignment"
            " delete-subscription --name <assignment> --subscription <subscription>."
        ),
    ),
    source=_GROUPS,
    manager_source=SCOPES,
)
NOT_REGISTERED = Cause(
    key="provider_not_registered",
    sentence="The machine's subscription has not registered the resource provider that runs need there.",
    resolution=(
        in_update_management(
            "Register it in the machine's subscription: az provider register --namespace"
            " Microsoft.Automation --subscription <subscription>."
        ),
        in_update_manager(
            "Register it in the machine's subscription: az provider register --namespace"
            " Microsoft.Maintenance --subscription <subscription>."
        ),
        "Wait until it is Registered; the next run then sees the machine.",
    ),
    source=_GUIDE,
    manager_source=TROUBLESHOOT,
    leads_to=(PROVIDERS,),
)
DELETED = Cause(
    key="machine_deleted",
    sentence="The machine was deleted from Azure.",
    resolution=(
        in_update_management("Take the machine out of the update deployment that names it."),
        in_update_management(
            "If it was created again under the same name, enable Update Management on the new machine."
        ),
        in_update_manager(
            "Nothing to do if it was deleted on purpose; an assignment that still names it can be deleted:"
            " Azure Update Manager > Maintenance configurations > the configuration > Machines."
        ),
    ),
    source=_GUIDE,
    manager_source=SCHEDULES,
)
UNAVAILABLE = Cause(
    key="machine_unavailable",
    sentence="The machine was off, or its agent sent no heartbeat, when the run started.",
    resolution=(
        "Make sure that the machine is on when the schedule starts, or move the schedule.",
        on_azure_vm(
            "A pre-script of the deployment can start it before the run and stop it after.",
            service="update_management",
        ),
        in_update_manager(
            "A pre-maintenance event can start it: Azure Update Manager > Maintenance configurations > the"
            " configuration > Events."
        ),
        *(Step(text=step.text, only=Traits(azure_vm=True, service="update_manager")) for step in START[:1]),
        *_of_old_agent(CHECK_AGENT),
    ),
    source=_GUIDE,
    manager_source=SCHEDULES,
    leads_to=(HEARD,),
)
CHANGED = Cause(
    key="changed_before_run",
    sentence="A change or a move before the run took the machine out of the dynamic group or scope.",
    resolution=(
        in_update_management(
            "Set the tag or location back (evidence: who changed what and when), or widen the group."
        ),
        _PREVIEW,
        in_update_manager(
            "Set the tag or location back (evidence: who changed what and when), or widen the scope: Azure"
            " Update Manager > Maintenance configurations > the configuration > Dynamic scopes."
        ),
        NEXT_RUN,
    ),
    source=_GROUPS,
    manager_source=SCOPES,
    leads_to=(
        Lead(notebook="machine", why="see the change of tag or location beside the runs, and who made it."),
    ),
)
NO_WORKER = Cause(
    key="worker_not_installed",
    sentence="The machine matches, but is not registered as a system hybrid runbook worker of the account.",
    resolution=(
        "Enable Update Management on the machine again, which registers the worker: Automation account >"
        " Update management > Manage machines.",
        *REGISTER_AGAIN,
    ),
    source=_GUIDE,
    leads_to=(WORKERS,),
)
FILTERED = Cause(
    key="filter_excludes_machine",
    sentence="A filter of the dynamic group or scope excludes the machine.",
    resolution=(
        in_update_management(
            "Compare wanted and actual in the evidence, then change the machine's tag or location, or the"
            " group."
        ),
        _PREVIEW,
        in_update_manager(
            "Compare wanted and actual in the evidence, then change the machine's tag or location, or the"
            " scope: Azure Update Manager > Maintenance configurations > the configuration > Dynamic scopes."
        ),
        NEXT_RUN,
    ),
    source=_GROUPS,
    manager_source=SCOPES,
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run should have reached the machine and left it out; no known cause fits.",
    resolution=(
        in_update_management(
            "Open the job of the run (Automation account > Jobs) and look in its output for the machine's"
            " name."
        ),
        on_azure_vm(
            "Run the group's query in Resource Graph Explorer with the permissions of whoever "
            "created the schedule.",
            service="update_management",
        ),
        in_update_manager(HISTORY),
        in_update_manager(ACTIVITY_LOG),
    ),
    source=_GUIDE,
    manager_source=TROUBLESHOOT,
    leads_to=(TOGETHER,),
)
#: What the scenario knows, each service's causes in the order in which they are decided.
CAUSES = (
    NOT_VISIBLE,
    NOT_REGISTERED,
    LOST_BY_MOVE,
    DELETED,
    RECREATED,
    UNAVAILABLE,
    NOT_SCHEDULABLE,
    CHANGED_TOO_LATE,
    CHANGED,
    CONFLICT,
    TOO_LARGE,
    NOT_SUPPORTED,
    NO_WORKER,
    FILTERED,
    TAKEN_BY_OTHERS,
    NEVER_TAKEN,
    UNKNOWN,
)
