"""How much of the data could be seen: the block that stands before every verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from umdiag.model import State, TableHealth
from umdiag.show.blocks import Block, badge, counted, esc, folded, listing, words

_SAID = {
    State.COMPLETE: ("complete", "healthy"),
    State.EMPTY: ("empty", "info"),
    State.PARTIAL: ("partial", "medium"),
    State.MISSING: ("not captured", "medium"),
    State.DENIED: ("denied", "high"),
    State.UNREADABLE: ("unreadable", "high"),
}
_MOST_LINES = 8


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
    worst = list(reversed(_SAID))
    lines.sort(key=lambda line: (worst.index(line.state), line.table.lower(), line.scope))
    seen = [line for line in lines if line.state in (State.COMPLETE, State.EMPTY)]
    lacking = [line for line in lines if line not in seen]
    total = sum(line.rows for line in lines)
    said = f"{len(seen):,} of {counted(len(lines), 'table')} seen whole, {counted(total, 'row')} in all."
    newest = max((line.newest for line in lines if line.newest is not None), default=None)
    said += f" Newest row: {words(newest)}." if newest else ""
    if lacking:
        said += (
            f" {counted(len(lacking), 'table')} not: what needs them is UNKNOWN or says what was not checked."
        )
    noted = [line for line in seen if line.note]
    shown = [*lacking, *noted][:_MOST_LINES]
    body = f'<p class="um-answer um-{"unknown" if lacking else "healthy"}">{esc(said)}</p>'
    if shown:
        body += _listing(shown)
    if len(shown) < len(lines):
        left = len(lacking) + len(noted) - len(shown)
        body += folded(
            f"All {len(lines):,} tables" + (f" ({left:,} more with a remark)" if left else ""),
            _listing(lines),
        )
    return Block(body)


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
