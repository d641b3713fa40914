"""Which columns of which tables a query reads, and without which of them its answer is still whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from umdiag.errors import QueryError

#: Rows name their workspace only where several lie in one place: a source knows whether they must.
WORKSPACE_ID = "TenantId"
_TEXTS = re.compile(r'@"[^"]*"|"(?:[^"\\]|\\.)*"')
#: Not what stands after a dot (a property), before brackets (a function) or before `=` (a new name).
_READ = re.compile(r"(?<![.\w])\w+\b(?!\s*(?:=(?![=~])|\())")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The columns that a query reads of one table; of each of `spare` all but one may be absent, or a single
    one altogether.
    """

    columns: tuple[str, ...]
    spare: tuple[frozenset[str], ...] = ()

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
    query: str, body: str, tables: Iterable[str], known: Mapping[str, Mapping[str, str]], optional: str
) -> Mapping[str, Reading]:
    """Return what a query reads, by table; `optional` is its header's list `Table.Column [or …], …`.

    Raises QueryError for an optional column that the query does not read.
    """
    words = set(_READ.findall(body))
    read = {table: tuple(column for column in known[table] if column in words) for table in tables}
    spare: dict[str, list[frozenset[str]]] = {table: [] for table in read}
    for part in filter(None, map(str.strip, optional.split(","))):
        names = [name.strip().partition(".") for name in part.split(" or ")]
        for table, _, column in names:
            if column not in read.get(table, ()):
                raise QueryError(f"{query}.kql: Optional names {table}.{column}, which it does not read")
        if len({table for table, _, _ in names}) > 1:
            raise QueryError(f"{query}.kql: Optional offers columns of two tables for each other: {part}")
        spare[names[0][0]].append(frozenset(column for _, _, column in names))
    return {table: Reading(columns=columns, spare=tuple(spare[table])) for table, columns in read.items()}
