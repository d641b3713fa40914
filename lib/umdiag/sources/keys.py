"""Keys inside dynamic columns: read in whatever case they are written, and missed where no row has them."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

from umdiag.queries import kql
from umdiag.queries.columns import Reading
from umdiag.queries.kql import Query
from umdiag.sources.casting import literal, quoted
from umdiag.sources.translation import Schema, translated

#: Table → keys that every row fills.
ALWAYS_FILLED: Mapping[str, tuple[str, ...]] = {
    "resourcechanges": (
        "properties.targetResourceId",
        "properties.changeType",
        "properties.changeAttributes.timestamp",
    ),
    "patchassessmentresources": ("properties.status",),
    "softwareUpdateConfigurations": ("properties.updateConfiguration.operatingSystem",),
    "softwareUpdateConfigurationRuns": ("properties.status",),
    "softwareUpdateConfigurationMachineRuns": (
        "properties.correlationId",
        "properties.targetComputer",
        "properties.status",
    ),
    "hybridRunbookWorkerGroups": ("properties.groupType",),
    "jobs": ("properties.status", "properties.creationTime"),
    "workspaces": ("properties.customerId",),
}
#: Table → keys of which some rows have none, and never all: a machine's power state may not be known.
FILLED_SOMEWHERE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "resources": (("properties.extended.instanceView.powerState.code", "properties.status"),),
}
#: Key → the keys below it.
_Tree: TypeAlias = dict[str, "_Tree"]


@dataclass(frozen=True, kw_only=True)
class KeyLosses:
    """How many of the `rows` that a query looks at have, by column, none of its keys, and how many have some
    and lack one, by key, that every row fills.
    """

    rows: int = 0
    none: Mapping[str, int] = field(default_factory=dict)
    lacking: Mapping[str, int] = field(default_factory=dict)


def count(cursor: duckdb.DuckDBPyConnection, table: str, read: Reading, schema: Schema) -> KeyLosses:
    """Count in which rows of a loaded table keys are absent, null or empty that a query reads."""
    columns = dict.fromkeys(key.partition(".")[0] for key in read.keys)
    sql, values = translated(f"{read.rows}\n| project {', '.join(columns)}\n", schema, None)
    looked_at = cursor.sql(sql, params=dict(values) or None)
    rows = 0
    none: dict[str, int] = {}
    lacking: dict[str, int] = {}
    for column in columns:
        keys = [key for key in read.keys if key.startswith(f"{column}.")]
        paths = ", ".join(literal("$" + key.removeprefix(column)) for key in keys)
        found = looked_at.project(f"{quoted(column)} AS whole, CAST(whole AS JSON) ->> [{paths}] AS found")
        empty = "coalesce(len(list_filter(found, lambda value: value <> '')), 0) = 0"
        if read.spare_keys.issuperset(keys):
            empty = "coalesce(CAST(whole AS VARCHAR), '{}') IN ('{}', 'null')"
        lacks = {" or ".join(group): _lacks(group, keys) for group in _watched(table, keys)}
        told = ["count(*)", f"count(*) FILTER ({empty})"]
        told += [f"count(*) FILTER (NOT {empty} AND {lack})" for lack in lacks.values()]
        rows, none[column], *each = found.aggregate(", ".join(told)).fetchall()[0]
        lost = dict(zip(lacks, each, strict=True))
        lacking |= {key: n for key, n in lost.items() if " or " not in key or n + none[column] == rows}
    return KeyLosses(rows=rows, none=_there(none), lacking=_there(lacking))


def lost_in(query: Query, answer: pd.DataFrame) -> Mapping[str, KeyLosses]:
    """Count, by table, the rows of an answer in which nothing came out of dynamic columns: of what a service
    reads itself no more can be told.
    """
    read = {table: read for table, read in query.reads.items() if not read.spare_keys.issuperset(read.keys)}
    if not query.keyed or not read:
        return {}
    lost = pd.concat(
        [answer[name].eq("") | answer[name].isna() for name in query.keyed], axis=1, ignore_index=True
    )
    count = int(lost.all(axis=1).sum())
    return {
        table: KeyLosses(rows=len(answer), none=_there({keys.keys[0].partition(".")[0]: count}))
        for table, keys in read.items()
    }


def _watched(table: str, keys: Collection[str]) -> list[tuple[str, ...]]:
    """Return which keys rows fill, of those that are read; of a group one is enough."""
    groups = [*((key,) for key in ALWAYS_FILLED.get(table, ())), *FILLED_SOMEWHERE.get(table, ())]
    return [group for group in groups if set(group).issubset(keys)]


def _lacks(group: Iterable[str], keys: Sequence[str]) -> str:
    return " AND ".join(f"coalesce(found[{keys.index(key) + 1}], '') = ''" for key in group)


def respell(cursor: duckdb.DuckDBPyConnection, table: str, kind: str) -> None:
    """Write the keys of a loaded table (`kind`: TABLE or VIEW) as the queries do, where they differ in case.

    Some services and exports write `PowerState` for `powerState`. What is written as it should be costs one
    look at its text, and stays as it lies.
    """
    for column, tree in _trees(table).items():
        text = f"CAST({quoted(column)} AS VARCHAR)"
        otherwise = literal(rf'"({"|".join(map(_otherwise, sorted(_names(tree))))})"\s*:')
        told = f"SELECT 1 FROM {quoted(table)} WHERE regexp_matches({text}, {otherwise}) LIMIT 1"
        if cursor.execute(told).fetchall():
            rows = f"SELECT DISTINCT {text} FROM {quoted(table)} WHERE regexp_matches({text}, {otherwise})"
            old = [str(value) for (value,) in cursor.execute(rows).fetchall()]
            cursor.register("spelling", pa.table({"old": old, "new": [_folded_text(t, tree) for t in old]}))
            _replace(cursor, table, kind, column)
            cursor.unregister("spelling")
            kind = "TABLE"


def _replace(cursor: duckdb.DuckDBPyConnection, table: str, kind: str, column: str) -> None:
    text, passing = f"CAST({quoted(column)} AS VARCHAR)", quoted(f"{table} passing")
    cursor.execute(
        f"CREATE TABLE {passing} AS SELECT {quoted(table)}.* "
        f"REPLACE (CAST(coalesce(spelling.new, {text}) AS JSON) AS {quoted(column)}) "
        f"FROM {quoted(table)} LEFT JOIN spelling ON {text} = spelling.old"
    )
    cursor.execute(f"DROP {kind} {quoted(table)}")
    cursor.execute(f"ALTER TABLE {passing} RENAME TO {quoted(table)}")


def _otherwise(name: str) -> str:
    """Return a pattern of a name in any case but its own: the letters before the first that differs are."""
    return "|".join(
        f"{name[:place]}{letter.swapcase()}(?i:{name[place + 1 :]})"
        for place, letter in enumerate(name)
        if letter.isalpha()
    )


def _folded_text(text: str, tree: _Tree) -> str:
    try:
        return json.dumps(_folded(json.loads(text), tree))
    except (RecursionError, ValueError):  # nested without end: no key of it is read either
        return text


def _folded(value: Any, tree: _Tree) -> Any:
    """Return a value with the keys of a tree as that spells them; a key that is there in both stays."""
    if not isinstance(value, dict) or not tree:
        return value
    known = {key.casefold(): key for key in tree}
    spelled = {str(key): known.get(str(key).casefold(), str(key)) for key in value}
    names = {key: key if name in value else name for key, name in spelled.items()}
    return {names[key]: _folded(inner, tree.get(names[key], {})) for key, inner in value.items()}


def _trees(table: str) -> Mapping[str, _Tree]:
    """Return the keys that any query reads of a table, by column, as trees."""
    root: _Tree = {}
    for query in kql.queries().values():
        for key in query.reads[table].keys if table in query.reads else ():
            place = root
            for name in key.split("."):
                place = place.setdefault(name, {})
    return root


def _names(tree: _Tree) -> set[str]:
    return set(tree).union(*map(_names, tree.values()))


def _there(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {name: count for name, count in counts.items() if count}
