"""Say whether a word may be another one mistyped."""

from __future__ import annotations

import re
from functools import lru_cache

#: A word with more letters changed, or shorter, is another word.
_MOST_LETTERS, _SHORTEST = 2, 3
_DIGITS = re.compile(r"\d")


@lru_cache(maxsize=100_000)
def near(word: str, other: str) -> bool:
    """Whether two folded words differ by one or two letters, and not in digits alone."""
    if word == other or min(len(word), len(other)) < _SHORTEST:
        return False
    if abs(len(word) - len(other)) > _MOST_LETTERS or _DIGITS.sub("", word) == _DIGITS.sub("", other):
        return False
    return _distance(word, other) <= _MOST_LETTERS


def _distance(word: str, other: str) -> int:
    """Return how many letters must be changed, left out or put in to make one word the other."""
    above = list(range(len(other) + 1))
    for place, letter in enumerate(word, 1):
        row = [place]
        for at, compared in enumerate(other, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (letter != compared)))
        above = row
    return above[-1]
