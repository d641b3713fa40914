"""Count the rows of a workspace's tables: all in one question, table by table where that is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime

import pandas as pd

from umdiag.queries import kql
from umdiag.sources.live.answers import Answer, frame_of, joined
from umdiag.sources.live.faults import Fault, NoSuchTable
from umdiag.sources.live.parts import Part, Window

_COLUMNS = {"table_name": "string", "row_count": "long", "newest": "datetime"}


def volumes_text(window: Window | None, tables: Sequence[str] = ()) -> str:
    """Write the query that counts tables, all of none; one that is not there drops out of a fuzzy union."""
    span = ""
    if window is not None:
        start, end = (kql.literal(moment, "datetime", "") for moment in (window.start, window.asked_at))
        span = f" | where TimeGenerated > {start} and TimeGenerated <= {end}"
    legs = [
        f"({table}{span} | summarize row_count = count(), newest = max(TimeGenerated)"
        f' | project table_name = "{table}", row_count, newest)'
        for table in tables or kql.tables()["workspace"]
    ]
    if len(legs) == 1:  # alone in a fuzzy union, a table that is not there would be another error
        return legs[0][1:-1] + "\n"
    return "union isfuzzy=true " + ", ".join(legs) + "\n"


def counted(ask: Callable[[str], Answer], window: Window | None, pool: Executor) -> Part:
    """Return table_name, row_count, newest of each table that a workspace has.

    A table that refuses to be counted costs no other. Raises Fault where none can be counted.
    """
    try:
        return _of(ask(volumes_text(window)))
    except Fault as fault:
        if fault.everything:
            raise
    return _one_by_one(ask, window, pool)


def newest_in(volumes: Mapping[str, Part], tables: Iterable[str]) -> datetime | None:
    """Return the newest row of these tables in any workspace that was counted."""
    frames = [part.frame for part in volumes.values() if part.frame is not None]
    times = [frame.loc[frame["table_name"].isin(list(tables)), "newest"].max() for frame in frames]
    found = [time for time in times if not pd.isna(time)]
    return max(found).to_pydatetime() if found else None


def _one_by_one(ask: Callable[[str], Answer], window: Window | None, pool: Executor) -> Part:
    def part_of(table: str) -> Part:
        try:
            return _of(ask(volumes_text(window, (table,))))
        except Fault as fault:
            return Part(frame=None, fault=fault)

    tables = tuple(kql.tables()["workspace"])
    parts = dict(zip(tables, pool.map(part_of, tables), strict=True))
    faults = {table: part.fault for table, part in parts.items() if part.fault is not None}
    refused = {table: fault for table, fault in faults.items() if not isinstance(fault, NoSuchTable)}
    frames = [part.frame for part in parts.values() if part.frame is not None]
    if not frames and not refused:
        raise NoSuchTable("it has none of the tables that Update Management writes")
    if not frames:
        raise next(iter(refused.values()))
    cuts = dict.fromkeys(part.cut for part in parts.values() if part.cut)
    return Part(frame=joined(_COLUMNS, frames, "volumes"), cut=", ".join(cuts), refused=refused)


def _of(answer: Answer) -> Part:
    return Part(frame=frame_of(_COLUMNS, answer, "volumes"), cut=answer.cut)
