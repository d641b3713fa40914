"""Which schedules reach no machine at all?

Looks for:
    Maintenance configurations that have not expired and to which nothing is assigned, or only dynamic scopes
    that select no machine today.

Why it matters:
    Such a schedule starts on time, installs nothing and reports nothing: nobody notices.

Cannot see:
    Assignments in subscriptions that you may not read; scopes of such subscriptions are not judged.

Sources:
    https://learn.microsoft.com/azure/update-manager/dynamic-scope-overview (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.text import folded
from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import SHOWN, or_none
from umdiag.scenarios.leads import UNSCHEDULED
from umdiag.scenarios.missed_machines._schedule_findings import (
    OPEN,
    SCHEDULES,
    SCOPES,
    next_starts,
    schedule_of,
    subject,
)

NO_ASSIGNMENTS = Cause(
    key="no_assignments",
    sentence="No machine and no dynamic scope is assigned to the schedule.",
    resolution=(
        "Check that you can read every subscription whose machines it should patch: assignments are stored"
        " there, and Azure shows none that you may not read.",
        f"Assign machines or a dynamic scope: {OPEN} > Machines, or Dynamic scopes.",
        "Or delete the schedule if nobody needs it: az maintenance configuration delete --subscription"
        " <subscription> --resource-group <resource group> --resource-name <resource name>.",
    ),
    source=SCHEDULES,
    leads_to=(UNSCHEDULED,),
)
MATCHES_NOTHING = Cause(
    key="scope_matches_nothing",
    sentence="The schedule has dynamic scopes alone, and no machine passes their filters today.",
    resolution=(
        "Compare the filter that no machine passes (evidence: scopes) with the machines' tags, locations and"
        f" resource groups, then change the scope: {OPEN} > Dynamic scopes.",
        "Or tag the machines: az tag update --resource-id <machine's resource id> --operation Merge --tags"
        " <key>=<value>.",
    ),
    source=SCOPES,
    leads_to=(UNSCHEDULED,),
)

SERVICES = (UPDATE_MANAGER,)
DECIDES = ("next_start", "count", "scopes")
RESTS = Rests(
    symptom=("maintenance_configurations", "configuration_assignments", "azure_machines", "subscriptions"),
)


def judge(
    configurations: Partial,
    assignments: pd.DataFrame,
    scope_funnels: pd.DataFrame | None,
    occurrences: Partial,
    subscriptions: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Report each living schedule that selects nothing."""
    starts = next_starts(occurrences, asked_at)
    visible = set() if subscriptions is None else set(folded(subscriptions["subscription_id"]))
    for configuration in configurations[configurations["living"]].itertuples():
        assigned = assignments[assignments["configuration_key"] == configuration.configuration_key]
        evidence = schedule_of(configuration)
        evidence["next_start"] = or_none(starts.get(configuration.configuration_key))
        if assigned.empty:
            yield found(NO_ASSIGNMENTS, subject(configuration), evidence)
        elif (
            scope_funnels is not None
            and not assigned["static"].any()
            and set(assigned["subscription"]) <= visible
        ):
            steps = scope_funnels[scope_funnels["run_key"] == configuration.configuration_key]
            if not steps["machine_keys"].map(len).any():
                yield found(MATCHES_NOTHING, subject(configuration), evidence | _scopes(steps))


def _scopes(steps: pd.DataFrame) -> dict[str, Any]:
    """Return of each scope the filter at which its last machines were lost."""
    empty = steps[steps["kept"] == 0].drop_duplicates("group")
    scopes = [
        {
            "scope": step.group,
            "predicate": step.predicate,
            "wanted": step.wanted,
            "machines_before": step.of,
        }
        for step in empty.itertuples()
    ]
    return {"count": len(scopes), "scopes": scopes[:SHOWN]}
