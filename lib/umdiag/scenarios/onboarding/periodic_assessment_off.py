"""Which machines of Azure Update Manager are not assessed every day?

Looks for:
    Machines that Azure Update Manager manages and whose setting for periodic assessment is not
    AutomaticByPlatform.

Why it matters:
    Such a machine is assessed only when somebody asks for it, or by a scheduled run. Its list of missing
    updates grows old, and after 7 days it is gone: the machine then looks as if it were never assessed.

Cannot see:
    Whether a machine that no table of Update Manager names should be managed: machine_unmanaged lists those.

Sources:
    https://learn.microsoft.com/azure/update-manager/assessment-options (read 2026-11-28)
    https://learn.microsoft.com/azure/update-manager/periodic-assessment-at-scale (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.certainty import surely
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import PERIODIC_ASSESSMENT
from umdiag.scenarios.evidence import fitting, or_none, subject, told
from umdiag.scenarios.onboarding._azure_machines import (
    MANAGED,
    NOT_READ,
    known,
    refuse_unsure,
    schedules_of,
    supported,
    unread_schedules,
)
from umdiag.scenarios.portal import resource_page

_PAGE = "https://learn.microsoft.com/azure/update-manager/assessment-options"
_OLD = Lead(notebook="assessment", why="see which assessments are old or missing because of it.")

ABSENT = Cause(
    key="settings_absent",
    sentence="The machine has no patch settings at all, so nothing assesses it on its own.",
    resolution=PERIODIC_ASSESSMENT,
    source=_PAGE,
    severity=Severity.LOW,
    leads_to=(_OLD,),
)
OFF = Cause(
    key="not_enabled",
    sentence="Periodic assessment is not enabled on the machine.",
    resolution=PERIODIC_ASSESSMENT,
    source=_PAGE,
    severity=Severity.LOW,
    leads_to=(_OLD,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("assessment_mode", "assessed", "patch_mode")
RESTS = Rests(symptom=MANAGED, causes=("subscriptions",), indifferent=NOT_READ)


def judge(
    managed_machines: Partial,
    selections: Partial | None,
    configurations: Partial | None,
) -> Iterator[Finding]:
    """Report each managed machine without periodic assessment; medium if a schedule reaches it."""
    machines = supported(managed_machines)
    without = ~machines["periodic"].astype("boolean").fillna(True).astype(bool)
    rows = machines[without & surely(machines["managed"])].copy()
    rows[ABSENT.key] = ~rows["has_settings"].astype(bool)
    schedules = schedules_of(rows["machine_key"], selections, configurations)
    unread = unread_schedules(rows["machine_key"], selections)
    for machine in rows.itertuples():
        fits = fitting(machine, (ABSENT,), OFF)
        reached = or_none(machine.reached)
        evidence = told(machine, "assessment_mode", "patch_mode", "assessed") | {
            "is_reached": reached,
            "schedules": schedules.get(machine.machine_key, []),
            "portal": resource_page(machine.subject_id),
            "also": [],
            "not_checked": unread.get(machine.machine_key, []),
        }
        severity = Severity.MEDIUM if reached else Severity.LOW
        yield found(fits[0], subject(machine), evidence, severity=severity, known=known(machine))
    refuse_unsure(managed_machines, machines[without])
