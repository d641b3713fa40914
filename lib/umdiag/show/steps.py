"""Where to go next: which notebook, and why, read off the findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from umdiag.model import Diagnosis, Finding, Incident, Lead, Verdict
from umdiag.scenarios import FAMILIES, leads_from
from umdiag.show.blocks import Block
from umdiag.show.findings import kinds
from umdiag.show.markup import Html, link, numbered
from umdiag.show.places import Place
from umdiag.show.unasked import asked
from umdiag.show.urgency import Weight, by_urgency, heaviest, worst_machine
from umdiag.words.counting import counted

_MOST_REASONS = 3
#: Notebooks that speak of every family: there a family with a problem is a way of its own.
_ALL = ("overview", "machine", "")

#: Findings that lead to a notebook, by the reason.
Reasons = Mapping[Lead, Sequence[Finding]]


def next_steps(
    diagnoses: Sequence[Diagnosis], incidents: Sequence[Incident], *, here: str = "", computer: str = ""
) -> Block:
    """Name the notebooks to open next and why, in the order of what is to be fixed.

    `here` is the notebook that is open; with `computer` only findings on that machine count.
    """
    seen = asked(diagnoses)
    if diagnoses and not seen:
        return Block(lambda _: Html("<p>No question was asked here.</p>"))
    if computer.strip():
        seen = [_only(diagnosis, computer) for diagnosis in seen]
    if all(diagnosis.verdict is Verdict.HEALTHY for diagnosis in seen):
        return Block(lambda place: _nothing(here, place))
    problems = [
        diagnosis for diagnosis in by_urgency(seen, incidents) if diagnosis.verdict is Verdict.PROBLEM
    ]
    return Block(lambda place: numbered(_ways(seen, problems, here, computer, place)))


def _ways(
    seen: Sequence[Diagnosis], problems: Sequence[Diagnosis], here: str, computer: str, place: Place
) -> Iterator[Html]:
    listed = list(dict.fromkeys(diagnosis.family for diagnosis in problems)) if here in _ALL else []
    yield from (_family_line(family, problems, place) for family in listed)
    if here not in _ALL or computer:
        yield from _followed(problems, {here, *listed}, place)
    if here != "machine":
        yield from _on_machine(problems, place, told=here not in _ALL)
    if here in _ALL and not computer:
        yield from _clean(seen, place)
    yield from _unanswered(seen, place, named=here in _ALL)


def _nothing(here: str, place: Place) -> Html:
    whole = Html(" {} shows everything.").format(_way("overview", place)) if here else ""
    return Html("<p>Nothing to follow up.{}</p>").format(whole)


def _family_line(family: str, problems: Sequence[Diagnosis], place: Place) -> Html:
    """Say what was found in a family, what to begin with, and what of other families has its root there."""
    there = [diagnosis for diagnosis in problems if diagnosis.family == family]
    said = [f"{counted(len(there), 'problem')} there: {kinds(_grave(there))}."]
    if len(there) > 1:
        said.append(f"Most urgent: {there[0].title}")
    led = _reasons(diagnosis for diagnosis in problems if diagnosis.family != family).get(family, {})
    if explained := [finding for lead, found in led.items() if lead.root for finding in found]:
        said.append(f"Also causes findings on {kinds(explained)} elsewhere.")
    return _way(family, place) + ": " + " ".join(said)


def _followed(problems: Sequence[Diagnosis], listed: Collection[str], place: Place) -> list[Html]:
    """Write one line per further notebook to which causes lead, with the reasons and how many have each."""
    reasons = {name: why for name, why in _reasons(problems).items() if name not in {*listed, "machine"}}
    order = sorted(reasons, key=lambda name: _depth(reasons[name]))
    return [_way(name, place) + ": " + _because(reasons[name]) for name in order]


def _on_machine(problems: Sequence[Diagnosis], place: Place, *, told: bool) -> Iterator[Html]:
    """Lead to the machine that the findings say most of; `told`: with the reason.

    A report shows but one machine, the worst of all; any other is asked for.
    """
    worst = worst_machine(finding for diagnosis in problems for finding in diagnosis.findings)
    if not worst:
        return
    reasons = _reasons(problems).get("machine", {}) if told else {}
    if reasons:
        lead = min(reasons, key=lambda lead: _weight(reasons[lead]))
        said = f"{lead.why} Begin with {worst_machine(reasons[lead])} (parameter computers)."
    elif told:
        said = f"all findings on one machine, such as {worst} (parameter computers)."
    else:
        said = f"{worst} on one time line, with every finding on it; name another in the parameter computers."
    yield _way("machine", place) + ": " + said


def _clean(diagnoses: Sequence[Diagnosis], place: Place) -> Iterator[Html]:
    """Name the families in which everything is well: nobody need open them."""
    verdicts: dict[str, set[Verdict]] = {}
    for diagnosis in diagnoses:
        verdicts.setdefault(diagnosis.family, set()).add(diagnosis.verdict)
    well = [family for family, found in verdicts.items() if found == {Verdict.HEALTHY}]
    if well and len(well) < len(verdicts):
        yield Html("Nothing found in {}.").format(_pages(well, place))


def _unanswered(diagnoses: Sequence[Diagnosis], place: Place, *, named: bool) -> Iterator[Html]:
    """Count the questions without an answer; `named`: with the notebooks that say why."""
    unknown = [diagnosis for diagnosis in diagnoses if diagnosis.verdict is Verdict.UNKNOWN]
    if unknown:
        families = dict.fromkeys(diagnosis.family for diagnosis in unknown)
        where = Html(" ({})").format(_pages(families, place)) if named else ""
        said = Html("{} could not be answered{}: the section says why, and what to do.")
        yield said.format(counted(len(unknown), "question"), where)


def _reasons(problems: Iterable[Diagnosis]) -> dict[str, dict[Lead, list[Finding]]]:
    """Collect the findings that lead to each notebook, by the reason."""
    reasons: dict[str, dict[Lead, list[Finding]]] = {}
    for diagnosis in problems:
        for finding in _grave([diagnosis]):
            for lead in leads_from(diagnosis.scenario, finding.cause):
                reasons.setdefault(lead.notebook, {}).setdefault(lead, []).append(finding)
    return reasons


def _because(reasons: Reasons) -> str:
    ordered = sorted(reasons, key=lambda lead: _weight(reasons[lead]))
    said = [f"{kinds(reasons[lead])}: {lead.why}" for lead in ordered[:_MOST_REASONS]]
    more = len(ordered) - len(said)
    return " ".join([*said, f"And {counted(more, 'reason')} more." if more else ""]).strip()


def _depth(reasons: Reasons) -> tuple[bool, Weight, int]:
    """Order notebooks: what is the root of something first, then what the gravest findings lead to."""
    return min((not lead.root, *_weight(found)) for lead, found in reasons.items())


def _weight(findings: Sequence[Finding]) -> tuple[Weight, int]:
    return heaviest(findings), -len(findings)


def _grave(diagnoses: Iterable[Diagnosis]) -> list[Finding]:
    findings = (finding for diagnosis in diagnoses for finding in diagnosis.findings)
    return [finding for finding in findings if finding.counts]


def _only(diagnosis: Diagnosis, computer: str) -> Diagnosis:
    """Keep of a problem what was found on one machine."""
    if diagnosis.verdict is not Verdict.PROBLEM:
        return diagnosis
    wanted = computer.strip().casefold()
    on_machine = tuple(
        finding
        for finding in diagnosis.findings
        if finding.subject.kind == "machine" and finding.subject.name.strip().casefold() == wanted
    )
    kept = replace(diagnosis, findings=on_machine)
    return kept if _grave([kept]) else replace(kept, verdict=Verdict.HEALTHY)


def _way(name: str, place: Place) -> Html:
    way = Html("<b>{}</b>").format(_page(name, place))
    return way + f" ({FAMILIES[name]})" if name in FAMILIES else way


def _pages(names: Iterable[str], place: Place) -> Html:
    return Html(", ").join(_page(name, place) for name in names)


def _page(name: str, place: Place) -> Html:
    return link(place.address(name), name)
