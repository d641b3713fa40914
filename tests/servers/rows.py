"""The rows behind the stand-ins: a snapshot in the embedded engine, as each workspace or caller sees it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from umdiag.errors import QueryError
from umdiag.queries import kql
from umdiag.sources.captured import CapturedTables
from umdiag.sources.engine import Engine
from umdiag.sources.manifest import read_manifest
from umdiag.sources.outward import kql_type, to_frame
from umdiag.sources.tablefiles import find_tables
from umdiag.sources.translation import references, translated

#: Where a row of Resource Graph lies; made rows may say it by their id alone.
_SUBSCRIPTION = (
    """coalesce(nullif("subscriptionId", ''), regexp_extract("id", '(?i)/subscriptions/([^/]+)', 1))"""
)
_SCHEMA = re.compile(r"(\w+)\n\| getschema\n\| project ColumnName\n")
#: Our types → the service's names of them, as both query protocols write them.
Answer = tuple[list[tuple[str, str]], list[list[Any]]]


class SnapshotRows:
    """Answers KQL from a snapshot folder; every scope has an engine of its own with only its rows."""

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        self._folder = folder
        self._manifest = read_manifest(folder)
        self._lock = threading.Lock()
        self._engines: dict[object, Engine] = {}
        self._answers: dict[tuple[object, str], Answer] = {}
        self.now = (self._manifest.asked_at if self._manifest else None) or datetime.now(UTC)
        self.tables = set(find_tables(folder)[0])

    @cached_property
    def workspaces(self) -> dict[str, str]:
        """Map ARM ids (folded) to customer ids."""
        return {
            str(one["id"]).lower(): json.loads(one["properties"])["customerId"]
            for one in self.objects("workspaces")
        }

    def of_workspace(
        self,
        customer_id: str,
        text: str,
        missing: Iterable[str] = (),
        absent: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """Answer a query from one workspace's rows. Raises LookupError naming a table it does not have.

        `absent` are columns (table, column) that the workspace never had.
        """
        gone, lacking = frozenset(missing), frozenset(absent)
        where = f"""lower("TenantId") = '{customer_id.lower()}'"""
        key = ("logs", customer_id, gone, lacking)
        engine = self._engine(key, "workspace", where, gone, lacking)
        if asked := _SCHEMA.fullmatch(text):
            if asked[1] not in engine.schema:
                raise LookupError(asked[1])
            return [("ColumnName", "string")], [[name] for name in engine.schema[asked[1]]]
        return self._ask(key, engine, text)

    def of_subscriptions(self, subscriptions: Sequence[str] | None, text: str) -> Answer:
        """Answer a Resource Graph query from the rows of these subscriptions, None for all."""
        key = None if subscriptions is None else tuple(sorted(one.lower() for one in subscriptions))
        where = "true"
        if key is not None:
            listed = ", ".join(map(repr, key)) or "NULL"
            where = f"lower({_SUBSCRIPTION}) IN ({listed})"
        engine = self._engine(("graph", key), "graph", where, frozenset())
        return self._ask(("graph", key), engine, text)

    def objects(self, table: str) -> list[dict[str, Any]]:
        """Return a Resource Manager table as the objects that the service would send."""
        engine = self._engine("arm", "arm", "true", frozenset())
        if table not in engine.schema:
            return []
        frame = engine.rows(f'SELECT * FROM "{table}"')
        return [dict(zip(engine.schema[table], row, strict=True)) for row in frame]

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close()

    def _engine(
        self,
        key: object,
        section: str,
        where: str,
        gone: frozenset[str],
        lacking: frozenset[tuple[str, str]] = frozenset(),
    ) -> Engine:
        with self._lock:
            if key not in self._engines:
                engine = Engine(folder=self._folder, memory_limit="1GB")
                files, _ = find_tables(self._folder)
                captured = CapturedTables(engine, files, self._manifest)
                for table in kql.tables()[section]:
                    if table in files and table not in gone:
                        captured.table(table)
                        engine.rows(f'CREATE TABLE own AS SELECT * FROM "{table}" WHERE {where}')
                        engine.rows(f'DROP {"VIEW" if files[table].kind == "parquet" else "TABLE"} "{table}"')
                        engine.rows(f'ALTER TABLE own RENAME TO "{table}"')
                for table, column in lacking:
                    if table in engine.schema:
                        engine.rows(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
                        left = tuple(name for name in engine.schema[table] if name != column)
                        engine.schema = {**engine.schema, table: left}
                self._engines[key] = engine
            return self._engines[key]

    def _ask(self, scope: object, engine: Engine, text: str) -> Answer:
        """Answer a question once: the rows never change."""
        with self._lock:
            known = self._answers.get((scope, text))
        if known is None:
            known = self._answered(engine, text)
            with self._lock:
                self._answers[scope, text] = known
        return known

    def _answered(self, engine: Engine, text: str) -> Answer:
        try:
            named = references(text)
        except QueryError as error:
            raise ValueError(str(error)) from None
        lacking = [table for table in named.tables if table not in engine.schema]
        if lacking and (not named.fuzzy or len(lacking) == len(named.tables)):
            raise LookupError(lacking[0])
        sql, values = translated(text, engine.tables_in(text), self.now)
        with engine.cursor() as cursor:
            relation = cursor.sql(sql, params=dict(values) or None)
            types = {
                name: kql_type(str(type_))
                for name, type_ in zip(relation.columns, relation.types, strict=True)
            }
            frame = to_frame(relation, types, "answer")
        rows = [[_wire(value) for value in row] for row in frame.astype(object).itertuples(index=False)]
        return list(types.items()), rows


def _wire(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        fraction = f".{value.microsecond:06}".rstrip("0").rstrip(".")  # trailing zeros are left out
        return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"
    if isinstance(value, pd.Timedelta):
        return str(value)
    return value.item() if hasattr(value, "item") else value
