"""The triage board: what to fix first, what goes away with it, and what could not be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pandas as pd

from umdiag.model import Diagnosis, Incident
from umdiag.show.blocks import Block
from umdiag.show.diagnoses import to_find_out
from umdiag.show.markup import Html, badge, folded, link, listing
from umdiag.show.places import referring
from umdiag.show.triage import Board, Row, board_of
from umdiag.show.unanswered import Unanswered
from umdiag.words.counting import counted
from umdiag.words.shortening import shortened

#: Says where a notebook, or in a page a scenario of it, stands; "" for nowhere.
Address: TypeAlias = Callable[[str, str], str]
#: Incidents that are seen at once, and those that are told of at all: findings.json has every one.
_AT_ONCE, _MOST = 12, 100
#: Signs of a first step; of more, two lines are shown anyway.
_LONGEST = 2_000


def board(
    population: pd.DataFrame | None,
    portal_compliance: pd.DataFrame | None,
    *,
    computers: Sequence[str],
    diagnoses: Sequence[Diagnosis],
    incidents: Sequence[Incident],
) -> Block:
    """Show what to fix, in order, with what goes away with it; then what could not be seen; the machines.

    `population`: one row per machine of either service, or None where it could not be seen.
    """
    wanted = {name.strip().lower() for name in computers}
    machines = population
    if machines is not None and wanted:
        machines = machines[machines["name"].isin(wanted)]
    model = board_of(diagnoses, incidents, machines, portal_compliance)
    return Block(lambda place: write_board(model, place.address))


def write_board(board: Board, address: Address) -> Html:
    """Write the board for the place of which `address` tells where everything else stands."""
    return Html("").join(
        [_answer(board), to_fix(board.rows, address), _unseen(board.unseen, address), _machines(board)]
    )


def _answer(board: Board) -> Html:
    answer = Html("<b>{}</b>").format(board.answer)
    if board.rows or not board.unseen:
        answer += Html(' <span class="um-soft">{}</span>').format(board.verdicts)
    lines = [answer]
    lines += [Html('<span class="um-soft">{}</span>').format(note) for note in board.notes]
    whole = Html('<div class="um-answer um-verdict um-{}">{}</div>')
    return whole.format(board.verdict.lower(), Html("<p>{}</p>").each(lines))


def to_fix(rows: Sequence[Row], address: Address) -> Html:
    """Write incidents in order: what, on whom, what goes away with it, and the first step."""
    if not rows:
        return Html("")
    shown, more = rows[:_AT_ONCE], rows[_AT_ONCE:_MOST]
    listed = _list(shown, 1, address)
    if more:
        listed += folded(f"{counted(len(more), 'more thing')} to fix", _list(more, _AT_ONCE + 1, address))
    if len(rows) > _MOST:
        listed += Html("<p>… and {:,} more in findings.json</p>").format(len(rows) - _MOST)
    return listed


def _list(rows: Sequence[Row], start: int, address: Address) -> Html:
    items = Html("").join(_incident(row, place, address) for place, row in enumerate(rows, start))
    return Html('<ol class="um-incidents" start="{}">{}</ol>').format(start, items)


def _incident(row: Row, place: int, address: Address) -> Html:
    incident = row.incident
    concerned = counted(incident.machines, "machine") if incident.machines else ""
    told = " · ".join(filter(None, [concerned, row.follows]))
    facts = [Html("<b>{}</b>").format(told) if told else "", row.who]
    parts = [
        Html('<span class="um-place" aria-hidden="true">{}</span>').format(place),
        Html('<span class="um-what">{} <b>{}</b></span>').format(
            badge(incident.severity), link(address(row.family, incident.scenario), row.what)
        ),
        Html('<span class="um-who">{}</span>').format(Html(" · ").join(filter(None, facts))),
    ]
    if incident.first_step:
        step = referring(shortened(incident.first_step, _LONGEST), address)
        parts.append(Html('<span class="um-step"><b>First:</b> {}</span>').format(step))
    if row.common:
        said = Html("; ").join(row.common)
        parts.append(Html('<span class="um-common">In common: {}</span>').format(said))
    return Html("<li>{}</li>").format(Html(" ").join(parts))


def _unseen(groups: Sequence[Unanswered], address: Address) -> Html:
    if not groups:
        return Html("")
    items = [_group(group, address) for group in groups]
    return Html("<h2>What could not be seen</h2><ul>{}</ul>").format(Html("<li>{}</li>").each(items))


def _group(group: Unanswered, address: Address) -> Html:
    """Write the questions that one reason leaves open, with what to do about it."""
    titles = Html("<br>").join(
        link(address(diagnosis.family, diagnosis.scenario), diagnosis.title) for diagnosis in group.diagnoses
    )
    queries = [query for diagnosis in group.diagnoses for query in diagnosis.queries]
    said = Html("{} {}. <b>Next:</b> {}.").format(
        badge("UNKNOWN"), group.reason.rstrip("."), to_find_out(queries)
    )
    return said + folded(counted(len(group.diagnoses), "question"), titles)


def _machines(board: Board) -> Html:
    if not board.states:
        return Html("<h2>Machines</h2><p>The rows name no machine.</p>")
    total = sum(number for _, _, number, _ in board.states)
    bar = Html('<span style="flex:{};background:{}"></span>')
    bars = Html("").join(bar.format(number, colour) for _, colour, number, _ in board.states)
    swatch = Html('<span class="um-swatch" style="background:{}"></span> {}')
    states = listing(
        (f"{total:,} machines by state", "Machines", "Share"),
        [
            (swatch.format(colour, label), f"{number:,}", f"{share} %")
            for label, colour, number, share in board.states
        ],
        numbers=(1, 2),
        names=(0,),
    )
    portal = Html("")
    if board.portal:
        portal = listing(
            ("What the portal counts", "Machines"),
            [(word, f"{number:,}") for word, number in board.portal],
            numbers=(1,),
            names=(0,),
        )
    return Html(
        '<h2>Machines</h2><div class="um-bar" aria-hidden="true">{}</div><div class="um-beside">{}{}</div>'
    ).format(bars, states, portal)
