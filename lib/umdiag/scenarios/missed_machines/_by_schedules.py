"""What is said of machines that runs of maintenance configurations missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import folded
from umdiag.model import Cause, Finding, Severity, Subject, found
from umdiag.scenarios.evidence import fitting, or_none, told
from umdiag.scenarios.missed_machines import _missed_causes as causes
from umdiag.scenarios.missed_machines import _schedule_causes as only
from umdiag.scenarios.portal import run_page
from umdiag.scenarios.steps import traits
from umdiag.words.steps import Traits

#: In the order of the book.
OF_MACHINES = (
    causes.NOT_REGISTERED, only.LOST_BY_MOVE, causes.DELETED, only.RECREATED, causes.UNAVAILABLE,
    only.NOT_SCHEDULABLE, only.CHANGED_TOO_LATE, causes.CHANGED, only.CONFLICT, only.TOO_LARGE,
    only.NOT_SUPPORTED, causes.FILTERED, only.TAKEN_BY_OTHERS, only.NEVER_TAKEN,
)  # fmt: skip
_RANKS = {cause.key: rank for rank, cause in enumerate((*OF_MACHINES, causes.UNKNOWN))}
_POWER = "whether the machine was on at the start"
_SINCE = "when it was assigned"
_CHANGES = "which change it was: resourcechanges do not reach back to the run"
_KEPT = pd.Timedelta(days=14)
_OFTEN = 2


def missed_by_schedule(
    missed: pd.DataFrame, changes: pd.DataFrame | None, *, asked_at: datetime
) -> Iterator[Finding]:
    """Report each machine once, by the first cause over the configurations that missed it."""
    missed = missed[~surely(missed["runs_hidden"])]
    rows = missed.assign(rank=[_RANKS[_causes(machine)[0].key] for machine in missed.itertuples()])
    rows = rows.sort_values(["subject_id", "rank", "scheduled"], ascending=[True, True, False], kind="stable")
    others = rows.groupby("subject_id")["configuration"].agg(lambda names: sorted(set(names)))
    for machine in rows.drop_duplicates("subject_id").sort_values("computer", kind="stable").itertuples():
        yield _finding(machine, others[machine.subject_id], changes, asked_at)


def left_out(suspects: pd.DataFrame) -> Iterator[Finding]:
    """Report each machine of the parameter `suspects` that no run took and no living scope selects."""
    for machine in suspects.itertuples():
        yield found(
            causes.FILTERED,
            Subject(kind="machine", name=machine.computer, id=machine.subject_id),
            told(machine, "configuration", "scope_id", "predicate", "wanted", "actual") | {"also": []},
            known=traits(machine, service="update_manager"),
        )


def scopes_not_visible(assignments: pd.DataFrame, subscriptions: pd.DataFrame) -> Iterator[Finding]:
    """Report each subscription that a dynamic scope names and that cannot be seen."""
    scopes = assignments[~assignments["static"]]
    hidden = scopes[~scopes["subscription"].isin(folded(subscriptions["subscription_id"]))]
    for subscription, of_subscription in hidden.groupby("subscription"):
        yield found(
            causes.NOT_VISIBLE,
            Subject(kind="subscription", name=str(subscription), id=f"/subscriptions/{subscription}"),
            {
                "configurations": sorted(set(of_subscription["configuration_id"])),
                "scopes": sorted(set(of_subscription["assignment_id"])),
            },
            known=Traits(service="update_manager"),
        )


def _causes(machine: Any) -> list[Cause]:
    """Return the causes that fit, in order; what is not supported needs no other."""
    if or_none(machine.workload_not_supported):
        return [only.NOT_SUPPORTED]
    return fitting(machine, [cause for cause in OF_MACHINES if cause is not causes.FILTERED], causes.UNKNOWN)


def _finding(
    machine: Any, configurations: Sequence[str], changes: pd.DataFrame | None, asked_at: datetime
) -> Finding:
    fits = _causes(machine)
    evidence = {"run": machine.run_id} | told(machine, "configuration", "scheduled", "via", "power")
    evidence |= {"missed_runs": machine.missed_runs, "portal": run_page(machine.run_id)}
    if len(configurations) > 1:
        evidence["configurations"] = list(configurations)
    if machine.moved_from:
        evidence["moved_from"] = machine.moved_from
    if or_none(machine.changed_before_run) and changes is not None:
        evidence["changes"] = _changes_of(machine, changes)
    if or_none(machine.provider_not_registered):
        evidence["subscription"] = machine.subscription
    evidence |= {
        "also": [cause.key for cause in fits[1:]],
        "not_checked": _not_checked(fits[0], machine, asked_at),
    }
    return found(
        fits[0],
        Subject(kind="machine", name=machine.computer, id=machine.subject_id),
        evidence,
        severity=_severity(fits[0], machine),
        known=traits(machine, service="update_manager"),
    )


def _severity(cause: Cause, machine: Any) -> Severity:
    match cause:
        case causes.DELETED:
            return Severity.LOW if machine.named else Severity.INFO
        case causes.UNAVAILABLE if or_none(machine.off):
            stopped = str(machine.power).strip().lower() == "powerstate/deallocated"
            return Severity.INFO if stopped else Severity.LOW
        case only.TAKEN_BY_OTHERS if len(machine.missed_runs) >= _OFTEN:
            return Severity.LOW
        case only.NEVER_TAKEN if (or_none(machine.selected_at) or 0) >= _OFTEN:
            return Severity.LOW
    return cause.severity


def _changes_of(machine: Any, changes: pd.DataFrame) -> list[dict[str, Any]]:
    mine = changes[changes["machine_key"].isin([machine.machine_key, machine.moved_from])]
    columns = ["changed", "change_type", "property", "before", "after", "changed_by"]
    shown: list[dict[str, Any]] = (
        mine[mine["changed"] <= machine.scheduled][columns].tail(10).to_dict("records")
    )
    return shown


def _not_checked(cause: Cause, machine: Any, asked_at: datetime) -> list[str]:
    said = []
    if cause is only.TAKEN_BY_OTHERS:
        said.append(_POWER)
    if cause is only.NEVER_TAKEN:
        said.append(_SINCE)
    if machine.scheduled < pd.Timestamp(asked_at) - _KEPT:
        said.append(_CHANGES)
    return said
