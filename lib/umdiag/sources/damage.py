"""Word what is wrong with a table: absent columns, values that cannot be read, a file that is damaged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import duckdb
import pandas as pd

from umdiag.queries.kql import Query
from umdiag.sources.casting import TIME
from umdiag.sources.keys import KeyLosses, lost_in
from umdiag.sources.times import form
from umdiag.words.counting import counted

WANTED_TIME = "2026-11-18T05:00:00Z"


def of_columns(table: str, absent: Collection[str]) -> str:
    """Say which columns a table lacks, "" for none."""
    if not absent:
        return ""
    which = f"columns {', '.join(absent)}" if len(absent) > 1 else f"column {next(iter(absent))}"
    return f"{table} has no {which}: export or capture it again with all columns"


def of_values(table: str, counts: Mapping[str, int], types: Mapping[str, str]) -> list[str]:
    """Say of each column how many of its values cannot be read; `table` goes before its name, if any."""
    where = f"{table}." if table else ""
    return [
        f"{counted(count, 'value')} of {where}{column} cannot be read as {types[column]}"
        for column, count in counts.items()
        if count
    ]


def of_blanks(table: str, counts: Mapping[str, int], rows: int) -> list[str]:
    """Say of each column that every row should fill how many of its values are empty."""
    return [
        f"{table}.{column} is empty in {'every row' if count == rows else f'{count:,} of {rows:,} rows'}"
        for column, count in counts.items()
    ]


def of_keys(table: str, losses: KeyLosses, said: Collection[str] = ()) -> list[str]:
    """Say in how many rows a dynamic column holds nothing that is read, or lacks what every row fills; not
    of columns of which more is `said` elsewhere.
    """
    rows = losses.rows
    return [
        f"{table}.{column} {'cannot be read' if '.' not in column else 'is empty'} in "
        f"{'every row' if count == rows else f'{count:,} of {rows:,} rows'}"
        for column, count in (*losses.none.items(), *losses.lacking.items())
        if column.partition(".")[0] not in said
    ]


def of_answer(query: Query, answer: pd.DataFrame) -> list[str]:
    """Say in how many rows of an answer nothing came out of dynamic columns."""
    return [words for table, losses in lost_in(query, answer).items() for words in of_keys(table, losses)]


def of_no_time(table: str, found: str) -> str:
    """Say that no row of a table has a time, and in which form the times are, if they are in any."""
    told = f"written as {form(found)} (digits hidden)" if found else "absent"
    return (
        f"{table} cannot be read: the {TIME} of every row is {told}. Export it again with times in UTC such "
        f"as {WANTED_TIME}, or set the browser's language to English (United States) before you export"
    )


def of_window(start: datetime, end: datetime, newest: datetime) -> str:
    """Say that the logs hold rows, and none of the window."""
    return (
        f"no row of any log lies between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC, the newest "
        f"is of {newest:%Y-%m-%d %H:%M}: set asked_at to a time that the rows reach"
    )


def of_end(asked_at: datetime, end: datetime) -> str:
    """Say that a snapshot ends before the moment that is asked about."""
    return (
        f"the snapshot ends at {end:%Y-%m-%d %H:%M} UTC, before asked_at ({asked_at:%Y-%m-%d %H:%M}): set "
        "asked_at to it"
    )


def of_beginning(start: datetime, begun: datetime) -> str:
    """Say that a snapshot begins after the window does."""
    return (
        f"the snapshot begins at {begun:%Y-%m-%d %H:%M} UTC, after the window ({start:%Y-%m-%d %H:%M}): "
        "capture it again with a longer lookback, or set a shorter one"
    )


def of_old_rows(table: str, newest: datetime) -> str:
    """Say that a log holds rows, and none of the window, though others have some there."""
    return f"{table} holds rows, but none in the window, its newest is of {newest:%Y-%m-%d %H:%M}"


def why(error: Exception, memory_limit: str) -> str:
    """Word what happened while files were read, without the engine's paths and SQL."""
    match error:
        case duckdb.OutOfMemoryException():
            return f"it needs more memory than {memory_limit}"
        case duckdb.InterruptException():
            return "it was interrupted"
        case duckdb.ConnectionException():
            return "the snapshot is closed"
        case duckdb.ConversionException() | duckdb.OutOfRangeException():
            return "a value in it does not fit the query"
        case OSError() if error.strerror:
            return error.strerror.lower()
    return "the file is damaged or was cut short, capture it again"


def joined(*parts: str) -> str:
    """Join what is to be said, leaving out what is empty."""
    return "; ".join(part for part in parts if part)
