"""Decide of the columns of times that a file holds as text whether dates begin with the day or the month."""

# ruff: noqa: S608 - the identifiers in our own SQL are those of tables.json, quoted
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

from umdiag.sources import times
from umdiag.sources.casting import TIME, as_text, family_of
from umdiag.sources.headers import match_columns


def written_times(
    header: Sequence[str], values: Sequence[tuple[str, str]], wanted: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the columns of times that the file holds as text, each with the SQL of that text."""
    return {
        name: as_text(values[place][0], values[place][1])
        for name, place in match_columns(header, wanted).items()
        if wanted[name] == "datetime" and family_of(values[place][1]) == "text"
    }


def orders_of(
    cursor: duckdb.DuckDBPyConnection, texts: Mapping[str, str], source: str, asked_at: datetime | None
) -> Mapping[str, times.Order]:
    """Return how the dates of each column begin: from one look at all of its values, else by the clock."""
    if not texts:
        return {}
    asked = ", ".join(map(times.evidence, texts.values()))
    parts = iter(cursor.execute(f"SELECT {asked} FROM {source}").fetchall()[0])
    found = {column: (next(parts), next(parts)) for column in texts}
    orders = times.orders(found)
    if asked_at is None or orders.get(TIME) != "" or found[TIME] != (False, False):
        return orders
    both = ", ".join(f"max({times.moment(texts[TIME], order)})" for order in times.EITHER)
    order = times.fitting(cursor.execute(f"SELECT {both} FROM {source}").fetchall()[0], asked_at)
    return {column: known or order for column, known in orders.items()}
