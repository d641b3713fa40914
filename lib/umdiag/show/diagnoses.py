"""One scenario for a reader: verdict, findings by cause with what shows them, the queries as sent."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.model import Accepted, Diagnosis, QueryUse, State, Verdict
from umdiag.show.blocks import Block
from umdiag.show.findings import finding_table, kinds, sentence
from umdiag.show.markup import Html, badge, folded, listing
from umdiag.show.places import Place
from umdiag.show.unasked import left_out
from umdiag.show.urgency import by_cause
from umdiag.words.counting import counted

#: Accepted findings of one scenario that are listed.
_MOST_ACCEPTED = 50
#: Characters of a query that are shown: it may be bound to a thousand names.
_MOST_OF_QUERY = 20_000
_REMEDIES = {
    State.DENIED: "get permission to read it (Log Analytics Reader on the workspace, Reader on the "
    "subscription and the Automation account), then run again",
    State.MISSING: "capture the tables that it needs (see the data health block), then run again",
    State.PARTIAL: "shorten lookback or ask fewer workspaces at once, so that the answer comes back complete",
    State.UNREADABLE: "write the file again, then run again",
}


def diagnosis(shown: Diagnosis) -> Block:
    """Show one scenario: verdict, findings by cause with evidence and steps, the queries as sent."""
    if shown.verdict is Verdict.NOT_ASKED:
        return left_out(shown.reason)
    top = Html('<div id="um-{}" class="um-answer um-{}" data-findings="{}">{}</div>').format(
        shown.scenario,
        shown.verdict.lower(),
        sum(finding.counts for finding in shown.findings),
        _answer(shown),
    )
    below = _accepted(shown) + _queries(shown.queries)
    return Block(lambda place: top + _found(shown, place) + below)


def to_find_out(queries: Sequence[QueryUse]) -> str:
    """Say what to do about a question that could not be answered."""
    states = {query.state for query in queries}
    remedies = [remedy for state, remedy in _REMEDIES.items() if state in states]
    return "; ".join(remedies) or "fix what the reason names, then run again"


def _answer(shown: Diagnosis) -> Html:
    # The heading above asks the question; its literal name is what `umdiag explain` takes.
    said = Html("{} <code>{}</code> {}").format(badge(shown.verdict), shown.scenario, _said(shown))
    if shown.verdict is Verdict.UNKNOWN:
        return said + Html("<p>Next step: {}.</p>").format(to_find_out(shown.queries))
    if shown.reason:
        return said + Html("<p>Not everything could be judged: {}</p>").format(shown.reason)
    return said


def _said(shown: Diagnosis) -> str:
    accepted = sum(finding.accepted is not None for finding in shown.findings)
    beside = f" {accepted:,} more accepted." if accepted else ""
    if shown.verdict is Verdict.PROBLEM:
        return f"{counted(len(shown.findings) - accepted, 'finding')}.{beside}"
    if shown.verdict is Verdict.UNKNOWN:
        return f"Cannot be determined: {shown.reason.rstrip('.') or 'no reason was given'}."
    notes = len(shown.findings) - accepted
    return (
        f"No problem; {counted(notes, 'note')}." if notes else "No problem." if accepted else "Nothing found."
    )


def _found(shown: Diagnosis, place: Place) -> Html:
    groups = by_cause([finding for finding in shown.findings if finding.accepted is None])
    head = Html('<h3>{} <span class="um-soft">({}; <code>{}</code>)</span></h3>')
    return Html("").join(
        head.format(sentence(shown.scenario, cause), kinds(found), cause)
        + finding_table(shown.scenario, found, place)
        for cause, found in groups.items()
    )


def _accepted(shown: Diagnosis) -> Html:
    """List what is known and accepted, until when and why, behind one line."""
    rows = [
        (
            finding.subject.name,
            sentence(shown.scenario, finding.cause),
            _until(finding.accepted),
            finding.accepted.why,
        )
        for finding in shown.findings
        if finding.accepted is not None
    ]
    if not rows:
        return Html("")
    listed = listing(("Subject", "Found", "Accepted until", "Why"), rows[:_MOST_ACCEPTED], names=[0])
    rest = (
        Html("<p>and {} more</p>").format(len(rows) - _MOST_ACCEPTED)
        if len(rows) > _MOST_ACCEPTED
        else Html("")
    )
    return folded(counted(len(rows), "accepted finding"), listed + rest)


def _until(accepted: Accepted) -> str:
    return accepted.until.isoformat() if accepted.until else "for good"


def _queries(queries: Sequence[QueryUse]) -> Html:
    if not queries:
        return Html("")
    number = counted(len(queries), "query", "queries")
    return folded(f"{number} behind this, as sent", Html("").join(map(_query, queries)))


def _query(query: QueryUse) -> Html:
    state = f"{query.state}, {counted(query.rows, 'row')}" + (f": {query.reason}" if query.reason else "")
    text = "\n".join(query.text.splitlines())
    head = Html("<p><b>{}</b> ({})</p>").format(query.name, state)
    if len(text) > _MOST_OF_QUERY:  # what is cut off is no query to copy
        left = Html("<pre>{}</pre><p>… and {:,} more characters: findings.json has all of it.</p>")
        return head + left.format(text[:_MOST_OF_QUERY], len(text) - _MOST_OF_QUERY)
    return head + Html('<pre class="um-query" tabindex="0" data-query="{}">{}</pre>').format(query.name, text)
