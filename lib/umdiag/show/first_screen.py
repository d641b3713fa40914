"""A kit at the end of a cell: the first screen in small."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.model import Diagnosis, Incident
from umdiag.show.blocks import Block
from umdiag.show.diagnoses import to_find_out
from umdiag.show.findings import sentence
from umdiag.show.markup import Html, badge, soft
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


def incident_list(incidents: Sequence[Incident]) -> Block:
    """Show incidents in order."""
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
    items = Html("").join(_incident(incident, number, place) for number, incident in enumerate(incidents, 1))
    return Html('<ol class="um-incidents">{}</ol>').format(items)


def _incident(incident: Incident, number: int, place: Place) -> Html:
    machines = counted(incident.machines, "machine") if incident.machines else ""
    goes = counted(incident.explains, "more finding")
    follows = f"{goes} {'goes' if incident.explains == 1 else 'go'} away with it" if incident.explains else ""
    told = " · ".join(filter(None, [machines, follows, _some(incident.subjects, incident.roots)]))
    parts = [
        Html('<span class="um-place" aria-hidden="true">{}</span>').format(number),
        Html('<span class="um-what">{} <b>{}</b></span>').format(
            badge(incident.severity), sentence(incident.scenario, incident.cause)
        ),
        Html('<span class="um-who">{}</span>').format(told),
    ]
    if incident.first_step:
        step = referring(incident.first_step, place.address)
        parts.append(Html('<span class="um-step"><b>First:</b> {}</span>').format(step))
    return Html("<li>{}</li>").format(Html(" ").join(parts))


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
