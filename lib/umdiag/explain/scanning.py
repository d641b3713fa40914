"""Go through a log of any size and group what is known in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from umdiag.errors import CallError, one_line
from umdiag.explain.patience import USUAL, Limits, Patient, amount, of_path
from umdiag.explain.reading import Block, Readable, blocks
from umdiag.explain.shapes import moment, shape
from umdiag.knowledge.choosing import Match, chosen
from umdiag.knowledge.cleaning import cleaned, shown
from umdiag.knowledge.codes import places
from umdiag.knowledge.decoder import ordered
from umdiag.knowledge.hresult import explain
from umdiag.knowledge.matching import Pair, index, pattern
from umdiag.knowledge.table import ROLES, Knowledge

if TYPE_CHECKING:
    from umdiag.explain.cutting import Piece

_MOST_GROUPS = 1000
_CACHED, _CACHED_LENGTH = 20_000, 600
_VAIN, _WIDEST = 500, 16 << 10
Found = tuple[tuple[Knowledge, ...], tuple[Pair, ...]]


@dataclass(frozen=True, kw_only=True)
class Group:
    """One error and where it stands: in how many lines, first and last line and time, and one line of it.

    A line longer than a few kilobytes counts once per piece. Times are as the log writes them, else empty.
    """

    knowledge: Knowledge
    count: int
    first_line: int
    last_line: int
    first_time: str
    last_time: str
    sample: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is known in a log: reasons first, of each kind the most frequent first.

    `left_out` counts lines of groups beyond the most kept. `cut` says why it was not read to its end, "" if
    it was. `numbered`: whether its lines are those of the file.
    """

    name: str
    lines: int
    size: int
    groups: tuple[Group, ...]
    left_out: int = 0
    cut: str = ""
    numbered: bool = True


@dataclass(kw_only=True)
class _Tally:
    knowledge: Knowledge
    first_line: int
    first: bytes
    count: int = 0
    last_line: int = 0
    last: bytes = b""


@dataclass(kw_only=True)
class _Search:
    """The state of one scan: tallies, and what lines of a shape held, so that repeats cost little."""

    tallies: dict[str, _Tally] = field(default_factory=dict)
    shapes: dict[bytes, Found] = field(default_factory=dict)
    vain: dict[str, int] = field(default_factory=dict)
    left_out: int = 0

    def count(self, row: Knowledge, line: int, data: bytes, *, once: bool = False) -> None:
        tally = self.tallies.get(row.id)
        if tally is None:
            if len(self.tallies) >= _MOST_GROUPS:
                self.left_out += 1
                return
            tally = self.tallies[row.id] = _Tally(knowledge=row, first_line=line, first=data[:4096])
        elif once and tally.last_line == line:
            return
        tally.count += 1
        tally.last_line, tally.last = line, data[:4096]


def scan(
    source: str | Path | Readable, name: str = "", limits: Limits = USUAL, *, numbered: bool = True
) -> Report:
    """Read a log once, in blocks, and return what is known in it. Raises CallError if it cannot be read.

    The limits are those of what is read, and of what that is when unpacked.
    """
    if isinstance(source, (str, Path)):
        return scan(of_path(Path(source), limits), name or one_line(Path(source).name), limits)
    from umdiag.explain.cutting import pieces  # opens numpy and pyarrow: only for logs

    search = _Search()
    lines = size = 0

    def look(piece: Piece, block: Block) -> None:
        key = shape(piece.data) if not piece.seam and len(piece.data) <= _CACHED_LENGTH else b""
        found = search.shapes.get(key) if key else None
        if found is None:
            found = _found(piece.data, words=piece.words, codes=piece.codes, seam=piece.seam)
            if key:
                if len(search.shapes) >= _CACHED:
                    search.shapes.clear()
                search.shapes[key] = found
        whole = piece.around[2] > 0
        for row in found[0]:
            search.count(row, piece.line, piece.data, once=whole)
        for missed in found[1] if whole else ():
            if search.vain.get(missed[0], 0) < _VAIN:
                _look_around(search, missed, block.data, piece)

    cut = ""
    for block in blocks(source, name):
        cut = block.cut
        if not block.data:  # at the end, for the sake of `cut` alone
            continue
        size += len(block.data)
        lines = block.first_line + block.data.count(b"\n") - (block.data.endswith(b"\n"))
        for piece in pieces(block):
            look(piece, block)
        if size >= limits.size:
            cut = f"only the first {amount(size)} were read"
            break
    limit = source.cut if isinstance(source, Patient) else ""
    cut = "; ".join(dict.fromkeys(filter(None, [limit, cut])))
    if cut and not size:
        raise CallError(f"explain: {name}: {cut}")
    return Report(
        name=name,
        lines=lines,
        size=size,
        groups=tuple(sorted(map(_group, search.tallies.values()), key=_rank)),
        left_out=search.left_out,
        cut=cut,
        numbered=numbered,
    )


def _found(data: bytes, *, words: bool, codes: bool, seam: int) -> Found:
    """Return the rows that a line holds, and the templates whose words it has without being the message."""
    before = cleaned(data[:seam].decode("utf-8", "replace"))
    text = before + cleaned(data[seam:].decode("utf-8", "replace"))
    small = text.lower()
    low, high = (len(before), len(before)) if seam else (len(text) + 1, -1)
    found: list[Match] = []
    missed: list[Pair] = []
    for template, row in index().candidates(small) if words else ():
        match = pattern(template).search(small)
        if match is None:
            missed.append((template, row))
        elif match.start < low and match.end > high:
            found.append(Match(row=row, start=match.start, end=match.end))
    rows = [match.row for match in chosen(small, found)]
    for number, start, end in places(text) if codes else ():
        if start < low and end > high:
            rows.append(_explained(number))
    known = {match.row.id for match in found}
    return tuple(ordered(rows)), tuple(pair for pair in missed if pair[1].id not in known and not seam)


def _look_around(search: _Search, missed: Pair, data: bytes, piece: Piece) -> None:
    """Look for a message that goes over several lines; a template that never does is given up in the end."""
    template, row = missed
    line, start, end = piece.around
    around = data[start : min(end, start + _WIDEST)]
    small = cleaned(around.decode("utf-8", "replace")).lower()
    match = pattern(template).search(small)
    if match and not chosen(small, [Match(row=row, start=match.start, end=match.end)]):
        return
    if match is None:
        search.vain[template] = search.vain.get(template, 0) + 1
        return
    search.vain[template] = 0
    search.count(row, line + small.count("\n", 0, match.start), around, once=True)


def _group(tally: _Tally) -> Group:
    return Group(
        knowledge=tally.knowledge,
        count=tally.count,
        first_line=tally.first_line,
        last_line=tally.last_line,
        first_time=moment(tally.first),
        last_time=moment(tally.last),
        sample=shown(tally.first.decode("utf-8", "replace")),
    )


def _rank(group: Group) -> tuple[int, int, int]:
    return ROLES.index(group.knowledge.role), -group.count, group.first_line


@lru_cache(maxsize=4096)
def _explained(number: int) -> Knowledge:
    return explain(number)
