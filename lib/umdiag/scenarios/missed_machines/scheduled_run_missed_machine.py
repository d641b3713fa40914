"""Which machines should a scheduled run have reached, and did not?

Looks for:
    Each run in the window (or those that `update_run` names) compared with the machines that its update
    deployment names and its dynamic groups select, by the tags and locations at the time of the run, and with
    the machines of the previous run that a change or a deletion has removed since. In Update Manager the
    newest finished run of each maintenance configuration decides, compared with its assignments and dynamic
    scopes; older misses are in the evidence. Machines of the parameter `suspects` are missed if no run
    reached them.

Why it matters:
    A run that skips a machine reports nothing about it: in the portal the machine is simply not there.

Cannot see:
    Saved searches of machines outside Azure; the members of a deployment that was modified after the run (the
    previous run is used instead); changes older than the 14 days that Azure keeps; since when a machine has
    been assigned to a maintenance configuration.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/configure-groups (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/dynamic-scope-overview (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.recognition import AUTOMATION, registrations_of
from umdiag.frames.shared.text import folded, subscription_of
from umdiag.model import UPDATE_MANAGER, Finding, Partial, Subject, found
from umdiag.scenarios.account import MACHINES, NAMES, PATCHES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import fitting, or_none, told, undecided
from umdiag.scenarios.missed_machines._by_schedules import (
    left_out,
    missed_by_schedule,
    scopes_not_visible,
)
from umdiag.scenarios.missed_machines._missed_causes import CAUSES as CAUSES
from umdiag.scenarios.missed_machines._missed_causes import (
    CHANGED,
    DELETED,
    FILTERED,
    NO_WORKER,
    NOT_REGISTERED,
    NOT_VISIBLE,
    UNAVAILABLE,
    UNKNOWN,
)
from umdiag.scenarios.steps import traits

_OF_MACHINES = (NOT_REGISTERED, DELETED, CHANGED, UNAVAILABLE, NO_WORKER, FILTERED)
_KEPT = pd.Timedelta(days=14)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("configuration", "scheduled", "start_time", "predicate", "actual", "wanted")
RESTS = Rests(
    symptom=(
        "update_runs",
        "machine_runs",
        "update_configurations",
        "schedule_runs",
        "schedule_machine_runs",
        "configuration_assignments",
        "maintenance_configurations",
        "azure_machines",
        "resource_changes",
        "subscriptions",
    ),
    causes=(
        "provider_registrations",
        *MACHINES,
        "heartbeats_around",
        "heartbeat_hours",
        "workers",
        "worker_groups",
        "patch_assessments",
        "patch_installations",
        "latest_updates",  # says that a machine was there, as heartbeats do
    ),
    indifferent=NAMES | PATCHES,
)


def judge(
    runs: Partial | None,
    missed: Partial | None,
    targets: pd.DataFrame | None,
    attendance: Partial | None,
    missed_by_schedules: Partial | None,
    schedule_attendance: Partial | None,
    suspects_left_out: Partial | None,
    maintenance_runs: Partial | None,
    assignments: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    provider_registrations: pd.DataFrame | None,
    machine_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Report each missed machine once, by its newest missed run, and each scope that cannot be seen."""
    if runs is not None and missed is not None and targets is not None and attendance is not None:
        if subscriptions is not None:
            yield from _invisible_scopes(targets, runs, subscriptions)
        of_schedules = _known_to_schedules(schedule_attendance, suspects_left_out)
        mine = missed[~((missed["via"] == "suspect") & missed["arm_key"].isin(of_schedules))]
        yield from _by_deployments(mine, targets, provider_registrations, machine_changes, asked_at)
    if assignments is not None and subscriptions is not None:
        yield from scopes_not_visible(assignments, subscriptions)
    if missed_by_schedules is not None:
        yield from missed_by_schedule(missed_by_schedules, machine_changes, asked_at=asked_at)
    if suspects_left_out is not None:
        yield from left_out(suspects_left_out)
    if doubts := [*_doubts(runs, missed, attendance, maintenance_runs, schedule_attendance)]:
        raise Inconclusive("; ".join(doubts))


def _known_to_schedules(*frames: pd.DataFrame | None) -> set[str]:
    """Return the machines of which maintenance configurations tell, so that deployments need not."""
    return {key for rows in frames if rows is not None for key in rows["machine_key"]}


def _by_deployments(
    missed: pd.DataFrame,
    targets: pd.DataFrame,
    provider_registrations: pd.DataFrame | None,
    machine_changes: pd.DataFrame | None,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Report each machine that a run of an update deployment missed."""
    known = provider_registrations
    registered = (
        None if known is None else set(folded(registrations_of(known, AUTOMATION)["subscription_id"]))
    )
    searching = set(targets["configuration_key"][targets["saved_searches"] > 0])
    for machine in missed[~missed["doubtful"]].sort_values("computer", kind="stable").itertuples():
        fits = fitting(machine, _OF_MACHINES, UNKNOWN)
        yield found(
            fits[0],
            Subject(kind="machine", name=machine.computer, id=machine.subject_id),
            _evidence(machine, machine_changes)
            | {
                "also": [cause.key for cause in fits[1:]],
                "not_checked": _not_checked(machine, searching, registered, asked_at),
            },
            known=traits(machine),
        )


def _doubts(
    runs: pd.DataFrame | None,
    missed: pd.DataFrame | None,
    attendance: pd.DataFrame | None,
    maintenance_runs: pd.DataFrame | None,
    schedule_attendance: pd.DataFrame | None,
) -> Iterator[str]:
    """Yield why it cannot be told that no machine was missed."""
    seen = [rows for rows in (runs, maintenance_runs) if rows is not None]
    if seen and all(rows.empty for rows in seen):
        yield "no update run was found in the window"
    judged = [rows for rows in (attendance, schedule_attendance) if rows is not None]
    if judged and any(len(rows) for rows in seen) and all(rows.empty for rows in judged):
        yield "no run in the window could be judged: still in progress, or its deployment no longer exists"
    if missed is not None and (doubtful := int(missed["doubtful"].sum())):
        yield undecided(
            doubtful,
            "whether a run should have reached it: an earlier run did, and Resource Graph shows neither"
            " its resource nor that it was deleted (have Reader on its subscription assigned to you)",
        )


def _invisible_scopes(
    targets: pd.DataFrame, runs: pd.DataFrame, subscriptions: pd.DataFrame
) -> Iterator[Finding]:
    ran = targets[(targets["group"] >= 0) & targets["configuration_key"].isin(runs["configuration_key"])]
    scopes = ran[["configuration", "scope"]].explode("scope").dropna()
    scopes["subscription"] = scopes["scope"].map(subscription_of)
    hidden = scopes[
        (scopes["subscription"] != "")
        & ~scopes["subscription"].isin(folded(subscriptions["subscription_id"]))
    ]
    for subscription, of_subscription in hidden.groupby("subscription"):
        evidence = {
            "configurations": sorted(set(of_subscription["configuration"])),
            "scopes": sorted(set(of_subscription["scope"])),
        }
        yield found(
            NOT_VISIBLE,
            Subject(kind="subscription", name=subscription, id=f"/subscriptions/{subscription}"),
            evidence,
        )


def _evidence(machine: Any, changes: pd.DataFrame | None) -> dict[str, Any]:
    evidence = {"run": or_none(machine.run_id)} | told(machine, "configuration", "start_time")
    evidence |= {"expected_by": machine.via, "missed_runs": machine.missed_runs}
    evidence |= told(machine, "last_heartbeat")
    if machine.dropped_by:
        evidence["dropped_by"] = machine.dropped_by
    if or_none(machine.changed_before_run) and changes is not None:
        of_machine = changes[(changes["machine_key"] == machine.arm_key) & (changes["property"] != "")]
        columns = ["changed", "property", "before", "after", "changed_by"]
        evidence["changes"] = (
            of_machine[of_machine["changed"] <= machine.start_time][columns].tail(10).to_dict("records")
        )
    if or_none(machine.provider_not_registered):
        evidence["subscription"] = machine.subscription
    return evidence


def _not_checked(
    machine: Any, searching: set[str], registered: set[str] | None, asked_at: datetime
) -> list[str]:
    said = [machine.hidden] if or_none(machine.hidden) else []
    if machine.via == "previous run":
        said.append("the deployment was modified after the run; the machines of the previous run are used")
    if machine.configuration_key in searching:
        said.append("machines that a saved search selects")
    if machine.subscription and registered is not None and machine.subscription not in registered:
        said.append(f"providers: no registration row of subscription {machine.subscription}")
    if pd.notna(machine.start_time) and machine.start_time < pd.Timestamp(asked_at) - _KEPT:
        said.append("resourcechanges do not reach back to the run")
    return said
