"""Cut a log query's text into slices, for answers that would pass a limit of the service.

A query file names in its header by which column of the raw table its answer can be cut (`// Slices:`): rows
of different slices never meet in one group, so that all slices together are the whole answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from umdiag.errors import QueryError
from umdiag.queries.kql import Query, literal

#: The line by which every log query takes its window out of a raw table.
_WINDOW = "| where TimeGenerated > asked_at - lookback"


def sliced(query: Query, text: str, prefixes: Sequence[str]) -> str:
    """Return a bound text that reads only rows whose hash begins with one of the prefixes (hex digits).

    Raises QueryError for a text that takes no window out of a table.
    """
    length = len(prefixes[0])
    listed = ", ".join(f'"{prefix}"' for prefix in prefixes)
    return _narrowed(text, f"| where substring(hash_md5({query.slices}), 0, {length}) in ({listed})")


def within(text: str, start: datetime, end: datetime) -> str:
    """Return a bound text that reads only rows from `start` up to, not including, `end`.

    Raises QueryError for a text that takes no window out of a table.
    """
    first, last = literal(start, "datetime", "start"), literal(end, "datetime", "end")
    return _narrowed(text, f"| where TimeGenerated >= {first} and TimeGenerated < {last}")


def _narrowed(text: str, condition: str) -> str:
    lines = []
    for line in text.removesuffix("\n").split("\n"):  # a bound value may hold other line separators
        lines.append(line)
        if line.startswith(_WINDOW):
            # The window may be the last line of a `let`: its semicolon moves on.
            ends = line.endswith(";")
            lines[-1] = line.removesuffix(";")
            lines.append(condition + ";" * ends)
    if condition not in (line.removesuffix(";") for line in lines):
        # Unchanged, each slice would be the whole, and the rows of all slices too many.
        raise QueryError(f"this query cannot be cut into slices: none of its lines is {_WINDOW!r}")
    return "\n".join(lines) + "\n"
