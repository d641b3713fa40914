"""The answer of one notebook first: what to fix, in the order of the first screen, and every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from umdiag.model import Diagnosis, Incident, Severity, Verdict
from umdiag.scenarios import scenario
from umdiag.show.blocks import Block
from umdiag.show.board import to_fix
from umdiag.show.diagnoses import to_find_out
from umdiag.show.findings import kinds, sentence
from umdiag.show.markup import Html, answer, badge, folded, link, listing
from umdiag.show.places import Place
from umdiag.show.triage import rows_of
from umdiag.show.unanswered import Unanswered, unanswered
from umdiag.show.unasked import asked, unasked
from umdiag.show.urgency import by_urgency
from umdiag.words.counting import counted

#: Roots on other pages that are named.
_MOST_ROOTS = 5


def summary(diagnoses: Sequence[Diagnosis], incidents: Sequence[Incident]) -> Block:
    """Show what to fix first of what these diagnoses found, then each verdict, worst first.

    `incidents`: of these diagnoses or of all, in their order; those of other diagnoses are left out.
    """
    if not diagnoses:
        return Block(lambda _: answer("unknown", "No scenario was judged."))
    ordered = by_urgency(asked(diagnoses), incidents)
    said = unasked(diagnoses)
    rest = Html('<p class="um-soft">{}</p>').format(said) if said else Html("")
    if not ordered:
        return Block(lambda _: rest)
    rows = rows_of(incidents, diagnoses)
    return Block(
        lambda place: (
            _answer(ordered, incidents, len(rows))
            + to_fix(rows, place.address)
            + _roots(ordered, place)
            + _table(ordered, place)
            + rest
        )
    )


def _answer(ordered: Sequence[Diagnosis], incidents: Sequence[Incident], here: int) -> Html:
    lines = [Html("<b>{}</b>").format(_first_line(ordered, incidents, here)), _counts(ordered)]
    if ordered[0].verdict is Verdict.UNKNOWN:
        lines.insert(0, Html("No problem was found, but this is not an all-clear."))
        lines.append(Html("<b>Do first:</b> {}").format(_sentence(to_find_out(ordered[0].queries))))
    whole = Html('<div class="um-answer um-{}">{}</div>')
    return whole.format(ordered[0].verdict.lower(), Html("<p>{}</p>").each(filter(None, lines)))


def _first_line(ordered: Sequence[Diagnosis], incidents: Sequence[Incident], here: int) -> str:
    if here:
        begin = "begins" if here == 1 else "begin"
        things = counted(len(incidents), "thing")
        return f"{things if here == len(incidents) else f'{here:,} of {things}'} to fix {begin} here."
    if ordered[0].verdict is Verdict.PROBLEM:
        return "Nothing to fix begins here: what was found follows from something else."
    return ""


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


def _roots(ordered: Sequence[Diagnosis], place: Place) -> Html:
    """Say what else is the root of findings here: it goes away with that."""
    here = {diagnosis.scenario for diagnosis in ordered}
    roots = Counter(
        root
        for diagnosis in ordered
        for finding in diagnosis.findings
        if finding.counts
        for root in dict.fromkeys(
            (explanation.scenario, explanation.cause) for explanation in finding.explained_by
        )
        if root[0] not in here
    )
    if not roots:
        return Html("")
    items = [
        Html("{}: {} <code>{}</code>").format(
            counted(number, "finding"),
            link(place.address(scenario(name).family, name), sentence(name, cause)),
            name,
        )
        for (name, cause), number in roots.most_common(_MOST_ROOTS)
    ]
    head = Html('<p class="um-soft">Findings here that follow from something on another page:</p>')
    return head + Html("<ul>{}</ul>").format(Html("<li>{}</li>").each(items))


def _table(ordered: Sequence[Diagnosis], place: Place) -> Html:
    local = len({diagnosis.family for diagnosis in ordered}) == 1
    groups = [group for group in unanswered(ordered) if len(group.diagnoses) > 1]
    told = {diagnosis.scenario: group for group in groups for diagnosis in group.diagnoses}
    rows: list[Sequence[str]] = [
        (badge(diagnosis.verdict), _linked(diagnosis, place, local=local), _found(diagnosis))
        for diagnosis in ordered
        if diagnosis.scenario not in told
    ]
    # What is UNKNOWN stands together in the order of urgency: so do those that lack the same.
    where = sum(diagnosis.verdict is Verdict.PROBLEM for diagnosis in ordered)
    rows[where:where] = [_together(group, place, local=local) for group in groups]
    return listing(("Verdict", "Question", "Found"), rows)


def _together(group: Unanswered, place: Place, *, local: bool) -> Sequence[str]:
    """Write one row for questions that cannot be answered for the same reason."""
    titles = Html("<br>").join(_linked(diagnosis, place, local=local) for diagnosis in group.diagnoses)
    queries = [query for diagnosis in group.diagnoses for query in diagnosis.queries]
    return (
        badge(Verdict.UNKNOWN),
        folded(counted(len(group.diagnoses), "question"), titles),
        Html("{} <b>Next:</b> {}").format(group.reason, _sentence(to_find_out(queries))),
    )


def _linked(diagnosis: Diagnosis, place: Place, *, local: bool) -> Html:
    """Link a question to its section; within one notebook there is no way to it but scrolling."""
    if local and place is Place.NOTEBOOK:
        return Html.escape(diagnosis.title)
    address = place.address(diagnosis.family, diagnosis.scenario)
    return link(f"#um-{diagnosis.scenario}" if local else address, diagnosis.title)


def _found(diagnosis: Diagnosis) -> Html:
    if diagnosis.verdict is Verdict.UNKNOWN:
        return Html("{} <b>Next:</b> {}").format(diagnosis.reason, _sentence(to_find_out(diagnosis.queries)))
    number = len(diagnosis.findings)
    if diagnosis.verdict is Verdict.HEALTHY:
        return Html.escape(f"nothing; {counted(number, 'note')}" if number else "nothing")
    counts = Counter(finding.severity for finding in diagnosis.findings if finding.counts)
    parts = ", ".join(f"{counts[severity]:,} {severity}" for severity in Severity if severity in counts)
    return Html.escape(f"{kinds(finding for finding in diagnosis.findings if finding.counts)}: {parts}")


def _sentence(said: str) -> str:
    return said[0].upper() + said[1:] + "."
