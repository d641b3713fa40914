"""Run a judge over the data it names and turn what it yields into a diagnosis."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.judging.needs import Need, needs
from umdiag.model import Diagnosis, Finding, QueryUse, Severity, State, Verdict
from umdiag.scenarios import Scenario
from umdiag.words.plain import plain

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Datum:
    """A fact or frame as far as it could be seen; `frame` is None where it could not be seen at all."""

    frame: pd.DataFrame | None
    state: State
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether what is not in the frame is not there."""
        return self.frame is not None and self.state is State.COMPLETE


def judge(
    scenario: Scenario,
    data: Callable[[str], Datum],
    parameters: Mapping[str, Any],
    queries: Sequence[QueryUse],
) -> Diagnosis:
    """Judge one scenario. Never raises: what stands in the way becomes UNKNOWN with its reason."""
    try:
        findings, reason = _judged(scenario, data, parameters)
    except Exception as fault:  # noqa: BLE001 - the one place: a broken judge is UNKNOWN, not a broken report
        _log.exception("the judge of %s failed", scenario.name)
        findings, reason = [], f"the kit's own judge failed: {type(fault).__name__}: {fault}"
    return _diagnosis(scenario, _restricted(findings, parameters.get("computers", ())), reason, queries)


def _judged(
    scenario: Scenario, data: Callable[[str], Datum], parameters: Mapping[str, Any]
) -> tuple[list[Finding], str]:
    """Return what the judge found and why it could not see everything ("": it could)."""
    wanted = needs(scenario.judge)
    at_hand = {need.name: data(need.name) for need in wanted if need.is_data}
    lacking = [at_hand[need.name].reason for need in wanted if need.is_data and not _enough(need, at_hand)]
    if lacking:
        return [], together(lacking)
    gaps = [reason for datum in at_hand.values() if not datum.whole for reason in datum.reason.split("; ")]
    positional = [datum.frame if datum.whole else None for datum in at_hand.values()]
    named = {need.name: parameters[need.name] for need in wanted if not need.is_data}
    findings: list[Finding] = []
    try:
        for finding in scenario.judge(*positional, **named):
            findings.append(_with_gaps(finding, gaps))
    except Inconclusive as unseen:
        return findings, str(unseen)
    return findings, ""


def combined(seen: Diagnosis, whole: Diagnosis, is_known: Callable[[Finding], bool]) -> Diagnosis:
    """Join what is said of the workspaces that were seen with what can be said of the whole estate.

    `seen` was judged as if the workspaces that gave no row were not asked for, `whole` with their rows
    missing. Of a subject that only those may know (`is_known` is false) the first knows nothing.
    """
    findings = [
        *(one for one in seen.findings if is_known(one)),
        *(one for one in whole.findings if not is_known(one)),
    ]
    reason = together(filter(None, [seen.reason, whole.reason]))
    ordered = worst_first(findings)
    return replace(seen, verdict=_verdict(ordered, reason), reason=reason, findings=tuple(ordered))


def together(reasons: Iterable[str]) -> str:
    """Join reasons, each said once."""
    return "; ".join(dict.fromkeys(part for reason in reasons for part in reason.split("; ")))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by severity, then by the name and id of their subject."""
    return sorted(
        findings, key=lambda one: (one.severity.rank, one.subject.name.casefold(), one.subject.id, one.cause)
    )


def _enough(need: Need, at_hand: Mapping[str, Datum]) -> bool:
    return need.optional or at_hand[need.name].whole


def _restricted(findings: Iterable[Finding], computers: Sequence[str]) -> list[Finding]:
    wanted = {name.strip().lower() for name in computers}
    return [
        finding
        for finding in findings
        if not wanted or finding.subject.kind != "machine" or finding.subject.name.strip().lower() in wanted
    ]


def _with_gaps(finding: Finding, gaps: Sequence[str]) -> Finding:
    unchecked = list(dict.fromkeys([*finding.evidence.get("not_checked", ()), *gaps]))
    evidence = {**finding.evidence, "not_checked": unchecked} if unchecked else finding.evidence
    return replace(finding, evidence=plain(evidence))


def _verdict(findings: Sequence[Finding], reason: str) -> Verdict:
    if any(finding.severity is not Severity.INFO for finding in findings):
        return Verdict.PROBLEM
    return Verdict.UNKNOWN if reason else Verdict.HEALTHY


def _diagnosis(
    scenario: Scenario, findings: Iterable[Finding], reason: str, queries: Sequence[QueryUse]
) -> Diagnosis:
    ordered = worst_first(findings)
    return Diagnosis(
        scenario=scenario.name,
        family=scenario.family,
        title=scenario.title,
        verdict=_verdict(ordered, reason),
        reason=reason,
        findings=tuple(ordered),
        queries=tuple(queries),
    )
