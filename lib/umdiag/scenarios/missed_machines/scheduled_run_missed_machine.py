"""Which machines should a scheduled run have reached, and did not?

Looks for:
    Each run in the window (or those that `update_run` names) compared with the machines that its update
    deployment names and its dynamic groups select, by the tags and locations at the time of the run, and with
    the machines of the previous run that a change or a deletion has removed since. Machines of the parameter
    `suspects` are missed if no run reached them.

Why it matters:
    A run that skips a machine reports nothing about it: in the portal the machine is simply not there.

Cannot see:
    Saved searches of machines outside Azure; the members of a deployment that was modified after the run (the
    previous run is used instead); changes older than the 14 days that Azure keeps.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/configure-groups (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.recognition import AUTOMATION, registrations_of
from umdiag.frames.shared.text import folded, subscription_of
from umdiag.model import Cause, Finding, Lead, Partial, Subject, found
from umdiag.scenarios.account import COUNTS, MACHINES, NAMES, SERVICE, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import fitting, or_none, told, undecided
from umdiag.scenarios.leads import HEARD, PROVIDERS, TOGETHER, WORKERS
from umdiag.scenarios.steps import CHECK_AGENT, REGISTER_AGAIN, on_azure_vm, traits

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_GROUPS = "https://learn.microsoft.com/azure/automation/update-management/configure-groups"

NOT_REGISTERED = Cause(
    key="provider_not_registered",
    sentence="The machine's subscription has not registered the resource provider Microsoft.Automation.",
    resolution=(
        "Register it in the machine's subscription: az provider register --namespace Microsoft.Automation"
        " --subscription <subscription>.",
        "Wait until it is Registered; the next run then sees the machine.",
    ),
    source=_GUIDE,
    leads_to=(PROVIDERS,),
)
NOT_VISIBLE = Cause(
    key="scope_not_visible",
    sentence="A dynamic group names a subscription that cannot be seen, so its machines cannot be selected.",
    resolution=(
        "Check that the subscription still exists and belongs to this tenant.",
        "Grant Reader on it to yourself and to the Automation account; or remove it from the group.",
    ),
    source=_GROUPS,
)
DELETED = Cause(
    key="machine_deleted",
    sentence="The machine was deleted from Azure.",
    resolution=(
        "Take the machine out of the update deployment that names it.",
        "If it was created again under the same name, enable Update Management on the new machine.",
    ),
    source=_GUIDE,
)
CHANGED = Cause(
    key="changed_before_run",
    sentence="A change of its tags or location before the run took the machine out of the dynamic group.",
    resolution=(
        "Set the tag or location back (evidence: who changed what and when), or widen the group.",
        "Preview the group before the next run: Automation account > Update management > Deployment"
        " schedules > the deployment > Groups to update > Preview.",
    ),
    source=_GROUPS,
    leads_to=(
        Lead(notebook="machine", why="see the change of tag or location beside the runs, and who made it."),
    ),
)
UNAVAILABLE = Cause(
    key="machine_unavailable",
    sentence="The machine was off, or its agent sent no heartbeat, when the run started.",
    resolution=(
        "Make sure that the machine is on at the deployment's start time, or move the schedule.",
        on_azure_vm("A pre-script of the deployment can start it before the run and stop it after."),
        *CHECK_AGENT,
    ),
    source=_GUIDE,
    leads_to=(HEARD,),
)
NO_WORKER = Cause(
    key="worker_not_installed",
    sentence="The machine matches, but is not registered as a system hybrid runbook worker of the account.",
    resolution=(
        "Enable Update Management on the machine again, which registers the worker: Automation account >"
        " Update management > Manage machines.",
        *REGISTER_AGAIN,
    ),
    source=_GUIDE,
    leads_to=(WORKERS,),
)
FILTERED = Cause(
    key="filter_excludes_machine",
    sentence="A filter of the dynamic group excludes the machine.",
    resolution=(
        "Compare wanted and actual in the evidence, then change the machine's tag or location, or the group.",
        "Preview the group before the next run: Automation account > Update management > Deployment"
        " schedules > the deployment > Groups to update > Preview.",
    ),
    source=_GROUPS,
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run should have reached the machine and left it out; no known cause fits.",
    resolution=(
        "Open the job of the run (Automation account > Jobs) and look in its output for the machine's name.",
        on_azure_vm(
            "Run the group's query in Resource Graph Explorer with the permissions of whoever "
            "created the schedule."
        ),
    ),
    source=_GUIDE,
    leads_to=(TOGETHER,),
)
_OF_MACHINES = (NOT_REGISTERED, DELETED, CHANGED, UNAVAILABLE, NO_WORKER, FILTERED)
_KEPT = pd.Timedelta(days=14)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=(
        "update_runs",
        "machine_runs",
        "update_configurations",
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
    ),
    indifferent=COUNTS | NAMES | SERVICE,
)


def judge(
    runs: pd.DataFrame,
    missed: Partial,
    targets: pd.DataFrame,
    attendance: Partial,
    subscriptions: pd.DataFrame | None,
    provider_registrations: pd.DataFrame | None,
    machine_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Report each missed machine once, by its newest missed run, and each scope that cannot be seen."""
    if subscriptions is not None:
        yield from _invisible_scopes(targets, runs, subscriptions)
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
    if runs.empty:
        raise Inconclusive("no update run was found in the window")
    if attendance.empty:
        raise Inconclusive(
            "no run in the window could be judged: still in progress, or its deployment no longer exists"
        )
    if doubtful := int(missed["doubtful"].sum()):
        raise Inconclusive(
            undecided(
                doubtful,
                "whether a run should have reached it: an earlier run did, and Resource Graph shows neither"
                " its resource nor that it was deleted (have Reader on its subscription assigned to you)",
            )
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
