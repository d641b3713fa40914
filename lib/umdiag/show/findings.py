"""Findings for a reader: what each is called, what shows it and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from umdiag.model import Finding
from umdiag.scenarios import catalogue, decides_of
from umdiag.scenarios.portal import resource_page
from umdiag.show.evidence import Line, Pair, Sheet, sheet
from umdiag.show.markup import Html, badge, data, folded, link, numbered, soft
from umdiag.show.places import Place, machine_name, referring
from umdiag.show.values import spoken, words
from umdiag.words.counting import counted
from umdiag.words.shortening import shortened

#: Findings of one cause that stand on a page as they are; the page's script shows the others.
SHOWN = 50
#: Bytes that the other findings of one cause may take, and of them what is not in columns.
_MOST_BYTES, _MOST_DETAILS = 600_000, 300_000
#: So few findings have what is in no column below them; of more it is folded away.
_OPEN = 3
#: Signs of a step, an id or an address: an ARM id takes 300, a step with several of them fewer than these.
_LONGEST = 4_000
#: Values that all share and that are told at once: so many, and so short.
_AT_ONCE, _SHORT = 6, 48
_NOUNS = {
    "machine": "machine",
    "workspace": "workspace",
    "automation_account": "Automation account",
    "subscription": "subscription",
    "update_configuration": "update deployment",
    "update_run": "update run",
    "automation_job": "job",
}


def finding_table(scenario: str, findings: Sequence[Finding], place: Place, *, named: bool = True) -> Html:
    """Write the findings of one cause as a table (`named`: with their subjects), then steps and sources."""
    laid = sheet(findings, decides_of(scenario))
    names = Counter(finding.subject.name for finding in findings) if named else Counter()
    heads = ["Severity", *(["Subject"] if named else []), *laid.columns]
    is_open = len(findings) <= _OPEN
    if laid.has_more and not is_open:
        heads.append("Details")
    rows = Html("").join(
        _row(line, names, place, named=named, is_open=is_open, has_more=laid.has_more, width=len(heads))
        for line in laid.lines[:SHOWN]
    )
    table = Html('<table class="um-findings"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(
        Html('<th scope="col">{}</th>').each(heads), rows
    )
    return _same(laid.same) + table + _others(laid, place) + _steps(laid, place) + _sources(findings)


def sentence(scenario: str, cause: str) -> str:
    """Return the one sentence of a cause, as its scenario words it."""
    return _sentences().get((scenario, cause)) or f"{spoken(cause)[:1].upper()}{spoken(cause)[1:]}."


def kinds(findings: Iterable[Finding]) -> str:
    """Count subjects by kind: "612 machines"."""
    subjects = {(finding.subject.kind, finding.subject.id or finding.subject.name) for finding in findings}
    counts = Counter(_NOUNS.get(kind, spoken(kind)) for kind, _ in sorted(subjects))
    return ", ".join(counted(number, noun) for noun, number in counts.most_common())


def _row(
    line: Line,
    names: Mapping[str, int],
    place: Place,
    *,
    named: bool,
    is_open: bool,
    has_more: bool,
    width: int,
) -> Html:
    finding = line.finding
    cells: list[str] = [badge(finding.severity)]
    if named:
        cells.append(_subject(finding, place, shared=names[finding.subject.name] > 1))
    cells += line.cells
    written = [Html("<td>{}</td>").format(cell) for cell in cells]
    more = _more(line, place)
    if has_more and not is_open:
        written.append(Html("<td>{}</td>").format(folded("details", more) if more else ""))
    row = Html("<tr>{}</tr>").format(Html("").join(written))
    if is_open and more:
        row += Html('<tr class="um-more"><td colspan="{}">{}</td></tr>').format(width, more)
    return row


def _subject(finding: Finding, place: Place, *, shared: bool) -> Html:
    """Name a subject: a machine leads to its own line, and each to its page in the portal."""
    subject = finding.subject
    name = shortened(subject.name.strip() or subject.id or "(no name)")
    said = Html('<span title="{}">{}</span>').format(shortened(subject.id, _LONGEST), name)
    if place is Place.PAGE and subject.kind == "machine" and subject.name == name:
        said = machine_name(name, place)
    parts: list[str] = [said]
    if shared and subject.id:
        parts += [Html("<br>"), soft(words(subject.id))]
    if address := _in_portal(finding):
        parts += [" ", link(address, "portal")]
    return Html("").join(parts)


def _in_portal(finding: Finding) -> str:
    address = str(finding.evidence.get("portal") or resource_page(finding.subject.id))
    return address if len(address) <= _LONGEST else ""


def _more(line: Line, place: Place) -> Html:
    """Write what is in no column: pairs, then the steps in which this finding differs."""
    parts = [_pairs(line.more)] if line.more else []
    if line.steps:
        parts += [
            soft("Its own steps:"),
            numbered(referring(shortened(step, _LONGEST), place.address) for step in line.steps),
        ]
    return Html("").join(parts)


def _pairs(pairs: Iterable[Pair]) -> Html:
    return Html('<dl class="um-pairs">{}</dl>').format(
        Html("").join(Html("<dt>{}</dt><dd>{}</dd>").format(key, said) for key, said in pairs)
    )


def _same(pairs: Sequence[Pair]) -> Html:
    """Say once what holds for every finding of the table."""
    if not pairs:
        return Html("")
    at_once = [pair for pair in pairs if len(pair[1]) <= _SHORT][:_AT_ONCE]
    others = [pair for pair in pairs if pair not in at_once]
    said = Html(" · ").join(soft(f"{key}:") + " " + value for key, value in at_once)
    rest = folded(f"{counted(len(others), 'more value')} that all share", _pairs(others)) if others else ""
    return Html('<p class="um-same">{} {}</p>{}').format(soft("The same for all:"), said, rest)


def _others(laid: Sheet, place: Place) -> Html:
    """Say how many findings do not stand here; on a page they are there for its script to show."""
    others = laid.lines[SHOWN:]
    if not others:
        return Html("")
    told = place.rest(len(others))
    return told if place is Place.NOTEBOOK else data("um-rows", _data(others)) + told


def _data(lines: Iterable[Line]) -> str:
    """Write findings as JSON: severity, name, cells, and while there is room what is in no column."""
    keys: dict[str, int] = {}
    rows: list[str] = []
    size = 0
    for line in lines:
        row: list[object] = [
            line.finding.severity.value,
            shortened(line.finding.subject.name),
            list(line.cells),
        ]
        if size < _MOST_DETAILS:
            row.append([[keys.setdefault(key, len(keys)), said] for key, said in _told(line)])
        rows.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
        size += len(rows[-1].encode(errors="replace"))
        if size > _MOST_BYTES:
            break
    return f'{{"keys":{json.dumps(list(keys), ensure_ascii=False)},"rows":[{",".join(rows)}]}}'


def _told(line: Line) -> Iterator[Pair]:
    yield from line.more
    yield from (("step", shortened(step, _LONGEST)) for step in line.steps)


def _steps(laid: Sheet, place: Place) -> Html:
    if not laid.steps:
        return Html("")
    head = Html('<p class="um-do"><b>What to do</b>{}</p>').format(
        soft(f" (as for {shortened(laid.lines[0].finding.subject.name)}; details say where a step differs)")
        if any(line.steps for line in laid.lines)
        else ""
    )
    return head + numbered(referring(shortened(step, _LONGEST), place.address) for step in laid.steps)


def _sources(findings: Iterable[Finding]) -> Html:
    sources = dict.fromkeys(finding.source for finding in findings if finding.source)
    if not sources:
        return Html("")
    return Html("<p>{}</p>").format(Html(" · ").join(link(source, _page(source)) for source in sources))


def _page(source: str) -> str:
    return "Microsoft docs" if "microsoft.com/" in source else source


@cache
def _sentences() -> Mapping[tuple[str, str], str]:
    return {
        (scenario.name, cause.key): cause.sentence for scenario in catalogue() for cause in scenario.causes
    }
