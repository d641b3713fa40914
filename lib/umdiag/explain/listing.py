"""List on the terminal what the table knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from umdiag.errors import CallError
from umdiag.explain import wording
from umdiag.knowledge.table import PLATFORMS, Knowledge, table

_WIDEST_NAME = 44


def listing(words: Sequence[str], width: int) -> str:
    """Write the platforms, or a line for each entry of one. Raises CallError for a platform that is none."""
    if not words:
        often = Counter(row.platform for row in table())
        lines = [f"{name:<18} {often[name]:>5}  {says}" for name, says in PLATFORMS.items()]
        return "\n".join(
            [f"{len(table()):,} errors; umdiag explain --list PLATFORM shows those of one:", *lines]
        )
    platform = "_".join(words).replace("-", "_").casefold()
    if platform not in PLATFORMS:
        raise CallError(f"explain: there is no platform {platform[:40]!r}; they are {', '.join(PLATFORMS)}")
    return "\n".join(_line(row, width) for row in _rows(platform))


def _rows(platform: str) -> list[Knowledge]:
    return [row for row in table() if row.platform == platform]


def _line(row: Knowledge, width: int) -> str:
    name = wording.title(row)
    text = f"{name:<{_WIDEST_NAME}} {row.meaning}"
    return text if len(text) <= width else text[: width - 1] + "…"
