"""Which running machines does nobody patch?

Looks for:
    Machines that are on, that Azure Update Manager does not manage, and that sent no row to any workspace in
    the window. Instances of scale sets, nodes of Kubernetes, machines that another service manages and client
    editions of Windows are left out. Judged only where Azure Update Manager manages at least one machine.

Why it matters:
    Nothing assesses these machines and nothing patches them: they are in no list of missing updates.

Cannot see:
    Machines outside Azure and Azure Arc, and machines that are patched by other means, such as Configuration
    Manager or an image pipeline.

Sources:
    https://learn.microsoft.com/azure/update-manager/overview (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/assessment-options (read 2026-11-28)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.text import folded
from umdiag.frames.silent_agents import logged
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import COUNTS, MACHINES, NAMES, UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import CUSTOMER_MANAGED, PERIODIC_ASSESSMENT
from umdiag.scenarios.evidence import or_none, subject, told, undecided
from umdiag.scenarios.onboarding._azure_machines import MANAGED, NOT_READ, known, refuse_unsure, supported
from umdiag.scenarios.portal import resource_page

NOT_ENABLED = Cause(
    key="not_enabled",
    sentence="The machine runs, and no update service manages it.",
    resolution=(
        *PERIODIC_ASSESSMENT,
        "Then let a schedule patch it: Azure Update Manager > Machines, select it > Schedule updates; a VM"
        " needs the patch orchestration Customer Managed Schedules for that.",
        *CUSTOMER_MANAGED,
        "Nothing to do if it is patched by other means.",
    ),
    source="https://learn.microsoft.com/azure/update-manager/overview",
    severity=Severity.LOW,
    leads_to=(Lead(notebook="machine", why="see what is known of it, and since when."),),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("patch_mode", "assessment_mode", "power", "created")
RESTS = Rests(
    symptom=(*MANAGED, *MACHINES, "subscriptions", "schedule_runs", "schedule_machine_runs"),
    indifferent=NAMES | COUNTS | {fact: NOT_READ[fact] for fact in ("needed_patches", "resource_changes")},
)


def judge(
    managed_machines: Partial,
    identities: pd.DataFrame,
    machines: Partial,
    subscriptions: pd.DataFrame,
    blind_subscriptions: pd.DataFrame,
) -> Iterator[Finding]:
    """Report each running machine that neither service knows."""
    if not surely(managed_machines["managed"]).any():
        return
    rows = supported(managed_machines)
    rows = rows[surely(rows["on"]) & ~_others(rows, subscriptions)]
    rows = rows[~logged(rows, identities, machines)]
    dark = blind_subscriptions[
        surely(blind_subscriptions[["for_assessments", "for_installations"]].any(axis=1))
    ]
    hidden = rows["subscription"].isin(dark["subscription"])
    shown = managed_machines["has_assessment"].fillna(True).astype(bool).any()
    unmanaged = surely_not(rows["managed"])
    for machine in rows[unmanaged & ~hidden & shown].itertuples():
        appliance = or_none(machine.has_plan)
        evidence = told(machine, "power", "created", "os_name", "patch_mode", "assessment_mode") | {
            "is_appliance": bool(appliance),
            "portal": resource_page(machine.subject_id),
            "also": [],
        }
        severity = Severity.INFO if appliance else Severity.LOW
        yield found(NOT_ENABLED, subject(machine), evidence, severity=severity, known=known(machine))
    refuse_unsure(managed_machines, rows)
    if number := int((unmanaged & hidden & ~surely(rows["blind"])).sum()):
        raise Inconclusive(
            undecided(
                number, "whether Azure Update Manager manages it; its installations are not shown to you"
            )
        )


def _others(machines: pd.DataFrame, subscriptions: pd.DataFrame) -> pd.Series[bool]:
    """Whether another service made and manages each machine: its own row or its resource group says so."""
    groups = folded(subscriptions["id"][folded(subscriptions["managed_by"]) != ""]).str.rstrip("/")
    group = machines["machine_key"].str.split("/providers/").str[0]
    by_row = folded(machines["managed_by"]) != ""
    by_name = folded(machines["resource_group"]).str.startswith("mc_")
    return by_row | by_name | group.isin(groups[groups.str.contains("/resourcegroups/", regex=False)])
