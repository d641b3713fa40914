"""Diagnoses for a reader: the answer first, then each scenario with its findings and what to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from umdiag.model import Diagnosis, Finding, QueryUse, Severity, State, Verdict
from umdiag.show.blocks import (
    Block,
    badge,
    counted,
    esc,
    folded,
    in_report,
    link,
    listing,
    rest,
    spoken,
    steps,
    words,
)

#: Findings of one scenario that are shown; the rest is counted and lies in findings.csv.
MOST_FINDINGS = 50
_LEAST_PER_CAUSE = 5
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
_MENDS = {
    State.DENIED: "ask for the right to read it (Log Analytics Reader on the workspace, Reader on the "
    "subscription and the Automation account), then run again",
    State.MISSING: "capture the tables that it needs (the data health block names them), then run again",
    State.PARTIAL: "shorten lookback or ask fewer workspaces at once, so that the answer comes back whole",
    State.UNREADABLE: "write the file anew and run again",
}
_VERDICTS = list(Verdict)


def summary(diagnoses: Sequence[Diagnosis]) -> Block:
    """Show every verdict, worst first: what is most urgent, in words, and what to do first."""
    if not diagnoses:
        return Block('<p class="um-answer um-unknown">No scenario was judged.</p>')
    ordered = sorted(diagnoses, key=urgency)
    counts = Counter(diagnosis.verdict for diagnosis in ordered)
    body = _answer(ordered, counts)
    local = len({diagnosis.family for diagnosis in ordered}) == 1
    rows = [(badge(one.verdict), _linked(one, local), _found(one), esc(_first_step(one))) for one in ordered]
    return Block(body + listing(("Verdict", "Question", "Found", "Do first"), rows))


def diagnosis(one: Diagnosis) -> Block:
    """Show one scenario: verdict, findings by cause with evidence and steps, the queries as sent."""
    said = {
        Verdict.PROBLEM: f"{counted(len(one.findings), 'finding')}.",
        Verdict.UNKNOWN: f"Cannot be told: {one.reason or 'no reason was given'}.",
        Verdict.HEALTHY: "Nothing found."
        if not one.findings
        else f"No problem; {counted(len(one.findings), 'remark')}.",
    }[one.verdict]
    mark = f'<div id="um-{esc(one.scenario)}" class="um-answer um-{one.verdict.lower()}">'
    # The heading above asks the question; its literal name is what `umdiag explain` takes.
    body = f"{mark}{badge(one.verdict)} <code>{esc(one.scenario)}</code> {esc(said.replace('..', '.'))}"
    if one.verdict is Verdict.UNKNOWN:
        body += f"<p>To find out: {esc(_to_find_out(one.queries))}.</p>"
    elif one.reason:
        body += f"<p>Not everything could be judged: {esc(one.reason)}</p>"
    return Block(body + "</div>" + _findings(one) + _queries(one.queries))


def finding_lines(findings: Sequence[Finding], *, named: bool = True) -> str:
    """Write findings of one cause as safe HTML: a table (`named`: with their subjects), steps, source."""
    resolution = Counter(tuple(finding.resolution) for finding in findings).most_common(1)[0][0]
    apart = any(tuple(finding.resolution) != resolution for finding in findings)
    names = Counter(finding.subject.name for finding in findings)
    heads = ["Severity", *(["Subject"] if named else []), "What shows it", *(["What to do"] if apart else [])]
    rows = []
    for finding in findings:
        subject = finding.subject
        name = f'<span title="{esc(subject.id)}">{esc(subject.name or subject.id or "(no name)")}</span>'
        if names[subject.name] > 1 and subject.id:
            name += f'<br><span class="um-soft">{esc(words(subject.id))}</span>'
        row = [badge(finding.severity), *([name] if named else []), _evidence(finding.evidence)]
        if apart:
            row.append(steps(finding.resolution) if tuple(finding.resolution) != resolution else "as below")
        rows.append(row)
    body = listing(heads, rows, names=[1] if named else []) + steps(resolution)
    sources = dict.fromkeys(finding.source for finding in findings if finding.source)
    if sources:
        body += f"<p>{' · '.join(link(source, _page(source)) for source in sources)}</p>"
    return body


def sentence(scenario: str, cause: str) -> str:
    """Return the one sentence of a cause, as its scenario words it."""
    return _sentences().get((scenario, cause)) or f"{spoken(cause)[:1].upper()}{spoken(cause)[1:]}."


def kinds(findings: Iterable[Finding]) -> str:
    """Count subjects by kind: "612 machines"."""
    subjects = {(one.subject.kind, one.subject.id or one.subject.name) for one in findings}
    counts = Counter(_NOUNS.get(kind, spoken(kind)) for kind, _ in sorted(subjects))
    return ", ".join(counted(number, noun) for noun, number in counts.most_common())


def urgency(one: Diagnosis) -> tuple[int, int, bool, int, str]:
    """Order diagnoses, the most urgent first."""
    rank = min((finding.severity.rank for finding in one.findings), default=len(Severity))
    # What befell a workspace or a subscription explains what befell its machines: it comes first.
    narrow = all(finding.subject.kind == "machine" for finding in one.findings)
    return _VERDICTS.index(one.verdict), rank, narrow, -len(one.findings), one.scenario


def _answer(ordered: Sequence[Diagnosis], counts: Mapping[Verdict, int]) -> str:
    worst = ordered[0]
    said = [counted(counts.get(Verdict.PROBLEM, 0), "question") + " found a problem"]
    if counts.get(Verdict.UNKNOWN):
        said.append(f"{counts[Verdict.UNKNOWN]:,} cannot be answered from what could be seen")
    if counts.get(Verdict.HEALTHY):
        said.append(f"{counted(counts[Verdict.HEALTHY], 'is', 'are')} healthy")
    text = f"<p>{esc(', '.join(said))}.</p>"
    if worst.verdict is Verdict.PROBLEM:
        first = worst.findings[0]
        text += f"<p>{badge(first.severity)} <b>Most urgent:</b> {_named(worst, first)}</p>"
        text += f"<p><b>Do first:</b> {esc(_first_step(worst))}</p>"
    elif worst.verdict is Verdict.UNKNOWN:
        text = "<p>No problem was found, but this is no all-clear.</p>" + text.replace(
            "0 questions found a problem, ", ""
        )
        text += f"<p><b>Do first:</b> {esc(_first_step(worst))}</p>"
    else:
        text = f"<p>No problem: {counted(len(ordered), 'question')} asked, all healthy.</p>"
    return f'<div class="um-answer um-{worst.verdict.lower()}">{text}</div>'


def _linked(one: Diagnosis, local: bool) -> str:
    if not in_report():
        return esc(one.title)
    page = "" if local else f"{one.family}.html"
    return f'<a href="{esc(page)}#um-{esc(one.scenario)}">{esc(one.title)}</a>'


def _found(one: Diagnosis) -> str:
    if one.verdict is Verdict.UNKNOWN:
        return esc(one.reason)
    if one.verdict is Verdict.HEALTHY:
        return f"nothing; {counted(len(one.findings), 'remark')}" if one.findings else "nothing"
    text = _named(one, one.findings[0])
    if len(one.findings) > 1:
        by_severity = Counter(finding.severity for finding in one.findings)
        parts = ", ".join(
            f"{by_severity[severity]:,} {severity}" for severity in Severity if severity in by_severity
        )
        text += f' <span class="um-soft">({kinds(one.findings)}: {parts})</span>'
    return text


def _named(one: Diagnosis, finding: Finding) -> str:
    name = finding.subject.name or finding.subject.id
    return f"<b>{esc(words(name))}</b>: {esc(sentence(one.scenario, finding.cause))}"


def _first_step(one: Diagnosis) -> str:
    if one.verdict is Verdict.UNKNOWN:
        said = _to_find_out(one.queries)
        return said[0].upper() + said[1:]
    if one.verdict is Verdict.PROBLEM and one.findings[0].resolution:
        return str(one.findings[0].resolution[0])
    return "—"


def _to_find_out(queries: Sequence[QueryUse]) -> str:
    states = {query.state for query in queries}
    mends = [mend for state, mend in _MENDS.items() if state in states]
    return "; ".join(mends) or "mend what the reason names, then run again"


def _findings(one: Diagnosis) -> str:
    by_cause: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(one.findings, key=lambda finding: finding.severity.rank):
        by_cause[finding.cause].append(finding)
    spare = max(MOST_FINDINGS - sum(min(len(own), _LEAST_PER_CAUSE) for own in by_cause.values()), 0)
    body = ""
    for cause, own in by_cause.items():
        number = min(len(own), _LEAST_PER_CAUSE + spare)
        spare -= max(number - _LEAST_PER_CAUSE, 0)
        body += f"<h4>{esc(sentence(one.scenario, cause))} ({kinds(own)}; <code>{esc(cause)}</code>)</h4>"
        body += finding_lines(own[:number])
        if len(own) > number:
            body += rest(len(own) - number)
    return body


def _evidence(evidence: Mapping[str, Any]) -> str:
    told = [(key, value) for key, value in evidence.items() if key not in _APART and _says(value)]
    pairs = [(spoken(key), words(value, key)) for key, value in told]
    short = [pair for pair in pairs if len("".join(pair)) <= _SHORT]
    lines = [_pair(*pair) for pair in pairs if pair not in short]
    if short:
        lines.insert(0, " · ".join(_pair(*pair) for pair in short))
    if address := evidence.get("portal"):
        lines.append(link(str(address), "open in the portal"))
    if also := evidence.get("also"):
        lines.append(f"Also fits: {esc(', '.join(spoken(cause) for cause in _many(also)))}.")
    if unchecked := evidence.get("not_checked"):
        lines.append(f"Could not be checked: {esc('; '.join(str(one) for one in _many(unchecked)))}.")
    return "<br>".join(lines) or "—"


def _pair(key: str, said: str) -> str:
    return f'<span class="um-soft">{esc(key)}:</span> {esc(said)}'


def _says(value: Any) -> bool:
    return value is not None and value not in ("", [], {}, ())


def _many(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


def _queries(queries: Sequence[QueryUse]) -> str:
    if not queries:
        return ""
    body = ""
    for query in queries:
        state = f"{query.state}, {counted(query.rows, 'row')}" + (f": {query.reason}" if query.reason else "")
        body += f"<p><b>{esc(query.name)}</b> ({esc(state)})</p><pre>{esc_text(query.text)}</pre>"
    return folded(f"{counted(len(queries), 'query', 'queries')} behind this, as sent", body)


def esc_text(text: str) -> str:
    """Escape text of several lines."""
    return "\n".join(esc(line) for line in text.splitlines())


def _page(source: str) -> str:
    return "Microsoft's page" if "microsoft.com/" in source else source


@cache
def _sentences() -> Mapping[tuple[str, str], str]:
    # Here, not above: showing rests on the records alone, and only words come from the scenarios.
    from umdiag.scenarios import catalogue

    return {(one.name, cause.key): cause.sentence for one in catalogue() for cause in one.causes}
