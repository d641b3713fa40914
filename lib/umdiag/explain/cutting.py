"""Cut a block into lines, endless ones into pieces, and find those worth a closer look, by RE2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from umdiag.explain.reading import SEAM, Block
from umdiag.knowledge.matching import index, prefilter

_LONG, _PIECE = 8 << 10, 2 << 10
# With more words in one pattern RE2 runs out of memory for its states, and is twenty times slower.
_AT_ONCE = 500
# RE2 reads these patterns anew each time: for so few lines a closer look at all of them takes less.
_FEW, _LITTLE = 60, 8 << 10
# Where the records of an endless line end: JSON objects, XML events, escaped line breaks, before a time.
_RECORD = re.compile(rb"\}\s*,\s*(?=\{)|</Event>|\\n|[\s,;](?=20\d\d-\d\d-\d\d[T \t]\d\d:)")
_CODES = (
    r"(?i)0x(?:f{8})?(?:80(?:0[0-9bf]|13|19|2[04]|d0)|0024|c190|[cd]0[0-9a-f]{2})[0-9a-f]{4}"
    r"|-[12]?[0-9]{9}|\b[2-4][0-9]{9}\b"
    r"|(?:error|err|code|hr|hresult|result|status|failed|failure|exit|returned?)[^0-9a-z]{1,6}"
    r"(?:(?:code|value|with|is|hr|hresult|status)[^0-9a-z]{1,6}){0,3}8[0-9a-f]{7}"
)


class Piece(NamedTuple):
    """A line, or a piece of an endless one, in which a message or a code may stand.

    `seam` is the place within it at which it was cut: only what lies across counts; 0 where it is no seam.
    `around` are the first line, the start and the end in the block of two lines before to three after;
    a piece of an endless line has none.
    """

    data: bytes
    line: int
    words: bool
    codes: bool
    seam: int = 0
    around: tuple[int, int, int] = (0, 0, 0)


def pieces(block: Block) -> Iterator[Piece]:
    """Yield the pieces of a block that are worth a look: first those at seams, then the others in order."""
    data = block.data
    is_end = np.frombuffer(data, dtype=np.uint8) == 10
    line_ends = np.flatnonzero(is_end) + 1
    ends, seams = _cuts(data, line_ends)
    yield from _seams(block, seams, line_ends)
    bounds = np.concatenate(([0], ends))
    array = _array(data, bounds)
    words, codes = _with_words(array), _matches(array, _CODES)
    lines = block.first_line + np.searchsorted(line_ends, bounds, side="right")
    here = np.flatnonzero(words | codes)
    whole = (is_end[bounds[here] - 1] | (here == 0)) & (is_end[ends[here] - 1] | (ends[here] == len(data)))
    low, high = np.maximum(here - 2, 0), np.where(whole, np.minimum(here + 4, len(ends)), 0)
    columns = (
        bounds[here],
        ends[here],
        lines[here],
        words[here],
        codes[here],
        lines[low],
        bounds[low],
        bounds[high],
    )
    for start, end, line, word, code, *around in zip(*(column.tolist() for column in columns), strict=True):
        yield Piece(data[start:end], line, word, code, 0, tuple(around))


def _cuts(data: bytes, line_ends: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return the ends of all pieces, and those of them that are seams: cut within a record."""
    ends = line_ends if len(line_ends) and line_ends[-1] == len(data) else np.append(line_ends, len(data))
    starts = np.concatenate(([0], ends[:-1]))
    more: list[int] = []
    seams: list[int] = []
    for i in np.flatnonzero(ends - starts > _LONG):
        records = [match.end() for match in _RECORD.finditer(data, int(starts[i]), int(ends[i]))]
        place = int(starts[i])
        for end in [*records, int(ends[i])]:
            cuts = range(place + _PIECE, end, _PIECE)
            seams += cuts
            more += [*cuts, end]
            place = end
    return (np.unique(np.concatenate((ends, np.array(more, dtype=ends.dtype)))) if more else ends), seams


def _seams(block: Block, seams: list[int], line_ends: np.ndarray) -> Iterator[Piece]:
    """Yield what lies around the seams, and around the place where the block before was cut."""
    around = [(block.data[max(cut - SEAM, 0) : cut + SEAM], min(cut, SEAM), cut) for cut in seams]
    if block.before:
        around.append((block.before + block.data[:SEAM], len(block.before), 0))
    if not around:
        return
    joined = b"".join(text for text, _, _ in around)
    array = _array(joined, np.cumsum([0, *(len(text) for text, _, _ in around)]))
    words, codes = _with_words(array), _matches(array, _CODES)
    for i in np.flatnonzero(words | codes):
        text, seam, cut = around[i]
        line = block.first_line + int(np.searchsorted(line_ends, cut, side="right"))
        yield Piece(text, line, bool(words[i]), bool(codes[i]), seam)


def _array(data: bytes, offsets: np.ndarray) -> pa.Array:
    return pa.Array.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    )


def _matches(array: pa.Array, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)


def _with_words(array: pa.Array) -> np.ndarray:
    if len(array) <= _FEW and array.nbytes <= _LITTLE:
        return np.ones(len(array), dtype=bool)
    return np.logical_or.reduce([_matches(array, pattern) for pattern in _words()])


@cache
def _words() -> tuple[str, ...]:
    keys = sorted(index().by_anchor)
    return tuple(prefilter(keys[n : n + _AT_ONCE]) for n in range(0, len(keys), _AT_ONCE))
