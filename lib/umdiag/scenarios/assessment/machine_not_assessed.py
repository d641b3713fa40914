"""Which machines has Azure Update Manager never assessed, or not in the last seven days?

Looks for:
    Machines that Azure Update Manager manages and of which it keeps no assessment. It keeps the newest one
    for 7 days, so no row means: none in that time, and not that there never was one.

Why it matters:
    Nothing is known of the updates that such a machine needs. The portal shows it as *No updates data*.

Cannot see:
    What happened on the machine; whether it was on the whole time. Machines of a subscription that shows no
    assessment at all are UNKNOWN: reading them needs a permission of its own.

Sources:
    https://learn.microsoft.com/azure/update-manager/assessment-options (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/query-logs (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/unsupported-workloads (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import MANAGED, UPDATE_MANAGER, Rests
from umdiag.scenarios.assessment._late_causes import HINDRANCES, LOOK_ON_MACHINE, OPTIONS, SETTINGS, TO_SEE
from umdiag.scenarios.assessment._managed import (
    BEHIND_STATES,
    NOT_READ,
    described,
    judged,
    known,
    refuse_unmanaged,
)
from umdiag.scenarios.azure_steps import ASSESS_NOW
from umdiag.scenarios.evidence import fitting, subject, told

UNSUPPORTED = Cause(
    key="workload_not_supported",
    sentence="The machine is of a kind that Azure Update Manager does not support.",
    resolution=(
        "Patch it another way: a scale set by image upgrades, a client edition of Windows by Intune.",
        "Take it out of the schedules that name it, so that nobody waits for it.",
    ),
    source="https://learn.microsoft.com/azure/update-manager/unsupported-workloads",
    severity=Severity.INFO,
    leads_to=(Lead(notebook="onboarding", why="see which machines are of such a kind.", root=True),),
)
BLOCKED, PROVIDER, EXTENSION = HINDRANCES
CREATED = Cause(
    key="created_recently",
    sentence="The machine was created less than a day ago; its first assessment is still to come.",
    resolution=("Wait: the service assesses a machine within 24 hours while it is on.", *ASSESS_NOW),
    source=OPTIONS,
    severity=Severity.INFO,
)
ENABLED, OFF = SETTINGS
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine should be assessed every day and is not; no known cause fits.",
    resolution=LOOK_ON_MACHINE,
    source=OPTIONS,
    leads_to=TO_SEE,
)
_IN_ORDER = (UNSUPPORTED, BLOCKED, PROVIDER, EXTENSION, CREATED, ENABLED, OFF)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("last_assessed", "periodic", "power", "born")
RESTS = Rests(
    symptom=MANAGED,
    causes=(*BEHIND_STATES, "patch_extensions", "provider_registrations"),
    indifferent=NOT_READ,
)


def judge(
    managed_machines: Partial,
    late_assessments: Partial | None,
) -> Iterator[Finding]:
    """Report each machine in state not_assessed."""
    rows = judged(managed_machines)
    rows = rows[rows["state"] == "not_assessed"]
    if late_assessments is not None:
        rows = rows.merge(late_assessments, on="machine_key")
        for machine in rows.itertuples():
            fits = fitting(machine, _IN_ORDER, UNKNOWN)
            evidence = (
                described(machine)
                | told(machine, "born", "enabled", "periodic")
                | {
                    "also": [cause.key for cause in fits[1:]],
                }
            )
            yield found(fits[0], subject(machine), evidence, known=known(machine))
    refuse_unmanaged(managed_machines)
