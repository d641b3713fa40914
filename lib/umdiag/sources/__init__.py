"""Where rows come from. One protocol; a source is one class in a module of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import pandas as pd

from umdiag.model import Rows, TableHealth
from umdiag.queries.kql import Query, Value


class Source(Protocol):
    """Answers queries; opened once per run and safe to use from several threads.

    A source never raises for what it could not see: a table that is missing, refused, unreadable or cut
    short becomes the `state` and `reason` of the rows.
    """

    #: How many queries may be asked for at a time.
    parallel: int
    #: Window that the rows were captured for, where the source knows it (`snapshot.json`), else None.
    lookback: timedelta | None
    #: What a reader should be told before anything else (for one: the clock is the newest row found).
    notes: Sequence[str]
    #: How to say that no table of a service is there to be asked.
    absence: str
    #: Services that a report did not look at, each with the reason; None where nobody has decided yet.
    decided: Mapping[str, str] | None

    @property
    def captured(self) -> Collection[str]:
        """Return the tables that there are to be asked, whether they can be read or not."""
        ...

    def clock(self) -> datetime:
        """Return the source's own `asked_at`, UTC: a snapshot's, else the newest row found."""
        ...

    def newest(self) -> datetime:
        """Return the newest row found in any table, UTC: what `asked_at: latest` means."""
        ...

    def look_at(self, asked_at: datetime, lookback: timedelta) -> None:
        """Hear the window of the investigation, once, before anything is fetched."""
        ...

    def fetch(self, query: Query, values: Mapping[str, Value]) -> Rows:
        """Answer one query of the package with `values` bound into it."""
        ...

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        """Answer a free question; raises QueryError with one line for what cannot be answered in time."""
        ...

    def health(self) -> Sequence[TableHealth]:
        """Say of each table and scope how much of it could be seen."""
        ...

    def interrupt(self) -> None:
        """Stop whatever runs, from another thread."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
