"""Which schedules patch the same machines at the same time?

Looks for:
    Two maintenance configurations in force that reach the same machine, and of which, within the next 31
    days, both start at the same time, or one starts in the maintenance window of the other.

Why it matters:
    Azure runs one schedule on a machine at a time: the other is skipped or waits, and its updates are not
    installed.

Cannot see:
    When schedules that recur every few weeks or months start: Azure does not say in which of them.

Sources:
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import SHOWN
from umdiag.scenarios.leads import OUTCOMES
from umdiag.scenarios.missed_machines._schedule_findings import (
    SCHEDULES,
    TROUBLESHOOT,
    UPDATE,
    schedule_of,
    subject,
)

SAME_START = Cause(
    key="same_start",
    sentence="Two schedules that reach the same machines start at the same time.",
    resolution=(
        f"Start one of them at another time: {UPDATE} --maintenance-window-start-date-time"
        ' "<yyyy-MM-dd HH:mm>".',
        "Or take the machines out of one of them (evidence: other, computers), or join the two schedules.",
    ),
    source=TROUBLESHOOT,
    leads_to=(OUTCOMES,),
)
OVERLAPPING = Cause(
    key="overlapping_windows",
    sentence="The maintenance windows of two schedules that reach the same machines overlap.",
    resolution=(
        f"Start the later one after the other's window: {UPDATE} --maintenance-window-start-date-time"
        ' "<yyyy-MM-dd HH:mm>".',
        "Or shorten a window, or take the machines out of one schedule (evidence: other, computers).",
    ),
    source=SCHEDULES,
    severity=Severity.LOW,
    leads_to=(OUTCOMES,),
)
#: Cause → whether the two start together, in the order in which causes are decided.
_KINDS: Mapping[Cause, bool] = {SAME_START: True, OVERLAPPING: False}

SERVICES = (UPDATE_MANAGER,)
DECIDES = ("other", "first_time", "machines", "recur_every")
RESTS = Rests(
    symptom=("maintenance_configurations", "configuration_assignments", "azure_machines"),
    indifferent={"subscriptions": "says whether a schedule that cannot be read still exists; none is judged"},
)


def judge(configurations: Partial, schedule_conflicts: Partial) -> Iterator[Finding]:
    """Report each schedule that meets one whose name sorts before its name."""
    known = {row.configuration_key: row for row in configurations.itertuples()}
    told = schedule_conflicts[schedule_conflicts["same_start"].notna()]
    for key, pairs in told.groupby("configuration_key"):
        # The pair that decides comes first: the worst, of equals the first that starts together.
        worst = sorted(
            pairs.itertuples(),
            key=lambda pair: (_severity(pair).rank, not pair.same_start, pair.start, pair.other_key),
        )
        causes = [cause for cause, is_so in _KINDS.items() if (pairs["same_start"] == is_so).any()]
        yield found(
            causes[0],
            subject(known[key]),
            _evidence(worst[0], known)
            | schedule_of(known[key])
            | {"count": len(worst), "others": [_evidence(pair, known) for pair in worst[:SHOWN]]}
            | {"also": [cause.key for cause in causes[1:]]},
            severity=_severity(worst[0]),
        )
    unknown = schedule_conflicts[schedule_conflicts["same_start"].isna()]
    untold = {*unknown["configuration_key"], *unknown["other_key"]}
    names = [
        f"{known[key].name} ({known[key].recur_every or 'no recurrence'})"
        for key in sorted(untold)
        if not known[key].recurrence_known
    ]
    if names:
        raise Inconclusive(f"when these schedules start is unknown: {', '.join(names)}")


def _severity(pair: Any) -> Severity:
    """Return how much it matters that two schedules meet: little where they install different updates."""
    cause = SAME_START if pair.same_start else OVERLAPPING
    return cause.severity if pair.classes_shared else Severity.INFO


def _evidence(pair: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "other": known[pair.other_key].name,
        "first_time": pair.start,
        "machines": pair.machines,
        "computers": pair.computers,
    }
