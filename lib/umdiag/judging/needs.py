"""Read from a function's signature what it needs, so that the signature is the whole declaration.

Positional parameters name data (facts or frames), keyword-only ones name parameters of the investigation.
`DataFrame` must be there and whole; `DataFrame | None` may be None.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from umdiag import frames
from umdiag.errors import QueryError
from umdiag.queries import kql


@dataclass(frozen=True, kw_only=True)
class Need:
    """One parameter of a judge, chart or frame."""

    name: str
    is_data: bool
    optional: bool


@cache
def frame_functions() -> Mapping[str, Callable[..., Any]]:
    """Return every frame's `derive`, by the frame's name; place is registration."""
    return {
        module.name: import_module(f"umdiag.frames.{module.name}").derive
        for module in iter_modules(frames.__path__)
        if not module.ispkg
    }


@cache
def needs(function: Callable[..., Any]) -> tuple[Need, ...]:
    """Return what `function` asks for. Raises QueryError for data that nobody provides."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        is_data = parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        if is_data and parameter.name not in kql.queries() and parameter.name not in frame_functions():
            raise QueryError(
                f"{function.__module__} asks for {parameter.name}: no query and no frame of that name"
            )
        optional = str(parameter.annotation).endswith("| None")
        found.append(Need(name=parameter.name, is_data=is_data, optional=optional))
    return tuple(found)


def queries_of(function: Callable[..., Any]) -> set[str]:
    """Return the names of all queries that `function` rests on, through frames and filled parameters."""
    return set().union(*(_queries_behind(need.name) for need in needs(function) if need.is_data))


def in_order(names: Iterable[str]) -> list[str]:
    """Return query names so that what fills another's parameter, through frames too, comes before it.

    Raises QueryError for a parameter filled from nothing there is, or queries that wait for each other.
    """
    wanted = set(names)
    return [name for name in _order() if name in wanted]


@cache
def _order() -> tuple[str, ...]:
    """Return all queries and frames, each after those that it rests on."""
    try:
        order = TopologicalSorter({name: _rests_on(name) for name in (*kql.queries(), *frame_functions())})
        return tuple(order.static_order())
    except CycleError as loop:
        raise QueryError(f"queries wait for each other: {' → '.join(loop.args[1])}") from None


@cache
def _queries_behind(name: str) -> frozenset[str]:
    _order()  # refuses a loop, which would be followed for ever here
    own = {name} & kql.queries().keys()
    return frozenset(own.union(*(_queries_behind(one) for one in _rests_on(name))))


def _rests_on(name: str) -> list[str]:
    """Return the facts and frames that a query is filled from, or a frame is derived from."""
    query = kql.queries().get(name)
    if query is None:
        return [need.name for need in needs(frame_functions()[name]) if need.is_data]
    filled = [parameter for parameter in query.parameters.values() if parameter.datum]
    for one in filled:
        columns = kql.queries()[one.datum].columns if one.datum in kql.queries() else {one.column}
        if one.column not in columns or one.datum not in {*kql.queries(), *frame_functions()}:
            raise QueryError(f"{name}.kql: there is no {one.datum}.{one.column} to fill {one.name} from")
    return [one.datum for one in filled]
