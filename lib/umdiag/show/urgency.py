"""What comes first: one order of findings, from which that of diagnoses, families and machines follows.

Every page begins with the same thing because every page asks here. A finding whose cause is known comes
before any of cause `unknown`, which tells nobody what to do; then severity decides; then how much a subject
explains: what befell a workspace explains what befell its machines. A remark (severity info) comes
last, and so does what is accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import inf

from umdiag.model import Diagnosis, Finding, Incident, Severity, Verdict

UNKNOWN_CAUSE = "unknown"
#: Kind of subject → its place: the wider the effect, the earlier. What is not named stands between.
_WIDTH = {"workspace": 0, "automation_account": 1, "subscription": 1, "machine": 3}
_BETWEEN = 2
_VERDICTS = list(Verdict)

Weight = tuple[bool, bool, int, int]
_NOTHING: Weight = (True, True, len(Severity), len(_WIDTH))


def weight(finding: Finding) -> Weight:
    """Order findings, the most urgent first."""
    return (
        not finding.counts,
        finding.cause == UNKNOWN_CAUSE,
        finding.severity.rank,
        _WIDTH.get(finding.subject.kind, _BETWEEN),
    )


def leading(findings: Sequence[Finding]) -> Finding | None:
    """Choose the finding to begin with: of the most urgent, the first of the cause that most of them have."""
    least = heaviest(findings)
    urgent = [finding for finding in findings if weight(finding) == least]
    counts = Counter(finding.cause for finding in urgent)
    return min(urgent, key=lambda finding: (-counts[finding.cause], *_named(finding)), default=None)


def heaviest(findings: Iterable[Finding]) -> Weight:
    """Return the weight of the most urgent finding."""
    return min(map(weight, findings), default=_NOTHING)


def by_cause(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Group findings by cause, that of the leading finding first, and each by urgency."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: (weight(finding), _named(finding))):
        groups.setdefault(finding.cause, []).append(finding)
    return dict(sorted(groups.items(), key=lambda group: _weight_of_group(group[1])))


def by_urgency(diagnoses: Iterable[Diagnosis], incidents: Iterable[Incident] = ()) -> list[Diagnosis]:
    """Order diagnoses: problems first, those in which `incidents` have their roots as these are ordered,
    then each as urgent as its leading finding.
    """
    places: dict[str, int] = {}
    for place, incident in enumerate(incidents):
        places.setdefault(incident.scenario, place)
    return sorted(
        diagnoses,
        key=lambda diagnosis: (
            _VERDICTS.index(diagnosis.verdict),
            places.get(diagnosis.scenario, inf),
            heaviest(diagnosis.findings),
            -len(diagnosis.findings),
            diagnosis.scenario,
        ),
    )


def worst_machine(findings: Iterable[Finding]) -> str:
    """Return the name of the machine with the most urgent finding, of such the one with most; else ""."""
    of_machine: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.subject.kind == "machine":
            of_machine.setdefault(finding.subject.name, []).append(finding)
    return min(
        of_machine,
        key=lambda name: (heaviest(of_machine[name]), -len(of_machine[name]), name.casefold(), name),
        default="",
    )


def _weight_of_group(findings: Sequence[Finding]) -> tuple[Weight, int, tuple[str, str, str]]:
    """Weigh findings of one cause, sorted: the cause of more of the most urgent findings comes first."""
    least = weight(findings[0])
    return least, -sum(weight(finding) == least for finding in findings), _named(findings[0])


def _named(finding: Finding) -> tuple[str, str, str]:
    return finding.subject.name.casefold(), finding.subject.id, finding.cause
