"""The objects of Resource Manager as tables: read once each, asked in KQL by the embedded engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from umdiag.errors import QueryError
from umdiag.model import Rows, State
from umdiag.queries import kql
from umdiag.queries.columns import Reading
from umdiag.queries.kql import Query
from umdiag.sources.damage import joined, of_keys
from umdiag.sources.engine import Engine
from umdiag.sources.headers import UnreadableError
from umdiag.sources.live.collections import COLLECTIONS, absent_parameter
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.management import ResourceManager
from umdiag.sources.live.read import Read
from umdiag.sources.live.target import Target
from umdiag.words.once import Once

_READABLE = (State.COMPLETE, State.PARTIAL)
#: What is meant where a parameter names nothing.
_NAMELESS: Mapping[str, str] = {
    "automation_account": "the Automation account",
    "workspaces": "the workspaces",
}


class Objects:
    """Tables of `tables.json`, section arm, made of what Resource Manager answers. Thread-safe.

    `seen` returns the ids of the subscriptions that Resource Graph shows, those of management groups too.
    """

    def __init__(
        self, management: ResourceManager, target: Target, seen: Callable[[], Collection[str]]
    ) -> None:
        self._management = management
        self._target = target
        self._seen = seen
        self._engine = Engine()
        self._once = Once()
        #: Runs that began before this moment are of no interest.
        self.since: datetime | None = None

    def answer(self, query: Query, text: str, now: datetime) -> Rows:
        """Answer one query of the package."""
        states = [self.state(table) for table in query.tables]
        state, reason = next(
            (standing for standing in states if standing[0] is not State.COMPLETE), (State.COMPLETE, "")
        )
        frame = kql.empty(query)
        lost: list[str] = []
        if state in _READABLE:
            lost = [words for table, read in query.reads.items() for words in self._lost(table, read)]
            frame = self._engine.ask(text, now=now, columns=query.columns, name=query.name)
        # Where a scope's objects are known, those of the others are whole. Else what is absent may lie in it.
        apart = all(COLLECTIONS[table].known for table in query.tables)
        unseen = {scope for table in query.tables for scope in self.read(table).unseen} if apart else set()
        if lost:  # of rows that came, so that no scope is at fault
            state, reason, unseen = State.PARTIAL, joined(reason, *lost), set()
        return Rows(
            name=query.name,
            text=text,
            frame=frame,
            state=state,
            reason=reason,
            tables=query.tables,
            unseen=tuple(sorted(unseen)) if state is State.PARTIAL else (),
        )

    def ask(self, text: str, tables: list[str], now: datetime) -> pd.DataFrame:
        """Answer a free question on these tables. Raises QueryError."""
        for table in tables:
            state, reason = self.state(table)
            if state not in _READABLE:
                raise QueryError(reason)
        try:
            return self._engine.ask(text, now=now, columns=None)
        except duckdb.Error:
            raise QueryError("query: a value in these tables does not fit it") from None

    def known(self) -> list[str]:
        """Return the tables that were loaded so far, in the order of `tables.json`."""
        return [table for table in kql.tables()["arm"] if table in self._engine.schema]

    def state(self, table: str) -> tuple[State, str]:
        """Return how much of a table came, and why not all; reads and loads it on first need."""
        return self._once.do(("table", table), lambda: self._load(table))

    def read(self, table: str) -> Read:
        """Return the objects of a collection, read on first need."""
        return self._once.do(("read", table), lambda: self._read(table))

    def interrupt(self) -> None:
        """Stop what the engine runs."""
        self._engine.interrupt()

    def close(self) -> None:
        """Release memory."""
        self._engine.close()

    def _lost(self, table: str, read: Reading) -> list[str]:
        """Word which keys are absent in the objects of a table."""
        return of_keys(table, self._engine.key_losses(table, read)) if read.keys else []

    def _read(self, table: str) -> Read:
        collection = COLLECTIONS[table]
        if absent := absent_parameter(collection, self._target):
            # Nothing was refused, nothing was asked: what needs it is UNKNOWN all the same.
            fault = Fault(f"{absent} is not given, name it in the parameters")
            return Read(refused={_NAMELESS[absent]: fault}, scopes=1)
        subscriptions: list[str] = []
        if collection.of == "subscription" and self._target.management_groups:
            try:
                subscriptions = sorted(self._seen())
            except Fault as fault:
                return Read(refused={"the management groups": fault}, scopes=1)
        return self._management.read(table, since=self.since, read=self.read, subscriptions=subscriptions)

    def _load(self, table: str) -> tuple[State, str]:
        read = self.read(table)
        columns = kql.tables()["arm"][table]
        lines = [_line(object_, columns) for object_ in read.objects]
        try:
            # A line with every column stands for a table without rows, then goes.
            self._engine.load_json(table, lines or [_line({}, columns)])
            if not lines:
                self._engine.rows(f'DELETE FROM "{table}"')  # noqa: S608 - a name of tables.json
        except (UnreadableError, duckdb.Error):
            return State.MISSING, f"{table}: the answer holds values that cannot be read, run again later"
        return read.state(table)


def _line(content: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    """Write what the table holds of an object, its keys in whatever case they came."""
    folded = {str(name).lower(): value for name, value in content.items()}
    return json.dumps({name: folded.get(name.lower()) for name in columns})
