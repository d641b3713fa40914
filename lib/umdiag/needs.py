"""Read from a function's signature what it needs, so that the signature is the whole declaration.

Positional parameters name data (facts or frames), keyword-only ones name parameters of the investigation.
`DataFrame` must be there and whole; `DataFrame | None` may be None.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from umdiag import frames, kql
from umdiag.errors import QueryError


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
        if not module.name.startswith("_")
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
    found: set[str] = set()
    for need in needs(function):
        if need.is_data:
            found |= _queries_behind(need.name)
    return found


@cache
def _queries_behind(name: str) -> frozenset[str]:
    if name not in kql.queries():
        return frozenset(queries_of(frame_functions()[name]))
    filled_from = {parameter.fact for parameter in kql.queries()[name].parameters.values() if parameter.fact}
    return frozenset({name}.union(*(_queries_behind(fact) for fact in filled_from)))
