"""Which columns of text are never empty in rows that are whole, and how many rows of a file lack them."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from umdiag.queries import kql
from umdiag.sources.casting import quoted
from umdiag.sources.headers import match_columns
from umdiag.sources.tablefiles import TableFile, statistics_of

#: Table → columns that every row fills.
ALWAYS_FILLED: Mapping[str, tuple[str, ...]] = {
    "Heartbeat": ("Computer",),
    "Update": ("Computer", "UpdateState"),
    "UpdateSummary": ("Computer",),
    "UpdateRunProgress": ("Computer", "InstallationStatus"),
    "Event": ("Computer", "Source"),
    "Operation": ("Detail",),
    "_LogOperation": ("Detail",),
    "Usage": ("DataType",),
}
#: Table → columns that some rows lack, and never all: an update without a class is one that has none.
FILLED_SOMEWHERE: Mapping[str, tuple[str, ...]] = {"Update": ("Classification", "OSType")}
#: Columns of words that queries compare: no blank around such a word means anything.
COMPARED = ("UpdateState", "InstallationStatus", "Classification", "OSType", "DataType", "Source")
_OF_OBJECTS: Mapping[str, tuple[str, ...]] = {"graph": ("id", "type"), "arm": ("id",)}


def always_filled(table: str) -> tuple[str, ...]:
    """Return the columns of a table that every row fills."""
    for section, columns in _OF_OBJECTS.items():
        if table in kql.tables()[section]:
            return columns
    return ALWAYS_FILLED.get(table, ())


def losses(table: str, counts: Mapping[str, int], rows: int) -> Mapping[str, int]:
    """Keep of the counts of empty values those that are a loss."""
    always = always_filled(table)
    return {
        column: count for column, count in counts.items() if count and (column in always or count == rows)
    }


def watched(file: TableFile, lost: Collection[str]) -> tuple[str, ...]:
    """Return the columns of a file whose empty values are to be counted, but for those that are `lost`."""
    columns = (*always_filled(file.table), *FILLED_SOMEWHERE.get(file.table, ()))
    told = statistics_of(file.path) if columns and file.kind == "parquet" else {}
    return tuple(
        column for column in columns if column not in lost and _may_be_empty(told.get(column.casefold()))
    )


def counting(table: str, columns: Collection[str]) -> str:
    """Return SQL that counts the empty values of each column of a table as the engine holds it."""
    counts = (f"count(*) FILTER (trim({quoted(column)}) = '')" for column in columns)
    return f"SELECT {', '.join(counts)} FROM {quoted(table)}"


def trimmed(
    header: list[str], values: list[tuple[str, str]], wanted: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the SQL of values of text, without blanks around words that are compared."""
    places = {place for name, place in match_columns(header, wanted).items() if name in COMPARED}
    return [
        (f"trim({value})" if place in places else value, found) for place, (value, found) in enumerate(values)
    ]


def _may_be_empty(told: Sequence[Any] | None) -> bool:
    """Whether a column may hold empty values, as far as the footer of a Parquet file can tell."""
    return told is None or any(
        part is None
        or not part.has_null_count
        or bool(part.null_count)
        or not part.has_min_max
        or not str(part.min).strip()
        for part in told
    )
