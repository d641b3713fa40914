"""The kit's own queries for a reader: all of them in a table, one with its text."""

from __future__ import annotations

from collections.abc import Iterable

from umdiag.queries.kql import Query
from umdiag.show.blocks import Block
from umdiag.show.markup import Html, listing


def query_table(queries: Iterable[Query]) -> Block:
    """Show queries in a table, by the tables that they ask."""
    ordered = sorted(queries, key=lambda query: (query.tables, query.name))
    rows = [
        (Html("<b>{}</b>").format(query.name), query.answers, ", ".join(query.tables)) for query in ordered
    ]
    said = Html("<p>{}</p>").format(
        'kit.queries["name"] shows one, kit.queries["name"].run() returns its rows.'
    )
    return Block(lambda _: listing(("Query", "What it answers", "Tables"), rows, names=[0]) + said)


def one_query(query: Query, text: str) -> Block:
    """Show one query: what it answers, its columns, what can be set, the text as it would be sent."""
    facts = [
        ("Tables", ", ".join(query.tables)),
        ("Columns", ", ".join(f"{name}: {type_}" for name, type_ in query.columns.items())),
        ("Can be set", ", ".join(f"{name}: {held.type}" for name, held in query.parameters.items()) or "—"),
        ("Source", query.source),
    ]
    head = Html("<p><b>{}</b> (<code>{}</code>). {}</p>").format(query.title, query.name, query.answers)
    body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    whole = head + listing(("Property", "Value"), facts) + Html("<pre>{}</pre>").format(body)
    return Block(lambda _: whole)
