"""The embedded engine: KQL on DuckDB, shut off from the machine it runs on.

It reads no file but those of the one folder it was opened for, writes nowhere but into a private folder of
its own that goes when it is closed, and runs no control command.
"""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql
import pandas as pd
import pyarrow as pa

from umdiag.errors import QueryError
from umdiag.queries.columns import Reading
from umdiag.sources import keys
from umdiag.sources.blanks import always_filled, trimmed
from umdiag.sources.casting import Losses, Projection, literal, project, quoted
from umdiag.sources.headers import UnreadableError, match_spellings
from umdiag.sources.keys import KeyLosses
from umdiag.sources.limits import endings_named
from umdiag.sources.orders import orders_of, written_times
from umdiag.sources.outward import kql_type, to_frame
from umdiag.sources.tablefiles import json_rows, known_tables
from umdiag.sources.translation import Schema, translated, worded
from umdiag.words.once import Once
from umdiag.words.private import PrivateFolder

#: No row of a log is further ahead of the clock: such a time is of another calendar.
_AHEAD = timedelta(days=366)


class Engine:
    """One in-memory database; every call has a cursor of its own, so several threads may ask at once."""

    def __init__(
        self, *, folder: Path | None = None, memory_limit: str = "3GB", asked_at: datetime | None = None
    ) -> None:
        #: Table → columns, of every table that is loaded; what the translator goes by. Never changed, but
        #: replaced: one thread may go through it while another loads a table.
        self.schema: Mapping[str, tuple[str, ...]] = {}
        self.memory_limit = memory_limit
        self._asked_at = asked_at
        self._lock = threading.Lock()
        self._once = Once()
        #: Cursors that are lent out, each with the number of the thread that has it.
        self._busy: dict[duckdb.DuckDBPyConnection, int] = {}
        self._connection = duckdb_kql.connect()
        self._spill = PrivateFolder()
        allowed = [] if folder is None else [_utf8(folder)]
        for setting in (
            f"memory_limit = {literal(memory_limit)}",
            f"temp_directory = {literal(_utf8(self._spill.path))}",
            "parquet_metadata_cache = true",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            f"allowed_directories = [{', '.join(map(literal, allowed))}]",
            "enable_external_access = false",
        ):
            self._connection.execute(f"SET {setting}")

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection of one's own, which `interrupt` can reach."""
        with self._lock:
            cursor = self._connection.cursor()
            self._busy[cursor] = threading.get_ident()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            with endings_named():
                yield cursor
        finally:
            with self._lock:
                self._busy.pop(cursor, None)
            cursor.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run our own SQL and return its rows."""
        with self.cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def view_parquet(self, table: str, path: Path, header: list[str]) -> Projection:
        """Make a table that casts as it reads: a column whose type is right passes untouched."""
        scan = self.scan(path)
        found = self.rows(f"DESCRIBE SELECT * FROM {scan}")
        # The engine renames columns that differ only in case; the file's own names stand in `header`.
        names = header if len(header) == len(found) else [str(row[0]) for row in found]
        values = [(quoted(str(row[0])), str(row[1])) for row in found]
        with self.cursor() as cursor:
            _refuse_rivals(cursor, names, values, known_tables()[table], scan)
            texts = written_times(names, values, known_tables()[table])
            orders = orders_of(cursor, texts, scan, self._asked_at)
        projection = project(
            names, values, known_tables()[table], orders, filled=always_filled(table), span=self._span()
        )
        self.rows(f"CREATE VIEW {quoted(table)} AS SELECT {projection.select} FROM {scan}")
        self._enter(table, projection, "VIEW")
        return projection

    def scan(self, path: Path) -> str:
        """Return the SQL that reads a Parquet file as it lies."""
        return f"read_parquet({literal(_utf8(path))}, binary_as_string = true)"

    def load_text(self, table: str, header: list[str], rows: pa.Table) -> tuple[Projection, Losses]:
        """Cast rows of text (columns in the header's order) into a table; counts what could not be cast."""
        values = [(quoted(column), "VARCHAR") for column in rows.column_names]
        return self._load(table, rows, header, values)

    def load_json(self, table: str, lines: list[str] | pa.Table) -> tuple[Projection, Losses]:
        """Cast JSON objects, one a line, into a table; a line that is none makes it unreadable."""
        rows = json_rows(lines) if isinstance(lines, list) else lines
        with self.cursor() as cursor:
            cursor.register("raw", rows)
            wrong = cursor.execute(
                "SELECT min(line) FROM raw "
                "WHERE CASE WHEN json_valid(json) THEN json_type(json) <> 'OBJECT' ELSE true END"
            ).fetchall()[0][0]
            if wrong is not None:
                raise UnreadableError(f"line {wrong} is not a JSON object")
            keys = cursor.execute(
                "SELECT key FROM (SELECT unnest(json_keys(json)) AS key, line FROM raw) "
                "GROUP BY key ORDER BY min(line), key"
            ).fetchall()
            cursor.unregister("raw")
        header = [str(key) for (key,) in keys if '"' not in key]
        written = ["(json ->> " + literal('$."' + key + '"') + ")" for key in header]
        for places in match_spellings(header, known_tables()[table]).values():
            # Each line may spell a key in its way.
            written[places[0]] = f"coalesce({', '.join(written[place] for place in places)})"
            header = ["" if place in places[1:] else key for place, key in enumerate(header)]
        return self._load(table, rows, header, [(sql, "VARCHAR") for sql in written])

    def ask(
        self, text: str, *, now: datetime | None, columns: Mapping[str, str] | None, name: str = "query"
    ) -> pd.DataFrame:
        """Run KQL; `columns` (name → KQL type) are what it must return, None takes what comes.

        Raises QueryError for what cannot be translated; what happens while it runs stays a `duckdb.Error`.
        """
        if text.lstrip().startswith("."):
            raise QueryError(f"{name}: control commands are not answered here")
        with self.cursor() as cursor:
            with worded(name):
                sql, values = translated(text, self.tables_in(text), now)
                relation = cursor.sql(sql, params=dict(values) or None)
            wanted = columns
            if wanted is None:
                wanted = dict(zip(relation.columns, (kql_type(str(t)) for t in relation.types), strict=True))
            return to_frame(relation, wanted, name)

    def tables_in(self, text: str) -> Schema:
        """Return the columns of the tables that a text may name: all of them where it may hold a pattern."""
        folded = text.casefold()
        return tuple(
            (table, columns)
            for table, columns in sorted(self.schema.items())
            if "*" in text or table.casefold() in folded
        )

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what runs now, or what the thread of this number runs; from another thread."""
        with self._lock:
            for cursor, holder in self._busy.items():
                if thread in (None, holder):
                    cursor.interrupt()

    def close(self) -> None:
        """Let go of memory and of the private folder."""
        self._connection.close()
        self._spill.remove()

    def _enter(self, table: str, projection: Projection, kind: str) -> None:
        with self.cursor() as cursor:
            keys.respell(cursor, table, kind)
        columns = tuple(column.name for column in projection.columns)
        with self._lock:
            self.schema = {**self.schema, table: columns}

    def losses(self, projection: Projection, source: str) -> Losses:
        """Count what of a file's values cannot be cast; `source` is SQL that yields the file's rows."""
        with self.cursor() as cursor:
            return _losses(cursor, projection, source)

    def key_losses(self, table: str, read: Reading) -> KeyLosses:
        """Count once in which of a loaded table's rows keys of dynamic columns are absent."""
        return self._once.do((table, read), lambda: self._key_losses(table, read))

    def _key_losses(self, table: str, read: Reading) -> KeyLosses:
        with self.cursor() as cursor:
            return keys.count(cursor, table, read, self.tables_in(table))

    def _span(self) -> tuple[str, str]:
        """Return between which times, as SQL, a row of a log may lie."""
        latest = (self._asked_at or datetime.now(UTC)) + _AHEAD
        return "TIMESTAMP '2000-01-01'", f"TIMESTAMP '{latest.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"

    def _load(
        self, table: str, rows: pa.Table, header: list[str], values: list[tuple[str, str]]
    ) -> tuple[Projection, Losses]:
        wanted = known_tables()[table]
        with self.cursor() as cursor:
            cursor.register("raw", rows)
            _refuse_rivals(cursor, header, values, wanted, "raw")
            orders = orders_of(cursor, written_times(header, values, wanted), "raw", self._asked_at)
            projection = project(header, trimmed(header, values, wanted), wanted, orders, span=self._span())
            cursor.execute(f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT {projection.select} FROM raw")
            losses = _losses(cursor, projection, "raw")
            cursor.unregister("raw")
        self._enter(table, projection, "TABLE")
        return projection, losses


def _refuse_rivals(
    cursor: duckdb.DuckDBPyConnection,
    header: list[str],
    values: list[tuple[str, str]],
    wanted: Mapping[str, str],
    source: str,
) -> None:
    """Raise UnreadableError where several columns that hold something could be the same one."""
    for first, *others in match_spellings(header, wanted).values():
        for other in others:
            filled = f"CAST({values[other][0]} AS VARCHAR) <> ''"
            if cursor.execute(f"SELECT 1 FROM {source} WHERE {filled} LIMIT 1").fetchall():
                both = " and ".join(header[place].strip("\ufeff ") for place in (first, other))
                raise UnreadableError(f"both {both} are there: keep one")


def _losses(cursor: duckdb.DuckDBPyConnection, projection: Projection, source: str) -> Losses:
    if not projection.checks:
        return Losses()
    counts = [f"count(*) FILTER ({check})" for check in projection.checks.values()]
    found = cursor.execute(f"SELECT {', '.join(counts)}, {projection.time_found} FROM {source}").fetchall()[0]
    return Losses(counts=dict(zip(projection.checks, found, strict=False)), time_found=str(found[-1] or ""))


def _utf8(path: Path) -> str:
    """Write a path as the engine takes it, whatever the locale's encoding made of it."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")
