"""The tables of a snapshot: each opened on first need, with what is whole, lost or missing in it."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet

from umdiag.errors import is_full
from umdiag.model import State
from umdiag.queries import kql
from umdiag.sources.casting import UnreadableError, quoted
from umdiag.sources.engine import Engine
from umdiag.sources.manifest import Captured, Manifest
from umdiag.sources.tablefiles import TableFile, known_tables, read_csv, read_jsonl
from umdiag.sources.translation import References
from umdiag.words.counting import counted

#: Log Analytics' portal exports no more rows than this, and does not say so.
PORTAL_LIMIT = 30_000
READABLE = (State.COMPLETE, State.PARTIAL)


@dataclass(kw_only=True)
class Table:
    """What is known of one table; `failed` are counts per column, None until somebody asks."""

    state: State
    reason: str = ""
    rows: int = 0
    missing: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, int] | None = None


class CapturedTables:
    """Opens the tables of one folder in an engine and remembers what was found. Safe for several threads."""

    def __init__(self, engine: Engine, files: Mapping[str, TableFile], manifest: Manifest | None) -> None:
        self.files = files
        self._engine = engine
        self._manifest = manifest
        self._lock = threading.RLock()
        self._tables: dict[str, Table] = {}
        self._newest: dict[str, datetime | None] = {}

    def table(self, name: str) -> Table:
        """Return what is known of a table, opening its file on first need."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = self._open(name)
            return self._tables[name]

    def state_of(self, named: References) -> tuple[State, str]:
        """Fold the states of the tables that a text names into one, with the reasons.

        A fuzzy union of which at least one table is there is PARTIAL: the service would answer it too.
        """
        known = {table: self.table(table) for table in named.tables}
        gone = [table for table in known.values() if table.state not in READABLE]
        reasons = "; ".join(table.reason for table in known.values() if table.reason)
        if gone and not (named.fuzzy and len(gone) < len(known)):
            denied = any(table.state is State.DENIED for table in gone)
            return State.DENIED if denied else State.MISSING, "; ".join(table.reason for table in gone)
        partial = gone or any(table.state is State.PARTIAL for table in known.values())
        return (State.PARTIAL, reasons) if partial else (State.COMPLETE, "")

    def newest(self, name: str) -> datetime | None:
        """Return a table's newest TimeGenerated, UTC; found once, None where there is none."""
        with self._lock:
            if name not in self._newest:
                found: list[tuple[Any, ...]] = []
                if "TimeGenerated" in known_tables()[name] and self.table(name).state in READABLE:
                    found = self.rows(f'SELECT max("TimeGenerated") FROM {quoted(name)}', name)
                self._newest[name] = found[0][0].replace(tzinfo=UTC) if found and found[0][0] else None
            return self._newest[name]

    def per_tenant(self, name: str) -> dict[str, tuple[int, datetime | None]]:
        """Return rows and newest row per workspace id ('' where the rows bear none)."""
        if self.table(name).state not in READABLE:
            return {}
        sql = f'SELECT "TenantId", count(*), max("TimeGenerated") FROM {quoted(name)} GROUP BY 1 ORDER BY 1'
        return {
            str(tenant): (int(rows), newest.replace(tzinfo=UTC) if newest else None)
            for tenant, rows, newest in self.rows(sql, name)
        }

    def workspace_names(self) -> dict[str, str]:
        """Map customer ids (folded) to workspace names, from the ARM table where it was captured."""
        if self.table("workspaces").state not in READABLE:
            return {}
        sql = """SELECT lower(properties ->> '$.customerId'), name FROM "workspaces" """
        return {str(id_): str(name) for id_, name in self.rows(sql, "workspaces") if id_ and name}

    def losses(self, name: str) -> str:
        """Say which values could not be cast and which columns that the kit asks for are not in the file.

        Only columns whose type in the file is another are looked through.
        """
        known = self.table(name)
        if known.failed is None and known.checks:
            counts = ", ".join(f"count(*) FILTER ({check})" for check in known.checks.values())
            scan = self._engine.scan(self.files[name].path)
            found = self.rows(f"SELECT {counts} FROM {scan}", name)
            known.failed = dict(zip(known.checks, found[0], strict=True)) if found else {}
        types = known_tables()[name]
        said = [
            f"{count:,} {'value' if count == 1 else 'values'} of {column} cannot be read as {types[column]}"
            for column, count in (known.failed or {}).items()
            if count
        ]
        asked = " ".join(query.text for query in kql.queries().values() if name in query.tables)
        words = set(re.findall(r"\w+", asked))
        if known.rows and (gone := [column for column in known.missing if column in words]):
            said.append(f"no column {', '.join(gone)}")
        return "; ".join(said)

    def rows(self, sql: str, name: str) -> list[tuple[Any, ...]]:
        """Run our own SQL on a table; a page that turns out to be damaged makes the table unreadable."""
        try:
            return self._engine.rows(sql)
        except duckdb.InterruptException:
            return []
        except duckdb.Error as error:
            reason = f"{name} cannot be read: {why(error, self._engine.memory_limit)}"
            self._tables[name] = Table(state=State.UNREADABLE, reason=reason)
            return []

    def _open(self, name: str) -> Table:
        said = (self._manifest.tables if self._manifest else {}).get(name, Captured())
        refused = {"denied": State.DENIED, "missing": State.MISSING}.get(said.state)
        file = self.files.get(name)
        if file is None:
            denied = f"{name} was refused when this snapshot was captured"
            absent = f"{name} was not captured in this snapshot"
            reason = denied if refused is State.DENIED else absent
            return Table(state=refused or State.MISSING, reason=joined(reason, said.note))
        try:
            table = self._load(file)
        except UnreadableError as error:
            return Table(state=State.UNREADABLE, reason=f"{name} cannot be read: {error}")
        except (OSError, duckdb.Error, pa.ArrowException) as error:
            if is_full(error):
                raise
            told = f"{file.path.name}: {why(error, self._engine.memory_limit)}"
            return Table(state=State.UNREADABLE, reason=f"{name} cannot be read: {told}")
        if refused and not table.rows:
            return Table(state=refused, reason=joined(f"{name} could not be captured", said.note))
        if cut := self._cut(said, file, table.rows):
            table.state, table.reason = State.PARTIAL, f"{name} is not complete: {cut}"
        return table

    def _cut(self, said: Captured, file: TableFile, rows: int) -> str:
        """Say why a table that could be read is not the whole table, '' if it is."""
        if said.rows is not None and said.rows != rows:
            return f"snapshot.json counts {counted(said.rows, 'row')}, the file has {rows:,}"
        if not said.complete or said.state in ("partial", "denied", "missing"):
            return said.note or "the capture was cut short"
        if self._manifest is None and file.kind == "csv" and rows == PORTAL_LIMIT:
            return f"{PORTAL_LIMIT:,} rows is the portal's limit, there may be more"
        return ""

    def _load(self, file: TableFile) -> Table:
        if file.problem:
            raise UnreadableError(file.problem)
        counted: Mapping[str, int] | None = None
        if file.kind == "parquet":
            with file.path.open("rb") as opened:
                header = pyarrow.parquet.read_schema(opened).names
            projection = self._engine.view_parquet(file.table, file.path, header)
        elif file.kind == "csv":
            projection, counted = self._engine.load_text(file.table, *read_csv(file.path))
        else:
            projection, counted = self._engine.load_json(file.table, read_jsonl(file.path))
        rows = self._engine.rows(f"SELECT count(*) FROM {quoted(file.table)}")[0][0]
        return Table(
            state=State.COMPLETE,
            rows=int(rows),
            missing=projection.missing,
            checks=projection.checks,
            failed=counted,
        )


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
