"""Whether the rows of a snapshot's logs lie in the window that is asked about."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from umdiag.queries import kql
from umdiag.queries.rhythm import RHYTHM
from umdiag.sources import damage
from umdiag.sources.captured import READABLE, CapturedTables
from umdiag.sources.casting import TIME, quoted


def outside(tables: CapturedTables, start: datetime, end: datetime) -> str:
    """Say that no row of any log lies in a window, though there are rows; "" where one does."""
    newest: list[datetime] = []
    for name in _filled(tables, kql.tables()["workspace"]):
        if _has_rows(tables, name, start, end):
            return ""
        newest += filter(None, [tables.newest(name)])
    return damage.of_window(start, end, max(newest)) if newest else ""


def old(tables: CapturedTables, start: datetime, end: datetime) -> Mapping[str, str]:
    """Say of each log of those that are written all the time if it holds rows and none of a window."""
    return {
        name: damage.of_old_rows(name, newest)
        for name in _filled(tables, RHYTHM)
        # The newest row of a large table takes a while to find: only where the window holds none.
        if not _has_rows(tables, name, start, end) and (newest := tables.newest(name))
    }


def _filled(tables: CapturedTables, names: Iterable[str]) -> Iterator[str]:
    """Yield the tables that can be read and hold rows."""
    for name in names:
        if tables.table(name).rows and tables.table(name).state in READABLE:
            yield name


def _has_rows(tables: CapturedTables, name: str, start: datetime, end: datetime) -> bool:
    since, until = (f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}'" for moment in (start, end))
    inside = f"{quoted(TIME)} > {since} AND {quoted(TIME)} <= {until}"
    return bool(tables.rows(f"SELECT 1 FROM {quoted(name)} WHERE {inside} LIMIT 1", name))
