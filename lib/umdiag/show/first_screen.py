"""A kit at the end of a cell: the first screen in small."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.model import Diagnosis, Incident
from umdiag.scenarios import scenario
from umdiag.show.blocks import Block
from umdiag.show.board import to_fix
from umdiag.show.diagnoses import to_find_out
from umdiag.show.markup import Html, badge, soft
from umdiag.show.places import Place
from umdiag.show.triage import Board, board_of, row_of
from umdiag.words.counting import counted

_AT_ONCE = 7


def first_screen(
    where: str, notes: Sequence[str], diagnoses: Sequence[Diagnosis], incidents: Sequence[Incident]
) -> Block:
    """Show what is looked at (`where`), the verdict, what to fix in order, and what could not be seen."""
    board = board_of(diagnoses, incidents, None, None)
    return Block(lambda place: _verdict(where, notes, board) + _incidents(board, place) + _unseen(board))


def incident_list(incidents: Sequence[Incident]) -> Block:
    """Show incidents in order."""
    if not incidents:
        return Block(lambda _: Html("<p>Nothing to fix.</p>"))
    rows = [row_of(incident, scenario(incident.scenario).family) for incident in incidents]
    return Block(lambda place: to_fix(rows, place.address))


def _verdict(where: str, notes: Sequence[str], board: Board) -> Html:
    lines = [Html("<b>{}</b>").format(board.answer), soft(board.verdicts), soft(where)]
    lines += [soft(note) for note in (*notes, *board.notes)]
    whole = Html('<div class="um-answer um-verdict um-{}">{}</div>')
    return whole.format(board.verdict.lower(), Html("<p>{}</p>").each(lines))


def _incidents(board: Board, place: Place) -> Html:
    more = len(board.rows) - _AT_ONCE
    rest = Html("<p>… and {} to fix: kit.incidents() lists all.</p>").format(counted(more, "more thing"))
    return to_fix(board.rows[:_AT_ONCE], place.address) + (rest if more > 0 else Html(""))


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
