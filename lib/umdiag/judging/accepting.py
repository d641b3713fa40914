"""Mark what is known and accepted: it stands in the report, and makes no problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from umdiag.errors import ParameterError
from umdiag.model import EXPIRED, Accepted, Diagnosis, Finding, Verdict
from umdiag.scenarios import catalogue
from umdiag.words.counting import counted

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """An entry: accepts findings of a scenario, limited to a cause or a subject where these are given.

    `subject` is a name or an id, `*` stands for any text; `until` is the last day, None for good.
    """

    scenario: str
    cause: str = ""
    subject: str = ""
    until: date | None = None
    why: str = ""


class Acceptances:
    """The entries of the parameter `accepted`, as they stand on the day of `asked_at`."""

    def __init__(self, entries: Iterable[Acceptance], asked_at: datetime) -> None:
        self._today = asked_at.astimezone(UTC).date()
        self._entries: list[tuple[Acceptance, re.Pattern[str]]] = []
        self._by_scenario: dict[str, list[tuple[Acceptance, re.Pattern[str]]]] = {}
        for entry in entries:
            _refuse_unknown(entry)
            self._entries.append((entry, _pattern(entry.subject)))
            self._by_scenario.setdefault(entry.scenario, []).append(self._entries[-1])

    def mark(self, scenario: str, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings of a scenario, those that are accepted marked so.

        Where all that would accept a finding has expired, it counts again and its evidence says so.
        """
        entries = self._by_scenario.get(scenario, [])
        return [self._marked(finding, entries) for finding in findings] if entries else list(findings)

    def unmatched(self, diagnoses: Iterable[Diagnosis]) -> list[str]:
        """Say which entries fit no finding of these diagnoses, at most one line.

        Not of a scenario that is not among them, nor of one that could not see everything: what was not
        seen may be there.
        """
        seen = {
            diagnosis.scenario: diagnosis.findings
            for diagnosis in diagnoses
            if diagnosis.verdict is Verdict.HEALTHY
            or (diagnosis.verdict is Verdict.PROBLEM and not diagnosis.reason)
        }
        idle = [
            f"entry {number} ({' · '.join(filter(None, [entry.scenario, entry.cause, entry.subject]))})"
            for number, (entry, pattern) in enumerate(self._entries, 1)
            if entry.scenario in seen
            and not any(_fits(finding, entry, pattern) for finding in seen[entry.scenario])
        ]
        if not idle:
            return []
        more = f" and {counted(len(idle) - _SHOWN, 'more entry', 'more entries')}" if idle[_SHOWN:] else ""
        verb = "match" if len(idle) > 1 else "matches"
        return [f"Accepted findings: {', '.join(idle[:_SHOWN])}{more} {verb} no finding: remove or correct"]

    def _marked(self, finding: Finding, entries: Iterable[tuple[Acceptance, re.Pattern[str]]]) -> Finding:
        fits = [entry for entry, pattern in entries if _fits(finding, entry, pattern)]
        valid = [entry for entry in fits if entry.until is None or entry.until >= self._today]
        if valid:
            lasting = max(valid, key=lambda entry: entry.until or date.max)
            return replace(finding, accepted=Accepted(until=lasting.until, why=lasting.why))
        ended = [entry.until for entry in fits if entry.until]
        if not ended:
            return finding
        evidence: dict[str, Any] = {**finding.evidence, EXPIRED: f"{max(ended).isoformat()}, which is over"}
        return replace(finding, evidence=evidence)


def _fits(finding: Finding, entry: Acceptance, pattern: re.Pattern[str]) -> bool:
    if entry.cause not in ("", finding.cause):
        return False
    names = (finding.subject.name, finding.subject.id)
    return not entry.subject or any(pattern.fullmatch(_folded(name)) for name in names)


def _pattern(subject: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, _folded(subject).split("*"))), re.DOTALL)


def _folded(name: str) -> str:
    return name.strip().casefold().rstrip("/")


def _refuse_unknown(entry: Acceptance) -> None:
    known = {scenario.name: {cause.key for cause in scenario.causes} for scenario in catalogue()}
    if entry.scenario not in known:
        raise ParameterError("accepted", entry.scenario, "is not a scenario; umdiag scenarios lists them")
    if entry.cause and entry.cause not in known[entry.scenario]:
        causes = ", ".join(sorted(known[entry.scenario]))
        raise ParameterError(
            "accepted", entry.cause, f"is not a cause of {entry.scenario}; known are {causes}"
        )
