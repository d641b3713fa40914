"""Read from a function's signature what it needs, so that the signature is the whole declaration.

Positional parameters name data (facts or frames), keyword-only ones name parameters of the investigation.
How a parameter is annotated says what may be handed to it:

    DataFrame          whole; the function is not called without it
    DataFrame | None   whole, else None: what rests on it is then null, and no row comes or goes
    Adding | None      whole, else None: rows are missing then
    Partial            as far as seen; the function is not called where nothing was
    Partial | None     as far as seen, else None: rows are missing then

What a function returns is itself only as far as seen where an `Adding` or `Partial` was not whole.
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

_ANNOTATIONS: Mapping[str, Mapping[str, bool]] = {
    "pd.DataFrame": {},
    "pd.DataFrame | None": {"optional": True},
    "Adding | None": {"optional": True, "adds_rows": True},
    "Partial": {"partial": True, "adds_rows": True},
    "Partial | None": {"optional": True, "partial": True, "adds_rows": True},
}


@dataclass(frozen=True, kw_only=True)
class Need:
    """One parameter of a judge, chart or frame; see the module for what the flags of data mean."""

    name: str
    is_data: bool
    optional: bool = False
    partial: bool = False
    adds_rows: bool = False


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
    """Return what `function` asks for.

    Raises QueryError for data that nobody provides, or whose annotation is none of these.
    """
    found = []
    for parameter in inspect.signature(function).parameters.values():
        is_data = parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        flags = _read(function, parameter) if is_data else {}
        found.append(Need(name=parameter.name, is_data=is_data, **flags))
    return tuple(found)


def _read(function: Callable[..., Any], parameter: inspect.Parameter) -> Mapping[str, bool]:
    asker = f"{function.__module__}.{function.__name__}"
    if parameter.name not in kql.queries() and parameter.name not in frame_functions():
        raise QueryError(f"{asker} asks for {parameter.name}: no query and no frame of that name")
    annotation = str(parameter.annotation)
    if annotation not in _ANNOTATIONS:
        raise QueryError(f"{asker}: {parameter.name} is {annotation}, expected {', '.join(_ANNOTATIONS)}")
    return _ANNOTATIONS[annotation]


def data_of(function: Callable[..., Any]) -> tuple[Need, ...]:
    """Return those needs of `function` that are facts or frames."""
    return tuple(need for need in needs(function) if need.is_data)


def queries_of(function: Callable[..., Any]) -> set[str]:
    """Return the names of all queries that `function` rests on, through frames and filled parameters."""
    return set().union(*(queries_behind(need.name) for need in data_of(function)))


@cache
def queries_behind(name: str) -> frozenset[str]:
    """Return the names of all queries that a fact or frame rests on, optional ones too."""
    _order()  # refuses a loop, which would be followed for ever here
    itself = {name} & kql.queries().keys()
    return frozenset(itself.union(*(queries_behind(below) for below in _rests_on(name))))


@cache
def required_behind(name: str) -> frozenset[str]:
    """Return the names of the queries without any of which a fact or frame cannot be had."""
    if name in kql.queries():
        return frozenset({name}.union(*(required_behind(below) for below in _rests_on(name))))
    required = (need.name for need in data_of(frame_functions()[name]) if not need.optional)
    return frozenset().union(*(required_behind(below) for below in required))


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


def _rests_on(name: str) -> list[str]:
    """Return the facts and frames that a query is filled from, or a frame is derived from."""
    query = kql.queries().get(name)
    if query is None:
        return [need.name for need in data_of(frame_functions()[name])]
    filled = [parameter for parameter in query.parameters.values() if parameter.datum]
    for parameter in filled:
        known = kql.queries().get(parameter.datum)
        columns = known.columns if known else {parameter.column}
        if parameter.column not in columns or parameter.datum not in {*kql.queries(), *frame_functions()}:
            source = f"{parameter.datum}.{parameter.column}"
            raise QueryError(f"{name}.kql: there is no {source} to fill {parameter.name} from")
    return [parameter.datum for parameter in filled]
