"""A kit at the end of a cell: the first screen in small."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.model import Diagnosis, Incident
from umdiag.show.blocks import Block
from umdiag.show.diagnoses import to_find_out
from umdiag.show.findings import sentence
from umdiag.show.markup import Html, badge, listing, soft
from umdiag.show.places import Place, referring
from umdiag.show.triage import Board, board_of
from umdiag.words.counting import counted

_AT_ONCE, _NAMED = 7, 2


def first_screen(
    where: str, notes: Sequence[str], diagnoses: Sequence[Diagnosis], incidents: Sequence[Incident]
) -> Block:
    """Show what is looked at (`where`), the verdict, what to fix in order, and what could not be seen."""
    board = board_of(diagnoses, incidents, None, None)
    return Block(lambda place: _verdict(where, notes, board) + _incidents(incidents, place) + _unseen(board))


def incident_table(incidents: Sequence[Incident]) -> Block:
    """Show incidents in a table, in order."""
    return Block(lambda place: _listed(incidents, place) if incidents else Html("<p>Nothing to fix.</p>"))


def _verdict(where: str, notes: Sequence[str], board: Board) -> Html:
    lines = [Html("<b>{}</b>").format(board.answer), soft(board.verdicts), soft(where)]
    lines += [soft(note) for note in (*notes, *board.notes)]
    whole = Html('<div class="um-answer um-verdict um-{}">{}</div>')
    return whole.format(board.verdict.lower(), Html("<p>{}</p>").each(lines))


def _incidents(incidents: Sequence[Incident], place: Place) -> Html:
    if not incidents:
        return Html("")
    more = len(incidents) - _AT_ONCE
    rest = Html("<p>… and {} to fix: kit.incidents() lists all.</p>").format(counted(more, "more thing"))
    return _listed(incidents[:_AT_ONCE], place) + (rest if more > 0 else Html(""))


def _listed(incidents: Sequence[Incident], place: Place) -> Html:
    cells = [
        (
            badge(incident.severity),
            Html("<b>{}</b>").format(sentence(incident.scenario, incident.cause)),
            _some(incident.subjects, incident.roots),
            f"{incident.machines:,}" if incident.machines else "—",
            f"{incident.explains:,}" if incident.explains else "—",
            referring(incident.first_step, place.address) if incident.first_step else "—",
        )
        for incident in incidents
    ]
    heads = ("Severity", "What to fix", "Where", "Machines", "Findings that go with it", "First step")
    return listing(heads, cells, numbers=(3, 4))


def _some(subjects: Sequence[str], roots: int) -> str:
    named = ", ".join(subjects[:_NAMED])
    return f"{named} and {roots - _NAMED:,} more" if roots > _NAMED else named


def _unseen(board: Board) -> Html:
    if not board.unseen:
        return Html("")
    items = [
        Html("{} {}: {}. <b>Next:</b> {}.").format(
            badge("UNKNOWN"),
            counted(len(group.diagnoses), "question"),
            group.reason.rstrip("."),
            to_find_out([query for diagnosis in group.diagnoses for query in diagnosis.queries]),
        )
        for group in board.unseen
    ]
    return Html("<p><b>What could not be seen</b></p><ul>{}</ul>").format(Html("<li>{}</li>").each(items))
