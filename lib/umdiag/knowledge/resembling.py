"""Find the entries whose messages a text resembles, where it holds none of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from math import log

from umdiag.knowledge.cleaning import cleaned
from umdiag.knowledge.table import Knowledge, table
from umdiag.knowledge.templates import tokens

#: From here on a text is answered by what it resembles, and the page says so.
NEAR = 0.66
_FIRST_SIGNS = 20_000
_VARIABLE = re.compile(r"\{[^{}]*\}")


def similar(text: str, most: int = 2) -> list[tuple[float, Knowledge]]:
    """Return (share of the message's words that the text has, row), the most similar first.

    Words count the more the rarer they are in the table.
    """
    words = {*tokens(cleaned(text[:_FIRST_SIGNS]))}
    weights = _weights()
    best: dict[str, tuple[float, Knowledge]] = {}
    for wanted, row in _messages():
        shared = wanted & words
        if len(shared) < min(3, len(wanted)):
            continue
        score = sum(map(weights.__getitem__, shared)) / sum(map(weights.__getitem__, wanted))
        if score > best.get(row.id, (0.2, row))[0]:
            best[row.id] = (score, row)
    return sorted(best.values(), key=lambda pair: (-pair[0], pair[1].id))[:most]


@cache
def _messages() -> tuple[tuple[frozenset[str], Knowledge], ...]:
    pairs = ((tokens(_VARIABLE.sub(" ", text)), row) for row in table() for text in row.patterns)
    return tuple((frozenset(words), row) for words, row in pairs if len(words) > 1)


@cache
def _weights() -> Mapping[str, float]:
    often = Counter(word for words, _ in _messages() for word in words)
    return {word: log(1 + len(_messages()) / count) for word, count in often.items()}
