"""Which virtual machines have a schedule that cannot patch them?

Looks for:
    Azure virtual machines that a schedule reaches and whose patch orchestration is not Customer Managed
    Schedules: patch mode AutomaticByPlatform together with the flag
    bypassPlatformSafetyChecksOnUserSchedule.

Why it matters:
    The schedule is attached and nothing happens: each of its runs fails on the machine with the message that
    the prerequisites are not met. Machines of Azure Arc need no such setting.

Cannot see:
    The setting at the time of earlier runs: it is judged as it is now.

Sources:
    https://learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching (read 2026-11-28)
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import among, looked_up
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import CUSTOMER_MANAGED
from umdiag.scenarios.evidence import fitting, subject, told, undecided
from umdiag.scenarios.onboarding._azure_machines import known, schedules_of, supported, unread_schedules
from umdiag.scenarios.portal import resource_page

_PAGE = "https://learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching"
_RUNS = Lead(notebook="update_runs", why="see which runs failed on them because of it.")

ABSENT = Cause(
    key="settings_absent",
    sentence="The VM has no patch settings, so its schedules do nothing.",
    resolution=CUSTOMER_MANAGED,
    source=_PAGE,
    severity=Severity.HIGH,
    leads_to=(_RUNS,),
)
NO_BYPASS = Cause(
    key="bypass_flag_off",
    sentence="The VM's patch mode is right, but the flag that lets schedules choose the time is off.",
    resolution=(
        *CUSTOMER_MANAGED,
        "If the VM uses hotpatching, decide first: Azure refuses the flag together with hotpatching.",
    ),
    source=_PAGE,
    severity=Severity.HIGH,
    leads_to=(_RUNS,),
)
OTHER_MODE = Cause(
    key="patch_mode_not_platform",
    sentence="The VM's patch mode is not AutomaticByPlatform, so its schedules do nothing.",
    resolution=CUSTOMER_MANAGED,
    source=_PAGE,
    severity=Severity.HIGH,
    leads_to=(_RUNS,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("patch_mode", "bypass", "schedules", "power")
RESTS = Rests(
    symptom=("azure_machines", "configuration_assignments", "maintenance_configurations"),
    causes=("subscriptions",),
)


def judge(
    estate: Partial,
    reached_machines: Partial,
    selections: Partial,
    configurations: Partial,
) -> Iterator[Finding]:
    """Report each virtual machine that a schedule reaches and that is not customer-managed."""
    machines = supported(estate[~estate["customer_managed"]])
    reached = looked_up(
        machines["machine_key"], reached_machines.set_index("machine_key")["reached"].astype("boolean")
    )
    listed = among(machines["machine_key"], reached_machines["machine_key"])
    rows = machines[surely(reached)].copy()
    rows[ABSENT.key] = ~rows["has_settings"]
    rows[NO_BYPASS.key] = rows["platform_mode"]
    schedules = schedules_of(rows["machine_key"], selections, configurations)
    unread = unread_schedules(rows["machine_key"], selections)
    for machine in rows.itertuples():
        fits = fitting(machine, (ABSENT, NO_BYPASS), OTHER_MODE)
        evidence = told(machine, "patch_mode", "bypass", "power") | {
            "schedules": schedules.get(machine.machine_key, []),
            "portal": resource_page(machine.subject_id),
            "also": [],
            "not_checked": unread.get(machine.machine_key, []),
        }
        yield found(fits[0], subject(machine), evidence, known=known(machine))
    if doubtful := int((listed & reached.isna()).sum()):
        raise Inconclusive(undecided(doubtful, "whether the schedule assigned to it still exists"))
