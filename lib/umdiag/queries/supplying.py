"""Give a query's text the columns that a workspace never had, as nulls of their types."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from umdiag.queries.kql import Query, tables


def schema_text(table: str) -> str:
    """Write the question which columns a table of a workspace has."""
    return f"{table}\n| getschema\n| project ColumnName\n"


def supplied(query: Query, text: str, absent: Mapping[str, Collection[str]]) -> str:
    """Return a bound text that reads each table with its `absent` columns, in one `let` per table.

    The `let` has a name of its own: a table's name would be valid there too, but not in every engine.
    """
    lets = [_let(table, sorted(columns)) for table, columns in sorted(absent.items()) if columns]
    lines = text.split("\n")
    for table in (table for table, columns in absent.items() if columns):
        # A table stands where a pipeline begins: alone in its line, or at the end of a `let`.
        lines = [
            line[: len(line) - len(table)] + _name(table)
            if line == table or line.endswith(f"= {table}")
            else line
            for line in lines
        ]
    return "\n".join([*lets, *lines])


def _let(table: str, columns: Collection[str]) -> str:
    known = tables()["workspace"][table]
    added = ", ".join(f"{column} = {_null(known[column])}" for column in columns)
    return f"let {_name(table)} = {table}\n| extend {added};"


def _name(table: str) -> str:
    return f"{table}_with_all_columns"


def _null(type_: str) -> str:
    return '""' if type_ == "string" else f"{type_}(null)"  # a string is never null
