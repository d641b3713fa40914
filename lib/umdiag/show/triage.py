"""What the first screen says, before it is written: one model for every place where it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from umdiag.model import EXPIRED, UPDATE_MANAGER, Common, Diagnosis, Incident, Verdict
from umdiag.scenarios import catalogue
from umdiag.show.findings import sentence
from umdiag.show.patches import PORTAL_WORDS
from umdiag.show.unanswered import Unanswered, unanswered
from umdiag.show.unasked import asked, unasked
from umdiag.show.values import spoken
from umdiag.words.counting import counted
from umdiag.words.shortening import shortened
from umdiag.words.states import STATES

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Row:
    """An incident as a reader is told of it: what, on whom, what goes away with it, what they share."""

    incident: Incident
    family: str
    what: str
    who: str
    follows: str
    common: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Board:
    """The triage board: an answer in one sentence, incidents in order, what was not seen, the machines.

    `states`: label, colour, number of machines and share; `portal`: the portal's words, with its numbers.
    """

    verdict: Verdict
    answer: str
    verdicts: str
    rows: tuple[Row, ...]
    unseen: tuple[Unanswered, ...]
    notes: tuple[str, ...]
    states: tuple[tuple[str, str, int, float], ...]
    portal: tuple[tuple[str, int], ...]


def board_of(
    diagnoses: Sequence[Diagnosis],
    incidents: Sequence[Incident],
    machines: pd.DataFrame | None,
    portal: pd.DataFrame | None,
) -> Board:
    """Say what all diagnoses come to; `machines` has their `state`, `portal` is the portal's compliance."""
    seen = asked(diagnoses)
    verdict = min((diagnosis.verdict for diagnosis in seen), key=list(Verdict).index, default=Verdict.UNKNOWN)
    return Board(
        verdict=verdict,
        answer=_answer(seen, incidents),
        verdicts=_verdicts(seen),
        rows=rows_of(incidents, diagnoses),
        unseen=tuple(unanswered(seen)),
        notes=tuple(filter(None, [*_accepted(seen), unasked(diagnoses)])),
        states=_states(machines),
        portal=_portal(portal) if _looks_at_manager(diagnoses) else (),
    )


def rows_of(incidents: Sequence[Incident], diagnoses: Sequence[Diagnosis]) -> tuple[Row, ...]:
    """Tell of the incidents whose roots are findings of these diagnoses, in their order."""
    families = {diagnosis.scenario: diagnosis.family for diagnosis in diagnoses}
    return tuple(
        row_of(incident, families[incident.scenario])
        for incident in incidents
        if incident.scenario in families
    )


def _answer(seen: Sequence[Diagnosis], incidents: Sequence[Incident]) -> str:
    unknown = sum(diagnosis.verdict is Verdict.UNKNOWN for diagnosis in seen)
    if not seen:
        return "No question was asked."
    if not incidents:
        if unknown:
            return (
                f"No problem was found, but {unknown:,} of {counted(len(seen), 'question')} could not be"
                " answered: that is not the same as healthy."
            )
        return f"Nothing to fix: {counted(len(seen), 'question')} answered, all healthy."
    total = sum(finding.counts for diagnosis in seen for finding in diagnosis.findings)
    follow = total - sum(incident.roots for incident in incidents)
    said = counted(len(incidents), "thing") + " to fix"
    if not follow:
        return f"{said}: {counted(total, 'finding')}."
    them = "it" if len(incidents) == 1 else "them"
    return f"{said}; {follow:,} of {counted(total, 'finding')} follow from {them}."


def _verdicts(seen: Sequence[Diagnosis]) -> str:
    counts = Counter(diagnosis.verdict for diagnosis in seen)
    problems, unknown, healthy = (
        counts[verdict] for verdict in (Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.HEALTHY)
    )
    well = "is" if healthy == 1 else "are"
    return (
        f"Of {counted(len(seen), 'question')}, {problems:,} found a problem, {unknown:,} could not be"
        f" answered, {healthy:,} {well} healthy."
    )


def row_of(incident: Incident, family: str) -> Row:
    """Tell of one incident; `family` is that of its scenario."""
    go = "goes" if incident.explains == 1 else "go"
    follows = f"{counted(incident.explains, 'more finding')} {go} away with it" if incident.explains else ""
    return Row(
        incident=incident,
        family=family,
        what=sentence(incident.scenario, incident.cause),
        who=_who(incident),
        follows=follows,
        common=tuple(_shared(common) for common in incident.common),
    )


def _who(incident: Incident) -> str:
    """Name the roots where few words do: of many machines the section tells."""
    if incident.roots > 1 and incident.machines:
        return ""
    named = [shortened(name) for name in incident.subjects[:_NAMED]]
    more = incident.roots - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


def _shared(common: Common) -> str:
    """Say how many of them have a value, and how many others."""
    share = "all of them" if common.share == 1 else f"{common.share:.0%} of them"
    others = "none" if common.elsewhere == 0 else f"{max(common.elsewhere, 0.01):.0%}"
    return f"{spoken(common.property)} {common.value} ({share}, {others} of the others)"


def _accepted(seen: Sequence[Diagnosis]) -> list[str]:
    findings = [finding for diagnosis in seen for finding in diagnosis.findings]
    accepted = sum(finding.accepted is not None for finding in findings)
    expired = sum(EXPIRED in finding.evidence for finding in findings)
    return [
        f"{counted(accepted, 'finding is', 'findings are')} accepted and not counted." if accepted else "",
        f"{counted(expired, 'finding counts', 'findings count')} again: the date until which"
        f" {'it was' if expired == 1 else 'they were'} accepted has passed."
        if expired
        else "",
    ]


def _states(machines: pd.DataFrame | None) -> tuple[tuple[str, str, int, float], ...]:
    counts = Counter(() if machines is None else machines["state"])
    return tuple(
        (label, colour, counts[state], round(100 * counts[state] / counts.total(), 1))
        for state, (label, colour) in STATES.items()
        if counts[state]
    )


def _looks_at_manager(diagnoses: Sequence[Diagnosis]) -> bool:
    """Whether questions that are of Update Manager alone were asked."""
    left_out = {diagnosis.scenario for diagnosis in diagnoses if diagnosis.verdict is Verdict.NOT_ASKED}
    of_manager = {judged.name for judged in catalogue() if judged.services == (UPDATE_MANAGER,)}
    return left_out.isdisjoint(of_manager)


def _portal(portal: pd.DataFrame | None) -> tuple[tuple[str, int], ...]:
    if portal is None or portal.empty:
        return ()
    numbers = portal.groupby("portal")["machines"].sum()
    return tuple((word, int(numbers.get(word, 0))) for word in PORTAL_WORDS)
