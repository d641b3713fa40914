"""Estates opened once and judged many times, with tables refused, missing, cut or empty.

    estate = Estate(given)                      # what a case gives, see `snapshot_rows`
    estate.diagnose("machine_disconnected")
    for table in estate.tables_behind("machine_disconnected"):
        for how in HOW:
            estate.without(table, how).diagnose("machine_disconnected")   # or .kit().seen("machines"), …
    for damage in estate.damages_behind("machine_disconnected"):
        estate.damaged(damage).diagnose("machine_disconnected")

No folder is written and no source opened per estate. In one process each query is answered once for equal
rows of the tables that it names, and each frame is derived once from equal inputs, whatever the estate: an
estate without a table costs the judging of what rests on that table, some milliseconds. The answers are the
embedded engine's; states and reasons are those of a snapshot in which the table is so.
"""

from __future__ import annotations

import atexit
import json
import pickle
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property, wraps
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from support import snapshot_rows as rows
from umdiag.errors import Inconclusive, SourceError
from umdiag.judging import derivation, needs
from umdiag.kit import Kit
from umdiag.model import UPDATE_MANAGEMENT, UPDATE_MANAGER, Diagnosis, Rows, State, TableHealth
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.scenarios import scenario
from umdiag.sources import damage, opening
from umdiag.sources.engine import Engine
from umdiag.sources.tablefiles import known_tables

#: How a table may be unseen → its state and what a snapshot says of it.
HOW: Mapping[str, tuple[State, str]] = {
    "denied": (State.DENIED, "{} was refused when this snapshot was captured"),
    "missing": (State.MISSING, "{} was not captured in this snapshot"),
    "partial": (State.PARTIAL, "{} is not complete: the capture was cut short"),  # every other row is there
    "empty": (State.PARTIAL, "{} is not complete: the capture was cut short"),  # no row is there
    "cut": (State.PARTIAL, "{} is not complete: the capture was cut short"),  # every row is there
}
_WORST_FIRST = (State.DENIED, State.MISSING, State.PARTIAL)
_KEPT: Mapping[str, slice] = {"partial": slice(None, None, 2), "empty": slice(0, 0)}
#: Tables of Update Manager alone.
_PATCHING = (
    "patchassessmentresources",
    "patchinstallationresources",
    "maintenanceresources",
    "policyresources",
)
_GIVEN = {"denied": "denied", "not_captured": "missing", "partial": "cut"}


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A column that a table's file lacks, or (`uncast`) of whose values every other cannot be read."""

    table: str
    column: str
    uncast: bool

    def __str__(self) -> str:
        return f"{self.table}.{self.column} {'not castable' if self.uncast else 'dropped'}"

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows as they are then read."""
        step = 2 if self.uncast else 1
        return [
            {**row, self.column: None} if place % step == 0 and self.column in row else dict(row)
            for place, row in enumerate(rows)
        ]

    def reason(self, lost: int) -> str:
        """Return what a snapshot says of it."""
        if not self.uncast:
            return damage.of_columns(self.table, [self.column])
        return "; ".join(damage.of_values(self.table, {self.column: lost}, known_tables()[self.table]))


class Estate:
    """One estate in memory, as seen with some tables unseen or damaged."""

    def __init__(self, given: Mapping[str, Any], **parameters: Any) -> None:
        self._rows = rows.tables_of(given)
        self._parameters = parameters
        self._content = {table: json.dumps(content) for table, content in self._rows.items()}
        self.damages: Mapping[tuple[str, str], str] = {}
        self.unseen = {table: how for key, how in _GIVEN.items() for table in given.get(key, ())}

    def without(self, table: str, how: str) -> Estate:
        """Return the same estate with one table more unseen, in one of the ways of `HOW`.

        A query's name takes the place of a table's: then it alone is refused or missing.
        """
        other = object.__new__(Estate)
        other.__dict__ |= self.__dict__ | {"unseen": {**self.unseen, table: how}}
        if how in _KEPT:
            content = json.dumps(self._rows[table][_KEPT[how]])
            other._content = self._content | {table: content}
        return other

    def damaged(self, what: Damage) -> Estate:
        """Return the same estate with a column dropped or unreadable."""
        given = self._rows[what.table]
        there = sum(1 for row in given[:: 2 if what.uncast else 1] if row.get(what.column) is not None)
        other = object.__new__(Estate)
        reason = what.reason(there) if given and (there or not what.uncast) else ""
        other.__dict__ |= self.__dict__ | {"damages": {(what.table, what.column): reason}}
        other._content = self._content | {what.table: json.dumps(what.of(given))}
        return other

    def has_rows(self, table: str) -> bool:
        """Whether the estate has rows of a table."""
        return bool(self._rows[table])

    def kit(self, services: Sequence[str] = ()) -> Kit:
        """Open the kit on what is seen."""
        values = {"source": "snapshot", "snapshot": tempfile.gettempdir(), "lookback": rows.LOOKBACK}
        values |= {"services": list(services)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(opening, "open_folder", lambda _: _Source(self._content, self.unseen, self.damages))
            return Kit(from_values(values | self._parameters, folder=None))

    def _services(self, name: str) -> list[str]:
        """Return the services that are looked at: both, whatever there is of them.

        Update Management alone where a scenario is about nothing else and the other's tables are whole and
        without a row, so that nothing of the other is worked out.
        """
        both = [UPDATE_MANAGEMENT, UPDATE_MANAGER]
        touched = {*self.unseen, *(table for table, _ in self.damages)}
        if (
            scenario(name).services != (UPDATE_MANAGEMENT,)
            or touched & set(_PATCHING)
            or any(self._rows[table] for table in _PATCHING)
        ):
            return both
        settings = '"patchSettings"' in self._content["resources"].replace("\\", "")
        return both if settings else [UPDATE_MANAGEMENT]

    def diagnose(self, name: str) -> Diagnosis:
        """Judge one scenario."""
        with derived_once():
            return rows.diagnose(self.kit(self._services(name)), name)

    def tables_behind(self, name: str) -> list[str]:
        """Return the tables that a scenario rests on and that are whole here, in a fixed order."""
        behind = {
            table for query in needs.queries_of(scenario(name).judge) for table in kql.queries()[query].tables
        }
        return sorted(behind - set(self.unseen))

    def damages_behind(self, name: str) -> list[Damage]:
        """Return what may happen to each column that a scenario's queries read, of tables that have rows."""
        read = {
            (table, column)
            for query in needs.queries_of(scenario(name).judge)
            for table, reading in kql.queries()[query].reads.items()
            for column in reading.columns
            if self._rows[table] and table not in self.unseen
        }
        return [
            Damage(table=table, column=column, uncast=uncast)
            for table, column in sorted(read)
            for uncast in (False, True)
            if not uncast or known_tables()[table][column] != "string"
        ]


@contextmanager
def derived_once() -> Iterator[None]:
    """Derive each frame once from equal inputs; what is handed out may have its columns set."""
    functions = _remembering()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derivation, "frame_functions", lambda: functions)
        yield


@cache
def _remembering() -> Mapping[str, Callable[..., Any]]:
    return {name: _once(derive) for name, derive in needs.frame_functions().items()}


def _once(derive: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[bytes, Any] = {}

    @wraps(derive)
    def derived(*frames: Any, **named: Any) -> Any:
        key = pickle.dumps((frames, named))
        if key not in known:
            try:
                known[key] = derive(*frames, **named)
            except Inconclusive as unseen:
                known[key] = unseen
        if isinstance(known[key], Inconclusive):
            raise known[key]
        return known[key].copy(deep=False)

    return derived


@dataclass
class _Source:
    """Answers from rows in memory what a snapshot of them would answer (`umdiag.sources.Source`)."""

    content: Mapping[str, str]
    unseen: Mapping[str, str]
    damages: Mapping[tuple[str, str], str] = field(default_factory=dict)
    parallel: int = 1
    lookback: timedelta | None = None
    notes: Sequence[str] = ()
    absence: str = "none of its tables was captured"
    decided: Mapping[str, str] | None = None

    @property
    def captured(self) -> Collection[str]:
        return {table for table in self.content if self.unseen.get(table) != "missing"}

    def clock(self) -> datetime:
        return rows.ASKED_AT

    def newest(self) -> datetime:
        times = [
            datetime.fromisoformat(row["TimeGenerated"])
            for table in kql.tables()["workspace"]
            if self.unseen.get(table) not in ("denied", "missing")
            for row in rows.resolved(json.loads(self.content[table]))
            if row.get("TimeGenerated")
        ]
        if not times:
            raise SourceError("no row bears a time")
        return max(times)

    def look_at(self, asked_at: datetime, lookback: timedelta) -> None:
        pass

    def fetch(self, query: kql.Query, values: Mapping[str, kql.Value]) -> Rows:
        text = kql.bind(query, values)
        told = {
            name: HOW[how] for name, how in self.unseen.items() if name in query.tables or name == query.name
        }
        told |= {
            table: (State.PARTIAL, reason)
            for (table, column), reason in self.damages.items()
            if reason and table in query.reads and query.reads[table].lacks({column})
        }
        gone = {table: one for table, one in told.items() if one[0] is not State.PARTIAL}
        states = {state for state, _ in (gone or told).values()}
        frame = kql.empty(query) if gone else _answers().frame(query, text, self.content)
        return Rows(
            name=query.name,
            text=text,
            frame=frame,
            state=next(
                (one for one in (State.DENIED, State.MISSING, State.PARTIAL) if one in states), State.COMPLETE
            ),
            reason="; ".join(words.format(table) for table, (_, words) in (gone or told).items()),
            tables=query.tables,
        )

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        raise NotImplementedError("an estate in memory answers the kit's own queries only")

    def health(self) -> Sequence[TableHealth]:
        return ()

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class _Answers:
    """One embedded engine, holding of each table the rows that were last asked for."""

    known: dict[Any, pd.DataFrame] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)

    @cached_property
    def folder(self) -> Path:
        kept = tempfile.TemporaryDirectory(prefix="umdiag-estates-", ignore_cleanup_errors=True)
        atexit.register(kept.cleanup)
        return Path(kept.name).resolve()

    @cached_property
    def engine(self) -> Engine:
        engine = Engine(folder=self.folder)
        engine.rows("SET threads = 1")  # of a handful of rows others would only wait
        return engine

    def frame(self, query: kql.Query, text: str, content: Mapping[str, str]) -> pd.DataFrame:
        key = (text, *(content[table] for table in query.tables))
        if key not in self.known:
            for table in query.tables:
                self._load(table, content[table])
            self.known[key] = self.engine.ask(text, now=rows.ASKED_AT, columns=query.columns, name=query.name)
        return self.known[key].copy(deep=False)

    def _load(self, table: str, content: str) -> None:
        if self.loaded.get(table) == content:
            return
        self.engine.rows(f'DROP VIEW IF EXISTS "{table}"')
        path = self.folder / f"{table}-{len(list(self.folder.iterdir()))}.parquet"
        path.write_bytes(rows.parquet(table, content))
        self.engine.view_parquet(table, path, pyarrow.parquet.read_schema(path).names)
        self.loaded[table] = content


@cache
def _answers() -> _Answers:
    return _Answers()
