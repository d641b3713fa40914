"""A snapshot: a folder with one file per table, asked in KQL by the embedded engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from umdiag.errors import QueryError, SourceError
from umdiag.model import Rows, State, TableHealth
from umdiag.queries import kql
from umdiag.queries.kql import Query, Value
from umdiag.sources.captured import READABLE, CapturedTables
from umdiag.sources.clock import SPARE, uncovered
from umdiag.sources.damage import joined, of_beginning, of_end, why
from umdiag.sources.engine import Engine
from umdiag.sources.limits import in_time
from umdiag.sources.manifest import read_manifest
from umdiag.sources.tablefiles import SUFFIXES, find_tables, known_tables
from umdiag.sources.translation import References, is_fuzzy, references
from umdiag.sources.within import old, outside

#: Section of `tables.json` → scope of its tables in the data-health block, where rows name no workspace.
SCOPES: Mapping[str, str] = {
    "workspace": "workspace",
    "graph": "Resource Graph",
    "arm": "Azure Resource Manager",
}
#: How a file must be called to be read.
_CALLED = ", ".join(f"<Table>{suffix}" for suffix in SUFFIXES)


class Snapshot:
    """Answers any query from the tables of a folder (contract: one file per table and `snapshot.json`).

    A table's file is opened when it is first needed: a Parquet file is read as it lies, CSV and JSONL are
    cast once into memory. Raises SourceError where the folder holds nothing that could be asked.
    """

    parallel = 4
    absence = "none of its tables was captured"
    decided: Mapping[str, str] | None = None

    def __init__(self, folder: Path, *, memory_limit: str = "3GB") -> None:
        self._name = folder.name or str(folder)
        if not folder.is_dir():
            what = "is a file" if folder.exists() else "does not exist"
            raise SourceError(f"snapshot {self._name} {what}: name a folder with one file per table")
        folder = folder.resolve()
        manifest = read_manifest(folder)
        files, strangers = find_tables(folder)
        if not files and not (manifest and manifest.tables):
            raise SourceError(f"snapshot {self._name} holds no table: put files {_CALLED} there")
        self.lookback: timedelta | None = manifest.lookback if manifest else None
        self._asked_at = manifest.asked_at if manifest else None
        notes = list(manifest.notes) if manifest else []
        if self._asked_at is None:
            notes.append("no snapshot.json says when this was captured: the clock is the newest row found")
        notes += [f"{stranger} is not read: a table's file is called {_CALLED}" for stranger in strangers]
        self.notes: Sequence[str] = tuple(notes)
        self._engine = Engine(folder=folder, memory_limit=memory_limit, asked_at=self._asked_at)
        self._tables = CapturedTables(self._engine, files, manifest)
        self._said = manifest.tables if manifest else {}
        self._outside = ""
        self._old: Mapping[str, str] = {}

    @property
    def captured(self) -> Collection[str]:
        """Return the tables that were captured, or refused then."""
        return frozenset(filter(self._is_captured, known_tables()))

    def clock(self) -> datetime:
        """Return `asked_at` of snapshot.json, else the newest row; SourceError where there is neither."""
        return self._asked_at or self.newest()

    def look_at(self, asked_at: datetime, lookback: timedelta) -> None:
        """Find out whether the rows of the logs reach over the window, and say so where they do not."""
        start = asked_at - lookback
        nothing = outside(self._tables, start, asked_at)
        self._old = {} if nothing else old(self._tables, start, asked_at)
        if said := nothing or self._ended(asked_at):
            self.notes = (*self.notes, f"{said}.")
        if late := uncovered(self, asked_at, lookback):
            begun = of_beginning(start, start + late)
            said = joined(said, begun)
            if self.lookback is None or self.lookback >= lookback:  # else the clock's note says so
                self.notes = (*self.notes, f"{begun}.")
        self._outside = said

    def newest(self) -> datetime:
        """Return the newest `TimeGenerated` of any table. Raises SourceError where no row bears a time."""
        times = [time for table in kql.tables()["workspace"] if (time := self._tables.newest(table))]
        if not times:
            raise SourceError(f"snapshot {self._name}: no row in it has a time, set the parameter asked_at")
        return max(times)

    def fetch(self, query: Query, values: Mapping[str, Value]) -> Rows:
        """Answer one query; `newest` is the newest row of the tables it names, in the window or not.

        Raises QueryError for a query that the engine refuses or that does not return what its header says.
        """
        text = kql.bind(query, values)
        # Parsing is the dear part; of a query file it is known which tables it names.
        named = references(text, query.name) if is_fuzzy(text) else References(tables=query.tables)
        state, reason = self._tables.state_of(named, query.reads)
        if self._outside and state in READABLE and set(named.tables) & kql.tables()["workspace"].keys():
            state, reason = State.PARTIAL, joined(reason, self._outside)
        if state in READABLE and (stale := [self._old[name] for name in named.tables if name in self._old]):
            state, reason = State.PARTIAL, joined(reason, *stale)
        frame = kql.empty(query)
        newest = None
        if state in READABLE:
            asked_at = values.get("asked_at")
            now = asked_at if isinstance(asked_at, datetime) else self._now()
            try:
                frame = self._engine.ask(text, now=now, columns=query.columns, name=query.name)
            except (duckdb.Error, pa.ArrowException) as error:
                told = why(error, self._engine.memory_limit)
                state, reason = State.MISSING, f"{', '.join(named.tables)} could not be read: {told}"
            else:
                newest = max(filter(None, map(self._tables.newest, named.tables)), default=None)
        return Rows(
            name=query.name,
            text=text,
            frame=frame,
            state=state,
            reason=reason,
            newest=newest,
            tables=named.tables,
        )

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        """Answer a free question; a table that was cut short is answered from what is there."""
        named = references(text)
        state, reason = self._tables.state_of(named)
        if state not in READABLE:
            raise QueryError(reason)
        now = self._now()
        try:
            return in_time(
                lambda: self._engine.ask(text, now=now, columns=None), time_limit, self._engine.interrupt
            )
        except (duckdb.Error, pa.ArrowException) as error:
            raise QueryError(f"query: {why(error, self._engine.memory_limit)}") from None

    def health(self) -> Sequence[TableHealth]:
        """Say of each table and workspace how many rows there are, how new, and what was lost in reading."""
        names = self._tables.workspace_names()
        seen = {table: self._tables.per_tenant(table) for table in kql.tables()["workspace"]}
        workspaces = sorted({names.get(id_.casefold(), id_) for rows in seen.values() for id_ in rows if id_})
        alone = workspaces[0] if len(workspaces) == 1 else SCOPES["workspace"]
        lines = []
        for table, per_tenant in seen.items():
            found = {names.get(id_.casefold(), id_) or alone: counts for id_, counts in per_tenant.items()}
            readable = self._tables.table(table).state in READABLE
            for scope in dict.fromkeys([*workspaces, *found] if readable else []) or [alone]:
                rows, newest = found.get(scope, (0, None))
                lines.append(self._line(table, scope, rows, newest))
        for section in ("graph", "arm"):
            for table in kql.tables()[section]:
                lines.append(self._line(table, SCOPES[section], self._tables.table(table).rows, None))
        return tuple(lines)

    def interrupt(self) -> None:
        """Stop whatever runs, from another thread."""
        self._engine.interrupt()

    def close(self) -> None:
        """Release files and memory."""
        self._engine.close()

    def _is_captured(self, table: str) -> bool:
        """Tell it without opening a file, but one of which the manifest says that nothing is in it."""
        said = self._said[table].state if table in self._said else ""
        if said == "missing" and table in self._tables.files:
            return self._tables.table(table).state is not State.MISSING
        return table in self._tables.files or said == "denied"

    def _now(self) -> datetime | None:
        try:
            return self.clock()
        except SourceError:
            return None

    def _ended(self, asked_at: datetime) -> str:
        """Say that the rows end before the moment that is asked about, "" where they reach it."""
        end = self._now()
        spare = SPARE if self._asked_at else 2 * SPARE
        return of_end(asked_at, end) if end and asked_at - end > spare else ""

    def _line(self, table: str, scope: str, rows: int, newest: datetime | None) -> TableHealth:
        state, note = self._tables.health_of(table)
        return TableHealth(table=table, scope=scope, state=state, rows=rows, newest=newest, note=note)
