"""The answer first: every verdict of a notebook, what is most urgent and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from umdiag.model import Diagnosis, Severity, Verdict
from umdiag.show.blocks import Block
from umdiag.show.diagnoses import to_find_out
from umdiag.show.findings import kinds, named
from umdiag.show.markup import Html, answer, badge, folded, link, listing, soft
from umdiag.show.places import Place, referring
from umdiag.show.unanswered import Unanswered, unanswered
from umdiag.show.unasked import asked, unasked
from umdiag.show.urgency import by_urgency, leading
from umdiag.words.counting import counted


def summary(diagnoses: Sequence[Diagnosis]) -> Block:
    """Show every verdict, worst first: what is most urgent, in words, and what to do first."""
    if not diagnoses:
        return Block(lambda _: answer("unknown", "No scenario was judged."))
    ordered = by_urgency(asked(diagnoses))
    said = unasked(diagnoses)
    rest = Html('<p class="um-soft">{}</p>').format(said) if said else Html("")
    if not ordered:
        return Block(lambda _: rest)
    return Block(lambda place: _answer(ordered, place) + _table(ordered, place) + rest)


def _answer(ordered: Sequence[Diagnosis], place: Place) -> Html:
    worst = ordered[0]
    lines = [_counts(ordered)]
    if worst.verdict is Verdict.UNKNOWN:
        lines.insert(0, Html("No problem was found, but this is not an all-clear."))
    lead = leading(worst.findings) if worst.verdict is Verdict.PROBLEM else None
    if lead is not None:
        urgent = Html("{} <b>Most urgent:</b> {}")
        lines.append(urgent.format(badge(lead.severity), named(worst.scenario, lead)))
    if worst.verdict is not Verdict.HEALTHY:
        lines.append(Html("<b>Do first:</b> {}").format(_first_step(worst, place)))
    whole = Html('<div class="um-answer um-{}">{}</div>')
    return whole.format(worst.verdict.lower(), Html("<p>{}</p>").each(lines))


def _counts(diagnoses: Sequence[Diagnosis]) -> Html:
    counts = Counter(diagnosis.verdict for diagnosis in diagnoses)
    if counts[Verdict.HEALTHY] == len(diagnoses):
        return Html.escape(f"No problem: {counted(len(diagnoses), 'question')} asked, all healthy.")
    said = []
    if counts[Verdict.PROBLEM]:
        said.append(f"{counted(counts[Verdict.PROBLEM], 'question')} found a problem")
    if counts[Verdict.UNKNOWN]:
        said.append(f"{counts[Verdict.UNKNOWN]:,} cannot be answered from what could be seen")
    if counts[Verdict.HEALTHY]:
        said.append(f"{counted(counts[Verdict.HEALTHY], 'is', 'are')} healthy")
    return Html.escape(f"{', '.join(said)}.")


def _table(ordered: Sequence[Diagnosis], place: Place) -> Html:
    local = len({diagnosis.family for diagnosis in ordered}) == 1
    groups = [group for group in unanswered(ordered) if len(group.diagnoses) > 1]
    told = {diagnosis.scenario: group for group in groups for diagnosis in group.diagnoses}
    rows: list[Sequence[str]] = [
        (
            badge(diagnosis.verdict),
            _linked(diagnosis, place, local=local),
            _found(diagnosis),
            _first_step(diagnosis, place),
        )
        for diagnosis in ordered
        if diagnosis.scenario not in told
    ]
    # What is UNKNOWN stands together in the order of urgency: so do those that lack the same.
    where = sum(diagnosis.verdict is Verdict.PROBLEM for diagnosis in ordered)
    rows[where:where] = [_together(group, place, local=local) for group in groups]
    return listing(("Verdict", "Question", "Found", "Do first"), rows)


def _together(group: Unanswered, place: Place, *, local: bool) -> Sequence[str]:
    """Write one row for questions that cannot be answered for the same reason."""
    titles = Html("<br>").join(_linked(diagnosis, place, local=local) for diagnosis in group.diagnoses)
    queries = [query for diagnosis in group.diagnoses for query in diagnosis.queries]
    return (
        badge(Verdict.UNKNOWN),
        folded(counted(len(group.diagnoses), "question"), titles),
        Html.escape(group.reason),
        Html.escape(_sentence(to_find_out(queries))),
    )


def _linked(diagnosis: Diagnosis, place: Place, *, local: bool) -> Html:
    """Link a question to its section; within one notebook there is no way to it but scrolling."""
    if local and place is Place.NOTEBOOK:
        return Html.escape(diagnosis.title)
    address = place.address(diagnosis.family, diagnosis.scenario)
    return link(f"#um-{diagnosis.scenario}" if local else address, diagnosis.title)


def _found(diagnosis: Diagnosis) -> Html:
    if diagnosis.verdict is Verdict.UNKNOWN:
        return Html.escape(diagnosis.reason)
    lead = leading(diagnosis.findings)
    if lead is None:
        return Html("nothing")
    if diagnosis.verdict is Verdict.HEALTHY:
        return Html.escape(f"nothing; {counted(len(diagnosis.findings), 'note')}")
    first = named(diagnosis.scenario, lead)
    if len(diagnosis.findings) == 1:
        return first
    counts = Counter(finding.severity for finding in diagnosis.findings)
    parts = ", ".join(f"{counts[severity]:,} {severity}" for severity in Severity if severity in counts)
    return first + " " + soft(f"({kinds(diagnosis.findings)}: {parts})")


def _first_step(diagnosis: Diagnosis, place: Place) -> Html:
    if diagnosis.verdict is Verdict.UNKNOWN:
        return Html.escape(_sentence(to_find_out(diagnosis.queries)))
    lead = leading(diagnosis.findings) if diagnosis.verdict is Verdict.PROBLEM else None
    step = next(iter(lead.resolution), "") if lead is not None else ""
    return referring(step, place.address) if step else Html("—")


def _sentence(said: str) -> str:
    return said[0].upper() + said[1:]
