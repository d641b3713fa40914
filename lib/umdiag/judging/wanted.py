"""Which queries an investigation asks, before it knows anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from umdiag.judging.needs import queries_of
from umdiag.queries.kql import queries
from umdiag.scenarios import catalogue

#: Queries of the machine notebook, asked for one machine once the findings are known.
OF_ONE_MACHINE = ("machine_hours", "machine_assessments")


Families: TypeAlias = Sequence[str] | None
Functions: TypeAlias = Iterable[Callable[..., Any]]


def wanted_queries(families: Families, also: Functions = ()) -> list[str]:
    """Return the names of the queries that the families' judges and `also` rest on (None: every query)."""
    names = set(queries()) - set(OF_ONE_MACHINE)
    if families is not None:
        judges = [scenario.judge for scenario in catalogue() if scenario.family in families]
        names &= set().union(*(queries_of(function) for function in (*judges, *also)))
    return sorted(names)
