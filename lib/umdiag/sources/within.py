"""Whether the rows of a snapshot's logs lie in the window that is asked about."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from umdiag.queries import kql
from umdiag.sources import damage
from umdiag.sources.captured import READABLE, CapturedTables
from umdiag.sources.casting import TIME, quoted

#: Logs into which every machine or workspace that is well writes all the time.
STEADY = ("Heartbeat", "Update", "UpdateSummary", "Usage")


def outside(tables: CapturedTables, start: datetime, end: datetime) -> str:
    """Say that no row of any log lies in a window, though there are rows; "" where one does."""
    newest: list[datetime] = []
    for name in kql.tables()["workspace"]:
        if tables.table(name).rows and tables.table(name).state in READABLE:
            if _has_rows(tables, name, start, end):
                return ""
            newest += filter(None, [tables.newest(name)])
    return damage.of_window(start, end, max(newest)) if newest else ""


def old(tables: CapturedTables, start: datetime, end: datetime) -> Mapping[str, str]:
    """Say of each log of those that are written all the time if it holds rows and none of a window."""
    return {
        name: damage.of_old_rows(name, newest)
        for name in STEADY
        if (newest := tables.newest(name)) and not _has_rows(tables, name, start, end)
    }


def _has_rows(tables: CapturedTables, name: str, start: datetime, end: datetime) -> bool:
    since, until = (f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}'" for moment in (start, end))
    inside = f"{quoted(TIME)} > {since} AND {quoted(TIME)} <= {until}"
    return bool(tables.rows(f"SELECT 1 FROM {quoted(name)} WHERE {inside} LIMIT 1", name))
