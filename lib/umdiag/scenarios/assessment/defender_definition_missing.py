"""Which machines list Defender's daily definitions as missing?

Looks for:
    KB2267602 among the updates that a machine needs.

Why it matters:
    It does not: definitions are published several times a day, so one is always missing. They are shown
    here so that nobody chases them, and never count towards compliance.

Cannot see:
    Whether Defender itself is up to date; ask the machine (Get-MpComputerStatus). Whether machines without an
    assessment of Azure Update Manager list it.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/query-logs (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import (
    MANAGED,
    NAMES,
    UPDATE_MANAGEMENT,
    UPDATE_MANAGER,
    Rests,
)
from umdiag.scenarios.assessment._machine_findings import subject, with_updates
from umdiag.scenarios.assessment._managed import NOT_READ, described, known, of_logs, present, refuse_unclear
from umdiag.scenarios.evidence import or_none
from umdiag.scenarios.steps import in_update_management, in_update_manager, traits

DAILY = Cause(
    key="definition_updates_daily",
    sentence="Defender definitions (KB2267602) are listed as missing, as they are on most days.",
    resolution=(
        "Nothing to do: Microsoft publishes new definitions several times a day.",
        in_update_management(
            "If deployments should install them too, include the classification Definition updates."
        ),
        in_update_manager(
            "If schedules should install them too, include the class Definition updates in the maintenance"
            " configuration."
        ),
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    manager_source="https://learn.microsoft.com/azure/update-manager/manage-update-settings",
    severity=Severity.INFO,
)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("seen", "title")
RESTS = Rests(
    symptom=("latest_updates", "assessments", "summaries", "needed_patches"),
    manager=MANAGED,
    causes=("azure_machines", "heartbeats", "shared_identities", "resource_changes", "schedule_machine_runs"),
    indifferent=NAMES | NOT_READ,
)


def judge(
    machines: Partial | None,
    updates: Partial | None,
    managed_machines: Partial | None,
    needed_updates: Partial | None,
) -> Iterator[Finding]:
    """Report each machine that needs KB2267602, as information."""
    if machines is not None and updates is not None:
        definitions = updates[updates["definition"] & updates["needed"]]
        for machine, needed in with_updates(of_logs(machines, managed_machines), definitions):
            seen = max(update.seen for update in needed)
            evidence = {"title": needed[0].title, "seen": seen}
            yield found(DAILY, subject(machine), evidence, known=traits(machine, os="windows"))
    if managed_machines is not None and needed_updates is not None:
        yield from _in_resource_graph(present(managed_machines), needed_updates)
    refuse_unclear(managed_machines, machines)


def _in_resource_graph(machines: pd.DataFrame, needed_updates: pd.DataFrame) -> Iterator[Finding]:
    definitions = needed_updates[needed_updates["definition"]].drop_duplicates("machine_key")
    rows = machines.merge(definitions[["machine_key", "title"]], on="machine_key")
    for machine in rows.itertuples():
        evidence = described(machine) | {"title": or_none(machine.title), "seen": or_none(machine.assessed)}
        yield found(DAILY, subject(machine), evidence, known=known(machine))
