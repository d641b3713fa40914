"""Which schedules are near the limits of the service, or over them?

Looks for:
    Maintenance configurations in force at 90 % or more of what the service allows: 3,000 machines and 200
    dynamic scopes for a schedule (100 in Azure Government and in Azure operated by 21Vianet), 1,000 machines
    for a scope, 50 tag keys and 50 resource groups for the filters of a scope.

Why it matters:
    What is over a limit is left out of a run without any message.

Cannot see:
    Assignments and machines in subscriptions that you may not read; limits that support raised for you.

Sources:
    https://learn.microsoft.com/azure/update-manager/dynamic-scope-overview (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.missed_machines._schedule_findings import (
    CONFIGURATIONS,
    OPEN,
    SCOPES,
    schedule_of,
    subject,
)

#: From this part of a limit on a schedule is near it.
_NEAR = 0.9
_SCOPES = {"public": 200}
_SCOPES_ELSEWHERE = 100
_SPLIT = (
    "Split it: make a second schedule with the same settings, which starts more than five minutes later, and"
    f" give it a part of the machines ({OPEN} > Machines, or Dynamic scopes)."
)
MACHINES = Cause(
    key="machines_per_schedule",
    sentence="The schedule reaches nearly as many machines as the service allows, or more.",
    resolution=(_SPLIT,),
    source=CONFIGURATIONS,
    severity=Severity.INFO,
)
MACHINES_OF_SCOPE = Cause(
    key="machines_per_scope",
    sentence="A dynamic scope selects nearly as many machines as the service allows, or more.",
    resolution=(
        "Narrow the scope's filters (resource groups, locations, tags), and add a second scope for the rest:"
        f" {OPEN} > Dynamic scopes.",
    ),
    source=SCOPES,
    severity=Severity.INFO,
)
SCOPES_OF_SCHEDULE = Cause(
    key="scopes_per_schedule",
    sentence="The schedule has nearly as many dynamic scopes as the service allows, or more.",
    resolution=(
        f"Join scopes of one subscription that differ only in a filter's values: {OPEN} > Dynamic scopes.",
        _SPLIT,
    ),
    source=SCOPES,
    severity=Severity.INFO,
)
FILTERS = Cause(
    key="filters_per_scope",
    sentence="A dynamic scope has nearly as many tags or resource groups as the service allows, or more.",
    resolution=(
        "Give the machines a tag for the schedule, and filter by that tag alone: az tag update --resource-id"
        " <machine's resource id> --operation Merge --tags <key>=<value>.",
    ),
    source=SCOPES,
    severity=Severity.INFO,
)

SERVICES = (UPDATE_MANAGER,)
DECIDES = ("limit", "used", "start")
RESTS = Rests(
    symptom=("maintenance_configurations", "configuration_assignments", "azure_machines"),
    indifferent={"subscriptions": "says whether a schedule that cannot be read still exists; none is judged"},
)


def judge(
    configurations: Partial, assignments: Partial, selections: Partial, *, cloud: str
) -> Iterator[Finding]:
    """Report each living schedule at 90 % or more of a limit, once."""
    limits: Mapping[Cause, int] = {
        MACHINES: 3000,
        MACHINES_OF_SCOPE: 1000,
        SCOPES_OF_SCHEDULE: _SCOPES.get(cloud, _SCOPES_ELSEWHERE),
        FILTERS: 50,
    }
    used = _used(assignments, selections)
    for configuration in configurations[configurations["living"]].itertuples():
        numbers = {cause: int(used[cause].get(configuration.configuration_key, 0)) for cause in limits}
        near = [cause for cause, limit in limits.items() if numbers[cause] >= limit * _NEAR]
        if near:
            over = any(numbers[cause] > limits[cause] for cause in near)
            told = [{"limit": limits[cause], "used": numbers[cause], "of": cause.key} for cause in near]
            yield found(
                near[0],
                subject(configuration),
                schedule_of(configuration)
                | {"used": numbers[near[0]], "limit": limits[near[0]], "limits": told}
                | {"also": [cause.key for cause in near[1:]]},
                severity=Severity.MEDIUM if over else Severity.INFO,
            )


def _used(assignments: pd.DataFrame, selections: pd.DataFrame) -> Mapping[Cause, Mapping[str, int]]:
    """Return how much of each limit every configuration uses, of scopes its largest."""
    scopes = assignments[~assignments["static"]]
    filters = pd.concat([scopes["tags"].map(len), scopes["resource_groups"].map(len)], axis=1).max(axis=1)
    dynamic = selections[~selections["static"]]
    sizes = dynamic.groupby(["configuration_key", "assignment_id"]).size()
    return {
        MACHINES: selections.groupby("configuration_key")["machine_key"].nunique(),
        MACHINES_OF_SCOPE: sizes.groupby(level=0).max(),
        SCOPES_OF_SCHEDULE: scopes.groupby("configuration_key").size(),
        FILTERS: filters.groupby(scopes["configuration_key"]).max(),
    }
