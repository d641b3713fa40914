"""Which machines of Azure Update Manager does no schedule patch?

Looks for:
    Machines that are on, that Azure Update Manager manages and supports, and that no active maintenance
    configuration reaches: not by an assignment of the machine, nor by a dynamic scope.

Why it matters:
    Such a machine is assessed, looks managed, and receives no updates. Often one mistyped tag is the reason:
    then the closest dynamic scope is shown, with the word it wants and the word the machine has.

Cannot see:
    Machines that are patched by other means, such as Configuration Manager or an image pipeline. Schedules
    in subscriptions that you may not read.

Sources:
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/dynamic-scope-overview (read 2026-11-27)
    https://learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import CUSTOMER_MANAGED
from umdiag.scenarios.evidence import SHOWN, fitting, or_none, subject, told, undecided
from umdiag.scenarios.onboarding._azure_machines import (
    MANAGED,
    NOT_READ,
    described,
    known,
    refuse_unsure,
    supported,
)
from umdiag.scenarios.portal import CONFIGURATIONS_PAGE, resource_page
from umdiag.scenarios.steps import on_arc, on_azure_vm

_SCHEDULES = "https://learn.microsoft.com/azure/update-manager/scheduled-patching"
_SCOPES = "https://learn.microsoft.com/azure/update-manager/dynamic-scope-overview"
_PLATFORM = "https://learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching"
_NEEDED = Lead(notebook="assessment", why="see which updates wait on machines that nobody patches.")
_ASSIGN = "az maintenance assignment create --name <resource name> --maintenance-configuration-id <schedule>"
_PLACE = "--resource-name <resource name> --resource-group <resource group> --subscription <subscription>"
ASSIGN = (
    on_azure_vm(
        f"Assign a schedule to the VM: {_ASSIGN} --provider-name Microsoft.Compute --resource-type"
        f" virtualMachines {_PLACE}."
    ),
    on_arc(
        f"Assign a schedule to the machine: {_ASSIGN} --provider-name Microsoft.HybridCompute --resource-type"
        f" machines {_PLACE}."
    ),
    "In the portal: Azure Update Manager > Machines, select machines > Schedule updates; for many, give the"
    " schedule a dynamic scope: Azure Update Manager > Maintenance configurations > Dynamic scopes.",
)

PLATFORM = Cause(
    key="platform_patches_machine",
    sentence="No schedule reaches the VM, and Azure patches it at times that Azure chooses.",
    resolution=(
        "Nothing to do if that is intended: Azure installs critical and security updates off-peak, about "
        "monthly.",
        "Otherwise set it to Customer Managed Schedules first, then assign a schedule.",
        *CUSTOMER_MANAGED,
        *ASSIGN,
    ),
    source=_PLATFORM,
    severity=Severity.INFO,
    leads_to=(_NEEDED,),
)
ON_DEMAND = Cause(
    key="patched_on_demand",
    sentence="No schedule reaches the machine, but somebody patches it on demand.",
    resolution=("Nothing to do if that is intended.", *ASSIGN),
    source=_SCHEDULES,
    severity=Severity.INFO,
    leads_to=(_NEEDED,),
)
EXPIRED = Cause(
    key="only_expired_schedules",
    sentence="Only schedules that have expired reach the machine.",
    resolution=(
        "Give the schedule a later end, or none: az maintenance configuration update --resource-group <group>"
        ' --resource-name <schedule> --maintenance-window-expiration-date-time "<date> 00:00".',
        "Or assign another schedule.",
        *ASSIGN,
    ),
    source=_SCHEDULES,
    severity=Severity.LOW,
    leads_to=(_NEEDED,),
)
MISTYPED = Cause(
    key="scope_filter_excludes",
    sentence="A dynamic scope would take the machine, but a word of a tag differs by a letter or two.",
    resolution=(
        "Give the machine the tag as the dynamic scope writes it (wanted shows it in lower case): az tag"
        " update --resource-id <resource id> --operation Merge --tags <tag>=<value>; delete the mistyped tag"
        " if its name was wrong.",
        "If the dynamic scope has the mistake, correct it there: Azure Update Manager > Maintenance"
        " configurations > the schedule > Dynamic scopes.",
    ),
    source=_SCOPES,
    severity=Severity.LOW,
    leads_to=(_NEEDED,),
)
NOTHING = Cause(
    key="no_assignment",
    sentence="No schedule is assigned to the machine, and no dynamic scope selects it.",
    resolution=(*ASSIGN, *CUSTOMER_MANAGED),
    source=_SCHEDULES,
    severity=Severity.LOW,
    leads_to=(_NEEDED,),
)
_CAUSES = (PLATFORM, ON_DEMAND, EXPIRED, MISTYPED)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("state", "security", "predicate", "actual", "wanted")
RESTS = Rests(
    symptom=MANAGED,
    causes=("subscriptions", "needed_patches", "schedule_runs", "schedule_machine_runs"),
    indifferent={"resource_changes": NOT_READ["resource_changes"]},
)


def judge(managed_machines: Partial, unscheduled_machines: Partial) -> Iterator[Finding]:
    """Report each machine that is on and that no schedule reaches; medium if it lacks urgent updates."""
    for machine in described(unscheduled_machines).itertuples():
        fits = fitting(machine, _CAUSES, NOTHING)
        evidence = told(
            machine, "state", "critical", "security", "patch_mode", "bypass", "last_on_demand", "power"
        ) | {
            "expired_schedules": (machine.expired or [])[:SHOWN],
            "nearest_scope": or_none(machine.scope_id),
            **told(machine, "scope_of", "predicate", "wanted", "actual"),
            "portal": resource_page(machine.subject_id),
            "schedules_page": CONFIGURATIONS_PAGE,
            "also": [cause.key for cause in fits[1:] if cause is not NOTHING],
            "not_checked": _not_checked(machine),
        }
        urgent = fits[0].severity is Severity.LOW and machine.state == "non_compliant"
        severity = Severity.MEDIUM if urgent else fits[0].severity
        yield found(fits[0], subject(machine), evidence, severity=severity, known=known(machine))
    machines = supported(managed_machines)
    machines = machines[surely(machines["on"]) & ~surely(machines["reached"])]
    unsure = surely(machines["managed"]) & machines["reached"].isna()
    refuse_unsure(managed_machines, machines)
    if number := int(unsure.sum()):
        raise Inconclusive(undecided(number, "whether a schedule reaches it"))


def _not_checked(machine: Any) -> list[str]:
    said = []
    if or_none(machine.blind):
        said.append("which updates it needs: assessments of its subscription are not shown to you")
    if or_none(machine.installations_hidden):
        said.append("whether it is patched on demand: installations of its subscription are not shown to you")
    return said
