"""How much of the data could be seen: the block that stands before every verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from umdiag.model import State, TableHealth
from umdiag.show.blocks import Block, badge, counted, esc, folded, listing, rest, words

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


class HasHealth(Protocol):
    """Whatever can tell how much of each table could be seen."""

    def health(self) -> Sequence[TableHealth]:
        """Return one line per table and scope."""


def health(kit: HasHealth | Sequence[TableHealth]) -> Block:
    """Show in one sentence how much of the data is there; list what lacks, fold away the rest."""
    lines = list(kit if isinstance(kit, Sequence) else kit.health())
    if not lines:
        return Block(
            '<p class="um-answer um-unknown">No table could be looked at: nothing can be judged.</p>'
        )
    lacking = [line for line in lines if line.state not in (State.COMPLETE, State.EMPTY)]
    noted = [line for line in lines if line.note and line not in lacking]
    said = f"{counted(len({line.table for line in lines}), 'table')}"
    said += f" in {counted(len({line.scope for line in lines}), 'place')}"
    said += f", {counted(sum(line.rows for line in lines), 'row')}."
    newest = max((line.newest for line in lines if line.newest is not None), default=None)
    said += f" Newest row: {words(newest)}." if newest else ""
    if lacking:
        said += f" {len(lacking):,} not seen whole: what needs them is UNKNOWN or says what was not checked."
    else:
        said += " All could be seen whole."
    body = f'<p class="um-answer um-{"unknown" if lacking else "healthy"}">{esc(said)}</p>'
    every, shown = _merged(lines), _merged([*lacking, *noted])
    if shown:
        body += _listing(shown[:_MOST_LINES])
    if len(every) > len(shown[:_MOST_LINES]):
        left = len(shown[_MOST_LINES:])
        more = f", {left:,} more of them with a remark" if left else ""
        body += folded(f"All tables{more}", _listing(every[:_MOST_ROWS]))
    if len(every) > _MOST_ROWS:
        body += rest(len(every) - _MOST_ROWS, "findings.json")
    return Block(body)


def _merged(lines: Sequence[TableHealth]) -> list[TableHealth]:
    """Tell one table in many places once where there is nothing to tell apart; what lacks comes first."""
    alike: dict[tuple[str, State, str], list[TableHealth]] = {}
    for line in lines:
        alike.setdefault((line.table, line.state, line.note), []).append(line)
    merged = [
        replace(
            own[0],
            scope=own[0].scope if len(own) == 1 else counted(len(own), "place"),
            rows=sum(line.rows for line in own),
            newest=max((line.newest for line in own if line.newest is not None), default=None),
        )
        for own in alike.values()
    ]
    worst = list(reversed(_SAID))
    return sorted(
        merged, key=lambda line: (worst.index(line.state), not line.note, line.table.lower(), line.scope)
    )


def _listing(lines: Sequence[TableHealth]) -> str:
    rows = [
        (
            badge(*_SAID[line.state]),
            esc(line.table),
            esc(line.scope),
            f"{line.rows:,}",
            esc(words(line.newest)),
            esc(line.note),
        )
        for line in lines
    ]
    return listing(("State", "Table", "Where", "Rows", "Newest row", "Remark"), rows, (3,))
