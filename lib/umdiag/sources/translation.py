"""Understand a KQL text: which tables it names, its SQL, and the translator's refusals in words of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, TypeAlias

import duckdb
import duckdb_kql
from duckdb_kql import ir
from duckdb_kql.lower import lower

from umdiag.errors import QueryError
from umdiag.sources.tablefiles import known_tables
from umdiag.sources.tuning import tuned

#: Tables that are loaded, each with its columns.
Schema: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
#: Parsing and translating a text costs some 50 ms of Python, and a process asks the same few again and again.
_REMEMBERED = 512
_FUZZY = re.compile(r"\bunion\b[^|(]*\bisfuzzy\s*=\s*true")
_NO_COLUMN = re.compile(r'Referenced column "(?P<column>[^"]*)" not found|"(?P<other>[^"]*)" must appear')


@dataclass(frozen=True, kw_only=True)
class References:
    """Which tables a text names; a fuzzy union goes on without those that are not there."""

    tables: tuple[str, ...]
    fuzzy: bool = False


@lru_cache(maxsize=_REMEMBERED)
def references(text: str, name: str = "query") -> References:
    """Return the tables that a text names. Raises QueryError for anything that is no plain query."""
    with worded(name):
        parsed = lower(text)
    names: dict[str, None] = {}
    bound: set[str] = set()
    known = {table.casefold(): table for table in known_tables()}
    for node in _nodes(parsed):
        if isinstance(node, ir.Query):
            bound.update(name for name, _ in node.lets)
    for node in _nodes(parsed):
        if isinstance(node, ir.CommandSource) or getattr(node, "database", None):
            raise QueryError(f"{name}: only tables can be asked, by their plain names")
        if isinstance(node, ir.WildcardTableRef):
            matching = [table for table in known_tables() if fnmatchcase(table, node.pattern)]
            names.update(dict.fromkeys(matching))
        elif isinstance(node, ir.TableRef) and node.name not in bound:
            if node.name.casefold() not in known:
                raise QueryError(f"{name}: there is no table {node.name[:80]!r}")
            names[known[node.name.casefold()]] = None
    return References(tables=tuple(names), fuzzy=is_fuzzy(text))


def is_fuzzy(text: str) -> bool:
    """Whether a text goes on without tables that are not there."""
    return _FUZZY.search(text) is not None


@lru_cache(maxsize=_REMEMBERED)
def translated(text: str, schema: Schema, now: datetime | None) -> tuple[str, Mapping[str, Any]]:
    """Return a text's SQL and the values of its placeholders: the same for every engine with these tables."""
    columns = {table: list(names) for table, names in schema}
    sql = duckdb_kql.to_sql(text, schema=columns, allow_write=False, query_now=now)
    return tuned(str(sql), _texts(columns)), dict(sql.parameters)


def _texts(columns: Mapping[str, list[str]]) -> set[str]:
    """Return the columns that are text wherever they are."""
    types: dict[str, set[str]] = {}
    for table, names in columns.items():
        for name in names:
            types.setdefault(name, set()).add(known_tables().get(table, {}).get(name, ""))
    return {name for name, found in types.items() if found == {"string"}}


@contextmanager
def worded(name: str) -> Iterator[None]:
    """Word the engine's refusals anew: one line, about the text as written, never about generated SQL."""
    try:
        yield
    except duckdb_kql.KqlSyntaxError as error:
        raise _refused(error, f"{name}: not understood", f": {_line(error)}") from None
    except duckdb_kql.KqlUnsupportedError as error:
        raise _refused(error, f"{name}: {error.construct} cannot be run offline") from None
    except duckdb_kql.KqlSchemaError as error:
        raise QueryError(f"{name}: {error.name}: {error.hint or 'unknown'}") from None
    except duckdb_kql.KqlError as error:
        raise QueryError(f"{name}: {_line(error)}") from None
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        column = _NO_COLUMN.search(str(error))
        told = f"there is no column {column['column'] or column['other']!r}" if column else _line(error)
        raise QueryError(f"{name}: {told}") from None
    except (RecursionError, UnicodeError):
        raise QueryError(f"{name}: the text is nested too deeply or is not proper text") from None


def _refused(error: duckdb_kql.KqlError, said: str, more: str = "") -> QueryError:
    """Return the error that says what was refused, and where where that is known."""
    spans = [item.span for item in getattr(error, "diagnostics", [])] or [getattr(error, "span", None)]
    if spans[0] is None:
        return QueryError(said + more)
    line, column = spans[0].line, spans[0].column + 1
    return QueryError(f"{said} at line {line}, column {column}{more}", line=line, column=column)


def _line(error: Exception) -> str:
    # What a parser expected instead is a list of a hundred tokens.
    text = (str(error) or type(error).__name__).splitlines()[0].partition(" expecting ")[0]
    return re.sub(r"^(?:\w+ Error|could not parse KQL at \d+:\d+): ", "", text)[:200]


def _nodes(root: object) -> Iterator[object]:
    """Walk a parsed query; nodes are shared, so each is visited once."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, (tuple, list)):
            waiting.extend(node)
        elif is_dataclass(node):
            yield node
            waiting.extend(getattr(node, field.name) for field in fields(node))
