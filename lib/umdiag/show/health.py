"""How much of the data could be seen: the block that stands before every verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from umdiag.model import State, TableHealth
from umdiag.show.blocks import Block
from umdiag.show.markup import Html, answer, badge, folded, listing
from umdiag.show.places import Place
from umdiag.show.values import words
from umdiag.words.counting import counted

_SAID = {
    State.COMPLETE: ("complete", "healthy"),
    State.EMPTY: ("empty", "info"),
    State.PARTIAL: ("partial", "medium"),
    State.MISSING: ("not captured", "medium"),
    State.DENIED: ("denied", "high"),
    State.UNREADABLE: ("unreadable", "high"),
}
_MOST_LINES = 8
_MOST_ROWS = 200


def health(lines: Sequence[TableHealth], notes: Sequence[str] = ()) -> Block:
    """Show in one sentence how much of the data is there; list what lacks and `notes`, fold away the rest."""
    if not lines:
        return Block(lambda _: answer("unknown", "No table could be read: nothing can be judged."))
    lacking = [line for line in lines if line.state not in (State.COMPLETE, State.EMPTY)]
    noted = [line for line in lines if line.note and line not in lacking]
    top = answer("unknown" if lacking else "healthy", _said(lines, len(lacking)))
    every, shown = _merged(lines), _merged([*lacking, *noted])
    said = Html("<ul>{}</ul>").format(Html("<li>{}</li>").each(notes)) if notes else Html("")
    return Block(lambda place: top + said + _tables(every, shown, place))


def _said(lines: Sequence[TableHealth], lacking: int) -> str:
    tables = counted(len({line.table for line in lines}), "table")
    places = counted(len({line.scope for line in lines}), "source")
    said = [f"{tables} in {places}, {counted(sum(line.rows for line in lines), 'row')}."]
    newest = max((line.newest for line in lines if line.newest is not None), default=None)
    if newest is not None:
        said.append(f"Newest row: {words(newest)}.")
    unseen = f"{lacking:,} not read completely: what needs them is UNKNOWN or says what was not checked."
    said.append(unseen if lacking else "All were read completely.")
    return " ".join(said)


def _tables(every: Sequence[TableHealth], shown: Sequence[TableHealth], place: Place) -> Html:
    """List what is to be shown first, and fold `every` table away behind it."""
    first, left = shown[:_MOST_LINES], len(shown[_MOST_LINES:])
    parts = [_listing(first)] if first else []
    if len(every) > len(first):
        more = f", {left:,} more of them with a note" if left else ""
        parts.append(folded(f"All tables{more}", _listing(every[:_MOST_ROWS])))
    if len(every) > _MOST_ROWS:
        parts.append(place.rest(len(every) - _MOST_ROWS, "findings.json"))
    return Html("").join(parts)


def _merged(lines: Sequence[TableHealth]) -> list[TableHealth]:
    """Say once what is the same of one table in many places; what lacks comes first."""
    alike: dict[tuple[str, State, str], list[TableHealth]] = {}
    for line in lines:
        alike.setdefault((line.table, line.state, line.note), []).append(line)
    merged = [
        replace(
            same[0],
            scope=same[0].scope if len(same) == 1 else counted(len(same), "source"),
            rows=sum(line.rows for line in same),
            newest=max((line.newest for line in same if line.newest is not None), default=None),
        )
        for same in alike.values()
    ]
    worst = list(reversed(_SAID))
    return sorted(
        merged, key=lambda line: (worst.index(line.state), not line.note, line.table.lower(), line.scope)
    )


def _listing(lines: Sequence[TableHealth]) -> Html:
    rows = [
        (badge(*_SAID[line.state]), line.table, line.scope, f"{line.rows:,}", words(line.newest), line.note)
        for line in lines
    ]
    return listing(("State", "Table", "Where", "Rows", "Newest row", "Note"), rows, (3,))
