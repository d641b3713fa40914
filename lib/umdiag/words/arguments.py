"""Words of a command line, put so that the parser understands them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FAMILY = re.compile(r"[A-Za-z][A-Za-z_-]*")


def spread_only(words: Sequence[str]) -> list[str]:
    """Let `--only` take several families: every further one gets an `--only` of its own."""
    spread: list[str] = []
    taking = False
    for word in words:
        if taking and spread[-1] != "--only" and _FAMILY.fullmatch(word):
            spread += ["--only", word]
        else:
            taking = word.startswith("--only") or (taking and spread[-1] == "--only")
            spread.append(word)
    return spread
