"""Numbers with their nouns: `1 row`, `1,200 rows`. Written here only."""

from __future__ import annotations


def counted(number: int, noun: str, many: str = "") -> str:
    """Write a number with its noun; `many` where more than one is not just the noun with an s."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
