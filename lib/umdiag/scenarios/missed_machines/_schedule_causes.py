"""Why a run of a maintenance configuration leaves machines out: causes that only Update Manager has."""

from __future__ import annotations

from umdiag.model import Cause, Lead, Severity
from umdiag.scenarios.azure_steps import ACTIVITY_LOG, CUSTOMER_MANAGED, HISTORY
from umdiag.scenarios.leads import UNSCHEDULED
from umdiag.scenarios.missed_machines._schedule_findings import (
    CONFIGURATIONS,
    SCHEDULES,
    SCOPES,
    TROUBLESHOOT,
)
from umdiag.scenarios.steps import in_update_manager

_PREREQUISITES = "https://learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching"
_OTHER_SCHEDULE = Lead(
    notebook="onboarding", why="see who patches the machine, and what it lacks.", root=True
)
NEXT_RUN = in_update_manager(
    "See which machines the next run will take, and why not this one: umdiag next-run PARAMETERS, with "
    "the machine"
    " in suspects."
)

LOST_BY_MOVE = Cause(
    key="assignment_lost_by_move",
    sentence="The machine was moved, but its assignment still points to the old place: the schedule lost it.",
    resolution=(
        "Assign the machine at its new place: Azure Update Manager > Maintenance configurations > the"
        " configuration > Machines > Add machine.",
        "Delete the assignment that is left at the old place (evidence: moved_from); a dynamic scope follows"
        " machines that are moved.",
    ),
    source=TROUBLESHOOT,
    leads_to=(UNSCHEDULED,),
)
RECREATED = Cause(
    key="machine_recreated",
    sentence="The machine was deleted and created again in the 12 hours before the start.",
    resolution=(
        "Nothing to do if the next run takes it: Azure needs some hours until it patches a machine that was"
        " created again under the same name.",
        "Otherwise assign it again: Azure Update Manager > Maintenance configurations > the configuration >"
        " Machines > Add machine.",
    ),
    source=TROUBLESHOOT,
)
NOT_SCHEDULABLE = Cause(
    key="patch_mode_not_schedulable",
    sentence="The VM is not set to Customer Managed Schedules, so schedules do nothing on it.",
    resolution=CUSTOMER_MANAGED,
    source=_PREREQUISITES,
    leads_to=(_OTHER_SCHEDULE,),
)
CHANGED_TOO_LATE = Cause(
    key="changed_too_late",
    sentence="A change made the machine match the dynamic scope less than 15 minutes before the start.",
    resolution=(
        "Nothing to do if the next run takes it; changes of tags and locations must be made earlier than "
        "that.",
        NEXT_RUN,
    ),
    source=SCOPES,
)
CONFLICT = Cause(
    key="schedule_conflict",
    sentence="Another schedule took the machine within five minutes of the start, and it can run only once.",
    resolution=(
        "Give one of the two schedules another start (evidence: the other run): az maintenance configuration"
        " update --subscription <subscription> --resource-group <resource group> --resource-name"
        " <configuration> --maintenance-window-start-date-time '2026-01-31 22:00'.",
        "Or let only one of them reach the machine.",
    ),
    source=TROUBLESHOOT,
)
TOO_LARGE = Cause(
    key="scope_limit_reached",
    sentence="The dynamic scope selects more than 1,000 machines, which is the limit, and leaves some out.",
    resolution=(
        "Split the scope in two, by resource group, location or tag: Azure Update Manager > Maintenance"
        " configurations > the configuration > Dynamic scopes.",
    ),
    source=CONFIGURATIONS,
)
NOT_SUPPORTED = Cause(
    key="workload_not_supported",
    sentence="The machine runs a client edition of Windows, which Update Manager does not patch by schedule.",
    resolution=(
        "Take it out of the schedule: Azure Update Manager > Maintenance configurations > the configuration >"
        " Machines. Patch it with Intune or Windows Update for Business.",
    ),
    source="https://learn.microsoft.com/azure/update-manager/unsupported-workloads",
)
TAKEN_BY_OTHERS = Cause(
    key="taken_by_other_runs",
    sentence="Other runs of the schedule took the machine; this one did not, and nothing says why.",
    resolution=(
        "Nothing to do if it happened once. If it happens again, see whether the machine was on at the "
        "start.",
        HISTORY,
    ),
    source=SCHEDULES,
    severity=Severity.INFO,
)
NEVER_TAKEN = Cause(
    key="never_taken",
    sentence=(
        "No run of the schedule that Azure still keeps has taken the machine; it may have been "
        "assigned since."
    ),
    resolution=(
        "Wait for the next run if the machine was assigned, or began to match, after the last one.",
        NEXT_RUN,
        ACTIVITY_LOG,
    ),
    source=SCHEDULES,
    severity=Severity.INFO,
)
