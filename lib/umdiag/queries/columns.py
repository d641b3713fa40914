"""Which columns of which tables a query reads, and without which of them its answer is still whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile

from umdiag.errors import QueryError

#: Rows name their workspace only where several lie in one place: a source knows whether they must.
WORKSPACE_ID = "TenantId"
_TEXTS = re.compile(r'@"[^"]*"|"(?:[^"\\]|\\.)*"')
#: Not what stands after a dot (a property), before brackets (a function) or before `=` (a new name).
_READ = re.compile(r"(?<![.\w])\w+\b(?!\s*(?:=(?![=~])|\())")
#: A column and the keys of it that are followed, such as `properties.runbook.name`.
_KEYS = re.compile(r"(?<![.\w])(\w+(?:\.\w+)+)\b(?!\s*\()")
#: A new name and what it is made of: to the end of its line, and of lines that stand deeper or close it.
_MADE = re.compile(r"(?m)^(?:\| extend |    )(\w+) = ([^\n]*(?:\n(?: {5,}| {4}\))[^\n]*)*)")
#: Filters that follow a table's name at once; continued lines are indented.
_FILTERS = r"(?m)(?:^|= ){table}$((?:\n\| where [^\n]*(?:\n    [^\n]*)*)*)"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The columns that a query reads of one table; of each of `spare` all but one may be absent, or a single
    one altogether.
    """

    columns: tuple[str, ...]
    spare: tuple[frozenset[str], ...] = ()
    #: Keys of dynamic columns, with the columns before them, that some row of those looked at holds.
    keys: tuple[str, ...] = ()
    #: Those of them that a row may lack together.
    spare_keys: frozenset[str] = frozenset()
    #: KQL: the table, with the filters that say which of its rows are looked at at all.
    rows: str = ""

    def lacks(self, absent: Collection[str]) -> tuple[str, ...]:
        """Return which columns an answer rests on, of those that are `absent`."""
        spared = {
            column
            for group in self.spare
            if len(group) == 1 or not group.issubset(absent)
            for column in group
        }
        return tuple(column for column in self.columns if column in absent and column not in spared)


def body_of(text: str) -> str:
    """Return a query's text without comments and without what stands in quotes."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    return re.sub(r"//.*", "", _TEXTS.sub('""', body))


def readings(
    query: str, text: str, tables: Iterable[str], known: Mapping[str, Mapping[str, str]], optional: str
) -> Mapping[str, Reading]:
    """Return what a query's text reads, by table; `optional` is its header's list `Table.Column [or …], …`,
    where a key of a dynamic column may stand too (`Table.Column.key`).

    Raises QueryError for an optional column or key that the query does not read.
    """
    body = body_of(text)
    words = set(_READ.findall(body))
    read = {table: tuple(column for column in known[table] if column in words) for table in tables}
    keys = {table: _keys_in(body, known[table]) for table in read}
    spare: dict[str, list[frozenset[str]]] = {table: [] for table in read}
    for part in filter(None, map(str.strip, optional.split(","))):
        names = [name.strip().partition(".") for name in part.split(" or ")]
        for table, _, column in names:
            if column not in (*read.get(table, ()), *keys.get(table, ())):
                raise QueryError(f"{query}.kql: Optional names {table}.{column}, which it does not read")
        if len({table for table, _, _ in names}) > 1:
            raise QueryError(f"{query}.kql: Optional offers columns of two tables for each other: {part}")
        spare[names[0][0]].append(frozenset(column for _, _, column in names))
    return {
        table: Reading(
            columns=columns,
            spare=tuple(spare[table]),
            keys=keys[table],
            spare_keys=frozenset(keys[table]) & frozenset[str]().union(*spare[table]),
            rows=_looked_at(text, table, keys[table]),
        )
        for table, columns in read.items()
    }


def keyed(text: str, columns: Collection[str], reads: Iterable[Reading]) -> tuple[str, ...]:
    """Return those of the columns that a text returns which come from keys of dynamic columns alone."""
    keys = {key for read in reads for key in read.keys}
    made = dict(_MADE.findall(body_of(text)))
    return tuple(
        column
        for column in columns
        if not keys.isdisjoint(
            key for found in _KEYS.findall(made.get(column, "")) for key in _in_full(found, made)
        )
    )


def _keys_in(body: str, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that a body follows in the dynamic columns of a table, in their order."""
    made = dict(_MADE.findall(body))
    found = dict.fromkeys(_KEYS.findall(body))
    beginnings = {
        start for key in found for start in _KEYS.findall(made.get(key.partition(".")[0], "")) if start != key
    }
    keys = dict.fromkeys(key for name in found if name not in beginnings for key in _in_full(name, made))
    return tuple(key for key in keys if columns.get(key.partition(".")[0]) == "dynamic")


def _in_full(key: str, made: Mapping[str, str]) -> list[str]:
    """Return a key from its column on, where it begins with a name that is made of others."""
    name, _, rest = key.partition(".")
    return [f"{start}.{rest}" for start in _KEYS.findall(made.get(name, ""))] or [key]


def _looked_at(text: str, table: str, keys: Collection[str]) -> str:
    """Return the part of a text that picks rows by columns alone: what else a table holds is not read."""
    found = re.search(_FILTERS.format(table=re.escape(table)), text) if keys else None
    filters = re.split(r"\n(?=\| where )", found[1])[1:] if found else []
    bound = {*re.findall(r"(?m)^let (\w+)", text), *(key.partition(".")[0] for key in keys)}
    kept = list(takewhile(lambda filter_: bound.isdisjoint(re.findall(r"\w+", filter_)), filters))
    return "\n".join([table, *kept])
