"""Cut a log query's text into slices, for answers that would pass a limit of the service.

A query file names in its header by which column of the raw table its answer can be cut (`// Slices:`): rows
of different slices never meet in one group, so that all slices together are the whole answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from umdiag.errors import QueryError
from umdiag.queries.kql import Query, literal

#: The line by which every log query takes its window out of a raw table.
_WINDOW = "| where TimeGenerated > asked_at - lookback"
_DIGITS = "0123456789abcdef"
_MOST_DIGITS = 3
#: Groups by the time are of an hour at most: no slice is shorter.
_GRAIN = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Share:
    """Rows whose hash of the query's column begins with `prefix`; the whole answer for ""."""

    prefix: str = ""

    def text(self, query: Query, text: str) -> str:
        """Return a bound text that reads this share only."""
        return sliced(query, text, [self.prefix]) if self.prefix else text

    def parts(self) -> list[Share]:
        """Return the shares that this one consists of, none where it is not to be cut further."""
        return [Share(prefix=self.prefix + digit) for digit in _DIGITS if len(self.prefix) < _MOST_DIGITS]


@dataclass(frozen=True, kw_only=True)
class Span:
    """Rows from `start` up to, not including, `end`, both whole hours; `whole` is the answer itself."""

    start: datetime
    end: datetime
    whole: bool = False

    def text(self, query: Query, text: str) -> str:
        """Return a bound text that reads this span only."""
        return text if self.whole else within(text, self.start, self.end)

    def parts(self) -> list[Span]:
        """Return up to sixteen spans of whole hours that this one consists of, none for a single hour."""
        hours = (self.end - self.start) // _GRAIN
        places = min(hours, len(_DIGITS))
        if places < 2:
            return []
        edges = [self.start + _GRAIN * (hours * place // places) for place in range(places + 1)]
        return [Span(start=start, end=end) for start, end in pairwise(edges)]


def whole(query: Query, start: datetime, end: datetime) -> Share | Span:
    """Return the whole answer to a query over a window, which knows the parts it can be cut into."""
    if query.slices != "TimeGenerated":
        return Share()
    first, last = (moment.replace(minute=0, second=0, microsecond=0) for moment in (start, end))
    return Span(start=first, end=last + _GRAIN, whole=True)  # the last row may lie at the very end


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
