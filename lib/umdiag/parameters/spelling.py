"""Find the word that was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Return the known word nearest to `word`, whatever its case and dashes, or nothing."""
    matches = get_close_matches(word.strip().casefold().replace("-", "_"), list(known), n=1, cutoff=likeness)
    return matches[0] if matches else ""


def hint(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` for the known word nearest to `word`, or nothing."""
    meant = nearest(word, known)
    return f"; did you mean {meant}?" if meant else ""
