"""Findings for a reader: what each is called, what shows it and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from umdiag.model import Finding, Subject
from umdiag.show.markup import Html, badge, link, listing, numbered, soft
from umdiag.show.places import Place, referring
from umdiag.show.values import spoken, words
from umdiag.words.counting import counted

_SHORT = 60
#: Keys of evidence that are told in their own way.
_APART = ("also", "not_checked", "portal")
_NOUNS = {
    "machine": "machine",
    "workspace": "workspace",
    "automation_account": "Automation account",
    "subscription": "subscription",
    "update_configuration": "update deployment",
    "update_run": "update run",
}


def finding_lines(findings: Sequence[Finding], place: Place, *, named: bool = True) -> Html:
    """Write findings of one cause: a table (`named`: with their subjects), steps, source."""
    resolution = Counter(tuple(finding.resolution) for finding in findings).most_common(1)[0][0]
    apart = any(tuple(finding.resolution) != resolution for finding in findings)
    names = Counter(finding.subject.name for finding in findings)
    heads = ["Severity", *(["Subject"] if named else []), "Evidence", *(["What to do"] if apart else [])]
    rows = []
    for finding in findings:
        name = [_subject(finding.subject, shared=names[finding.subject.name] > 1)] if named else []
        row = [badge(finding.severity), *name, _evidence(finding.evidence)]
        if apart:
            differs = tuple(finding.resolution) != resolution
            row.append(steps(finding.resolution, place) if differs else Html("as below"))
        rows.append(row)
    table = listing(heads, rows, names=[1] if named else [])
    return table + steps(resolution, place) + _sources(findings)


def steps(resolution: Iterable[str], place: Place) -> Html:
    """Write the steps of a resolution; what they name of the kit is linked."""
    return numbered(referring(step, place.address) for step in resolution)


def sentence(scenario: str, cause: str) -> str:
    """Return the one sentence of a cause, as its scenario words it."""
    return _sentences().get((scenario, cause)) or f"{spoken(cause)[:1].upper()}{spoken(cause)[1:]}."


def named(scenario: str, finding: Finding) -> Html:
    """Name a finding in one line: its subject, and the sentence of its cause."""
    name = finding.subject.name or finding.subject.id
    return Html("<b>{}</b>: {}").format(words(name), sentence(scenario, finding.cause))


def kinds(findings: Iterable[Finding]) -> str:
    """Count subjects by kind: "612 machines"."""
    subjects = {(finding.subject.kind, finding.subject.id or finding.subject.name) for finding in findings}
    counts = Counter(_NOUNS.get(kind, spoken(kind)) for kind, _ in sorted(subjects))
    return ", ".join(counted(number, noun) for noun, number in counts.most_common())


def _subject(subject: Subject, *, shared: bool) -> Html:
    name = Html('<span title="{}">{}</span>').format(subject.id, subject.name or subject.id or "(no name)")
    return name + Html("<br>") + soft(words(subject.id)) if shared and subject.id else name


def _sources(findings: Iterable[Finding]) -> Html:
    sources = dict.fromkeys(finding.source for finding in findings if finding.source)
    if not sources:
        return Html("")
    return Html("<p>{}</p>").format(Html(" · ").join(link(source, _page(source)) for source in sources))


def _page(source: str) -> str:
    return "Microsoft docs" if "microsoft.com/" in source else source


def _evidence(evidence: Mapping[str, Any]) -> Html:
    told = [(key, value) for key, value in evidence.items() if key not in _APART and _says(value)]
    pairs = [(spoken(key), words(value, key)) for key, value in told]
    short = [pair for pair in pairs if len("".join(pair)) <= _SHORT]
    lines: list[str] = [_pair(*pair) for pair in pairs if pair not in short]
    if short:
        lines.insert(0, Html(" · ").join(_pair(*pair) for pair in short))
    if address := evidence.get("portal"):
        lines.append(link(str(address), "open in the portal"))
    if also := evidence.get("also"):
        lines.append(f"Also fits: {', '.join(spoken(cause) for cause in _many(also))}.")
    if unchecked := evidence.get("not_checked"):
        lines.append(f"Could not be checked: {'; '.join(str(reason) for reason in _many(unchecked))}.")
    return Html("<br>").join(lines) or Html("—")


def _pair(key: str, said: str) -> Html:
    return soft(f"{key}:") + " " + said


def _says(value: Any) -> bool:
    return value is not None and value not in ("", [], {}, ())


def _many(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


@cache
def _sentences() -> Mapping[tuple[str, str], str]:
    # Here, not above: showing rests on the records alone, and only words come from the scenarios.
    from umdiag.scenarios import catalogue

    return {
        (scenario.name, cause.key): cause.sentence for scenario in catalogue() for cause in scenario.causes
    }
