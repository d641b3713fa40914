"""What these scenarios share on machines of Azure Update Manager: which they judge, and which nobody can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.recognition import of_update_management
from umdiag.frames.shared.text import among
from umdiag.model import UPDATE_MANAGER
from umdiag.scenarios.evidence import or_none, refuse_nobody, undecided
from umdiag.scenarios.portal import resource_page
from umdiag.scenarios.steps import traits
from umdiag.words.counting import counted
from umdiag.words.steps import Traits

#: Facts that only decide whether a machine is deleted or not shown, and what a count that is absent is.
BEHIND_STATES = ("needed_patches", "resource_changes", "schedule_machine_runs")
#: What lies behind them too and does not matter here.
NOT_READ = {"schedule_runs": "shows whether runs are hidden, and runs are not read here"}
_RIGHT = "a role with patchAssessmentResults/read"
_BLIND = "their subscription shows no assessment at all, though it should"
_NOT_SHOWN = (
    "Resource Graph does not show its resource, and nothing says that it was deleted: you may not be allowed"
    " to read it"
)
_NO_ROW = (
    "no assessment of any machine is shown: none was made in the last 7 days, or you may not read them"
    f" (have Reader, or {_RIGHT}, assigned to you)"
)
_DELETED_OR_HIDDEN = "whether it was deleted or is only hidden from you: changes of resources were not seen"
_MOST_NAMES = 5


def of_logs(machines: pd.DataFrame, managed_machines: pd.DataFrame | None) -> pd.DataFrame:
    """Return the machines of the logs that Update Manager is not known to manage."""
    rows = of_update_management(machines)
    if managed_machines is None:
        return rows
    managed = managed_machines["machine_key"][surely(managed_machines["managed"])]
    return rows[~among(rows["arm_key"], managed)]


def judged(managed_machines: pd.DataFrame) -> pd.DataFrame:
    """Return the machines that Update Manager manages and that can be judged."""
    return managed_machines[_can_be_judged(managed_machines)]


def present(managed_machines: pd.DataFrame) -> pd.DataFrame:
    """Return those of `judged` that were not deleted."""
    return managed_machines[_can_be_judged(managed_machines) & ~surely(managed_machines["deleted"])]


def _can_be_judged(machines: pd.DataFrame) -> pd.Series[bool]:
    return surely(machines["managed"]) & (machines["state"] != "gone") & surely_not(machines["invisible"])


def known(machine: Any) -> Traits:
    """Return what is known of a machine of Update Manager, for the steps that fit it."""
    system = or_none(machine.operating_system) or or_none(machine.os_type)
    told = {"os": "windows" if "windows" in system else "linux"} if system else {}
    return traits(machine, service=UPDATE_MANAGER, **told)


def described(machine: Any) -> dict[str, Any]:
    """Return what a finding on any machine of Update Manager shows."""
    return {
        "last_assessed": or_none(machine.assessed),
        "power": or_none(machine.power),
        "portal": resource_page(machine.subject_id),
        "also": [],
    }


def refuse_unclear(managed_machines: pd.DataFrame | None, machines: pd.DataFrame | None, *more: str) -> None:
    """Raise Inconclusive where there is no machine of either service, for machines of Update Manager whose
    state is unknown, by why it is, and for what `more` says ("": nothing). None: they could not be seen.
    """
    none_managed = managed_machines is None or not _may_be_managed(managed_machines)
    if none_managed and machines is not None:
        refuse_nobody(of_logs(machines, managed_machines))
    doubts = () if managed_machines is None else _doubts(managed_machines)
    if reasons := [reason for reason in (*more, *doubts) if reason]:
        raise Inconclusive("; ".join(reasons))


def refuse_unmanaged(managed_machines: pd.DataFrame) -> None:
    """Raise Inconclusive where Update Manager manages no machine, and as `refuse_unclear` does."""
    if not _may_be_managed(managed_machines):
        raise Inconclusive("no machine is shown that Azure Update Manager manages")
    refuse_unclear(managed_machines, None)


def _may_be_managed(managed_machines: pd.DataFrame) -> bool:
    return bool(managed_machines["managed"].astype("boolean").fillna(True).any())


def _doubts(managed_machines: pd.DataFrame) -> Iterator[str]:
    """Say for how many machines, and why, their state is unknown; each machine counts once. And of how many
    their absence alone says that they were deleted.
    """
    gone = surely(managed_machines["managed"]) & surely(managed_machines["deleted"])
    if (by_absence := gone & managed_machines["deletion_seen"].isna()).any():
        yield undecided(int(by_absence.sum()), _DELETED_OR_HIDDEN)
    rows = managed_machines[managed_machines["state"] == "unknown"]
    untold = rows["managed"].isna()
    if untold.any():
        yield undecided(int(untold.sum()), "whether Azure Update Manager manages it")
    rows = rows[~untold]
    for why, applies in _reasons(rows).items():
        if why == _BLIND:
            yield from _hidden(rows[applies]["subscription"].value_counts().sort_index())
        elif applies.any():
            yield _unknown(int(applies.sum()), why)


def _reasons(rows: pd.DataFrame) -> Mapping[str, pd.Series[bool]]:
    """Return of each reason the machines that it applies to, those of an earlier one left out."""
    has_row = rows["has_assessment"].astype("boolean")
    reasons = {
        "its resource could not be looked up": rows["shown"].isna(),
        _NOT_SHOWN: surely(rows["invisible"]),
        "its assessments could not be read completely": has_row.isna(),
        _BLIND: ~surely(has_row) & surely(rows["blind"]),
        "assessments of its subscription may be hidden": ~surely(has_row) & rows["blind"].isna(),
        _NO_ROW: ~surely(has_row),
        "its newest assessment has a status that is not known": ~rows["known"].astype(bool),
        "its newest assessment is still under way": rows["in_progress"].astype(bool),
        "its newest assessment does not say how many updates it found": rows["succeeded"].astype(bool),
    }
    taken = pd.Series(False, index=rows.index)
    first = {}
    for why, applies in reasons.items():
        first[why] = (applies & ~taken).reindex(rows.index)
        taken |= applies
    return first


def _hidden(numbers: pd.Series[int]) -> Iterator[str]:
    """Name the subscriptions that hide assessments; `numbers` of machines, by subscription."""
    for subscription, number in numbers.iloc[:_MOST_NAMES].items():
        yield _unknown(
            int(number),
            f"{_BLIND}: {subscription} (have Reader, or {_RIGHT}, assigned to you on"
            f" /subscriptions/{subscription})",
        )
    if len(more := numbers.iloc[_MOST_NAMES:]):
        yield _unknown(int(more.sum()), f"{_BLIND}: {counted(len(more), 'further subscription')}")


def _unknown(number: int, why: str) -> str:
    return f"the state of {counted(number, 'machine')} is unknown: {why}"
