"""The tables of a snapshot: each opened on first need, with what is whole, lost or missing in it."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet

from umdiag.errors import is_full
from umdiag.model import State
from umdiag.queries import kql
from umdiag.queries.columns import WORKSPACE_ID, Reading
from umdiag.sources import blanks, damage
from umdiag.sources.casting import TIME, Losses, Projection, quoted
from umdiag.sources.damage import joined, why
from umdiag.sources.engine import Engine
from umdiag.sources.headers import UnreadableError
from umdiag.sources.manifest import Captured, Manifest
from umdiag.sources.tablefiles import TableFile, known_tables, nulls_of, read_csv, read_jsonl
from umdiag.sources.translation import References

#: Log Analytics' portal exports no more rows than this, and does not say so.
PORTAL_LIMIT = 30_000
READABLE = (State.COMPLETE, State.PARTIAL)
NOTHING = Projection(columns=(), missing=())


@dataclass(kw_only=True)
class Table:
    """What is known of one table, as its file was opened; `losses` is None until somebody asks."""

    state: State
    reason: str = ""
    rows: int = 0
    projection: Projection = NOTHING
    losses: Losses | None = None


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

    def state_of(self, named: References, reads: Mapping[str, Reading] | None = None) -> tuple[State, str]:
        """Fold the states of the tables that a text names into one, with the reasons; `reads` says which
        columns of them it rests on (None: as far as they are there).

        A fuzzy union of which at least one table is there is PARTIAL: the service would answer it too.
        """
        known = [
            self.seen(table, [reads[table]] if reads and table in reads else []) for table in named.tables
        ]
        gone = [(state, reason) for state, reason in known if state not in READABLE]
        reasons = "; ".join(reason for _, reason in known if reason)
        if gone and not (named.fuzzy and len(gone) < len(known)):
            denied = any(state is State.DENIED for state, _ in gone)
            return State.DENIED if denied else State.MISSING, "; ".join(reason for _, reason in gone)
        partial = gone or any(state is State.PARTIAL for state, _ in known)
        return (State.PARTIAL, reasons) if partial else (State.COMPLETE, "")

    def seen(self, name: str, reads: Sequence[Reading]) -> tuple[State, str]:
        """Return how much of a table could be seen by who reads these columns of it, and why not all."""
        known = self.table(name)
        if known.state not in READABLE or not known.rows:
            return known.state, known.reason
        absent: set[str] = set().union(*(read.lacks(known.projection.missing) for read in reads))
        rested = {column for read in reads for column in read.columns if read.lacks((column,))}
        losses = self.losses(name)
        if WORKSPACE_ID in absent and not self._has_several_workspaces():
            absent.discard(WORKSPACE_ID)
        if TIME in rested and losses.counts.get(TIME) == known.rows:
            return State.UNREADABLE, damage.of_no_time(name, losses.time_found)
        types = known_tables()[name]
        counts = {column: count for column, count in losses.counts.items() if column in rested}
        empty = {column: count for column, count in losses.blanks.items() if column in rested}
        reason = joined(
            known.reason,
            damage.of_columns(name, [column for column in types if column in absent]),
            *damage.of_values(name, counts, types),
            *damage.of_blanks(name, empty, known.rows),
            *self._without_keys(name, reads, {*known.projection.missing, *filter(counts.get, counts)}),
        )
        return (State.PARTIAL, reason) if reason else (State.COMPLETE, "")

    def _without_keys(self, name: str, reads: Iterable[Reading], said: Collection[str]) -> list[str]:
        """Word which keys are absent that are read, but for columns of which that is `said`."""
        try:
            losses = [self._engine.key_losses(name, read) for read in reads if read.keys]
        except duckdb.Error as error:
            self._fail(name, error)
            return []
        return list(dict.fromkeys(words for lost in losses for words in damage.of_keys(name, lost, said)))

    def health_of(self, name: str) -> tuple[State, str]:
        """Return a table's state for all that the kit asks of it, and what else is lost in it."""
        reads = [query.reads[name] for query in kql.queries().values() if name in query.reads]
        state, reason = self.seen(name, reads)
        known = self.table(name)
        if state in READABLE and known.rows:
            lost = damage.of_values("", self.losses(name).counts, known_tables()[name])
            told = [part for part in reason.split("; ") if f" of {name}." not in part]
            reason = joined(*told, *lost)
        note = reason.removeprefix(f"{name} ").removesuffix(" in this snapshot").removeprefix("was ")
        return State.EMPTY if state is State.COMPLETE and not known.rows else state, note

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

    def losses(self, name: str) -> Losses:
        """Count what could not be cast; only columns whose type in the file is another are read."""
        with self._lock:
            known = self.table(name)
            if known.losses is None:
                known.losses = self._count(name, known.projection)
            return known.losses

    def _count(self, name: str, projection: Projection) -> Losses:
        try:
            losses = self._engine.losses(projection, self._engine.scan(self.files[name].path))
        except duckdb.Error as error:
            self._fail(name, error)
            return Losses()
        losses = replace(losses, blanks=self._blanks(name, projection, self.table(name).rows))
        if TIME in projection.checks or TIME in projection.missing or TIME not in known_tables()[name]:
            return losses
        empty = nulls_of(self.files[name].path, TIME)
        if empty is None:
            sql = f"SELECT count(*) FILTER ({quoted(TIME)} IS NULL) FROM {quoted(name)}"
            empty = sum(count for (count,) in self.rows(sql, name))
        return replace(losses, counts={**losses.counts, TIME: empty})

    def _blanks(self, name: str, projection: Projection, rows: int) -> Mapping[str, int]:
        columns = blanks.watched(self.files[name], (*projection.missing, *projection.checks))
        found = self.rows(blanks.counting(name, columns), name) if columns and rows else []
        return blanks.losses(name, dict(zip(columns, found[0], strict=True)), rows) if found else {}

    def _has_several_workspaces(self) -> bool:
        return self.table("workspaces").rows > 1 or any(
            len(self.per_tenant(table)) > 1 for table in kql.tables()["workspace"] if table in self.files
        )

    def rows(self, sql: str, name: str) -> list[tuple[Any, ...]]:
        """Run our own SQL on a table; a page that turns out to be damaged makes the table unreadable."""
        try:
            return self._engine.rows(sql)
        except duckdb.InterruptException:
            return []
        except duckdb.Error as error:
            self._fail(name, error)
            return []

    def _fail(self, name: str, error: duckdb.Error) -> None:
        if not isinstance(error, duckdb.InterruptException):
            reason = f"{name} cannot be read: {why(error, self._engine.memory_limit)}"
            self._tables[name] = Table(state=State.UNREADABLE, reason=reason)

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
        if cut := said.cut(rows):
            return cut
        if self._manifest is None and file.kind == "csv" and rows == PORTAL_LIMIT:
            return f"{PORTAL_LIMIT:,} rows is the portal's limit, there may be more"
        return ""

    def _load(self, file: TableFile) -> Table:
        if file.problem:
            raise UnreadableError(file.problem)
        losses: Losses | None = None
        if file.kind == "parquet":
            with file.path.open("rb") as opened:
                header = pyarrow.parquet.read_schema(opened).names
            projection = self._engine.view_parquet(file.table, file.path, header)
        elif file.kind == "csv":
            projection, losses = self._engine.load_text(file.table, *read_csv(file.path))
        else:
            projection, losses = self._engine.load_json(file.table, read_jsonl(file.path))
        rows = self._engine.rows(f"SELECT count(*) FROM {quoted(file.table)}")[0][0]
        if losses is not None:
            losses = replace(losses, blanks=self._blanks(file.table, projection, int(rows)))
        return Table(state=State.COMPLETE, rows=int(rows), projection=projection, losses=losses)
