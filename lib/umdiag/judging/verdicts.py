"""Run a judge over the data it names and turn what it yields into a diagnosis."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from umdiag.errors import Inconclusive
from umdiag.judging.needs import data_of, needs
from umdiag.judging.seen import Seen, together
from umdiag.model import UPDATE_MANAGER, Diagnosis, Finding, QueryUse, Verdict
from umdiag.scenarios import Scenario
from umdiag.words.plain import plain
from umdiag.words.services import left_out

_log = logging.getLogger(__name__)


def judge(
    scenario: Scenario,
    seen: Callable[[str], Seen],
    parameters: Mapping[str, Any],
    queries: Sequence[QueryUse],
    called: Callable[[Finding], Finding] | None = None,
) -> Diagnosis:
    """Judge one scenario. Never raises: what stands in the way becomes UNKNOWN with its reason.

    `called` returns a finding as it is known outside of judges: with the name of its subject by which
    `computers` asks, and marked where it is accepted.
    What the scenario says of each fact behind it (`Scenario.rests`) decides what a gap means: the judge
    need not know of it.
    """
    looked_at = parameters.get("services") or (UPDATE_MANAGER,)
    manager = scenario.rests.manager if UPDATE_MANAGER in looked_at else ()
    symptom = _gaps([*scenario.rests.symptom, *manager], seen)
    causes = _gaps(scenario.rests.causes, seen)
    try:
        findings, reason = _judged(scenario, seen, parameters)
    except Exception as fault:  # noqa: BLE001 - the one place: a broken judge is UNKNOWN, not a broken report
        _log.exception("the judge of %s failed", scenario.name)
        findings, reason = [], f"the kit's own judge failed: {type(fault).__name__}: {fault}"
    unsure = together([*symptom, reason])
    told = [_with_gaps(finding, [*symptom, *causes]) for finding in findings]
    told = told if called is None else list(map(called, told))
    told = worst_first(_restricted(told, parameters.get("computers", ())))
    return Diagnosis(
        scenario=scenario.name,
        family=scenario.family,
        title=scenario.title,
        verdict=verdict_of(told, unsure),
        reason=together([unsure, *causes]),
        findings=tuple(told),
        queries=tuple(queries),
    )


def not_asked(scenario: Scenario, services: Mapping[str, str]) -> Diagnosis:
    """Return the diagnosis of a scenario none of whose `services` is looked at, each for its reason."""
    return Diagnosis(
        scenario=scenario.name,
        family=scenario.family,
        title=scenario.title,
        verdict=Verdict.NOT_ASKED,
        reason=left_out(services),
    )


def combined(
    answering: Diagnosis, whole: Diagnosis, is_known: Callable[[Finding], bool], gaps: Sequence[str]
) -> Diagnosis:
    """Join what is said of the workspaces that were seen with what can be said of the whole estate.

    `answering` was judged as if the workspaces that gave no row were not asked for, `whole` with their rows
    missing. Of a subject that only those may know (`is_known` is false) the first knows nothing. What it
    alone finds of others rests on what those workspaces would show (`gaps`), and says so.
    """
    certain = {(finding.cause, finding.subject) for finding in whole.findings}
    findings = worst_first(
        [
            *(
                finding if (finding.cause, finding.subject) in certain else _with_gaps(finding, gaps)
                for finding in answering.findings
                if is_known(finding)
            ),
            *(finding for finding in whole.findings if not is_known(finding)),
        ]
    )
    # A PROBLEM over the whole estate may have been unsure too, and its findings may be none of those kept.
    sure = answering.verdict is not Verdict.UNKNOWN and whole.verdict is Verdict.HEALTHY
    reason = together([answering.reason, whole.reason])
    verdict = verdict_of(findings, "" if sure else reason)
    return replace(answering, verdict=verdict, reason=reason, findings=tuple(findings))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by severity, then by the name and id of their subject."""
    return sorted(
        findings,
        key=lambda finding: (
            finding.severity.rank,
            finding.subject.name.casefold(),
            finding.subject.id,
            finding.cause,
        ),
    )


def verdict_of(findings: Iterable[Finding], unsure: str) -> Verdict:
    """Return the verdict on these findings; `unsure` says why more of them could be there ("": sure)."""
    if any(finding.counts for finding in findings):
        return Verdict.PROBLEM
    return Verdict.UNKNOWN if unsure else Verdict.HEALTHY


def _judged(
    scenario: Scenario, seen: Callable[[str], Seen], parameters: Mapping[str, Any]
) -> tuple[list[Finding], str]:
    """Return what the judge found and why it could not see everything ("": it could)."""
    inputs = [(need, seen(need.name)) for need in data_of(scenario.judge)]
    if lacking := [data.reason for need, data in inputs if not data.serves(need)]:
        return [], together(lacking)
    named = {need.name: parameters[need.name] for need in needs(scenario.judge) if not need.is_data}
    findings: list[Finding] = []
    try:
        for finding in scenario.judge(*(data.handed_to(need) for need, data in inputs), **named):
            findings.append(finding)
    except Inconclusive as inconclusive:
        return findings, str(inconclusive)
    return findings, ""


def _gaps(facts: Iterable[str], seen: Callable[[str], Seen]) -> list[str]:
    return [reason for fact in facts for reason in seen(fact).gaps.values()]


def _restricted(findings: Iterable[Finding], computers: Sequence[str]) -> list[Finding]:
    wanted = {name.strip().lower() for name in computers}
    return [
        finding
        for finding in findings
        if not wanted or finding.subject.kind != "machine" or finding.subject.name.strip().lower() in wanted
    ]


def _with_gaps(finding: Finding, gaps: Sequence[str]) -> Finding:
    parts = [part for gap in gaps for part in gap.split("; ")]
    unchecked = list(dict.fromkeys([*finding.evidence.get("not_checked", ()), *parts]))
    evidence = {**finding.evidence, "not_checked": unchecked} if unchecked else finding.evidence
    return replace(finding, evidence=plain(evidence))
