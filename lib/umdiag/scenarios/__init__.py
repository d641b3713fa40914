"""The scenarios, one module each; a module that lies here is in the catalogue, without a list to keep."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from umdiag.errors import CallError, QueryError
from umdiag.model import Cause, Finding, Lead
from umdiag.scenarios.account import Rests
from umdiag.words.services import CALLED

#: Families in the order in which a person reads them, each with its question.
FAMILIES: Mapping[str, str] = {
    "quota": "Is the workspace keeping what machines send?",
    "assessment": "What state is every machine in, and is it current?",
    "onboarding": "Machines that should be managed and are not",
    "missed_machines": "The schedule ran; who was left out, and why?",
    "update_runs": "The run started; what went wrong in it?",
    "unplanned": "Restarts and installations that nobody planned",
}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One symptom: its literal name, its question, its manual page, what it can find and what it rests on.

    `decides` are the keys of evidence that a reader judges a finding by, the first first.
    """

    name: str
    family: str
    title: str
    manual: str
    causes: tuple[Cause, ...]
    rests: Rests
    services: tuple[str, ...]
    decides: tuple[str, ...]
    judge: Callable[..., Iterator[Finding]]


@cache
def catalogue() -> tuple[Scenario, ...]:
    """Return every scenario, families in reading order, scenarios of one family by name.

    Its causes are those in a module's CAUSES; without it all constants that are causes, in their order.

    Raises QueryError for a module without a docstring, causes, `RESTS`, `SERVICES`, `DECIDES` or `judge`, and
    for a cause that leads to no notebook of another family.
    """
    found = []
    for family in FAMILIES:
        package = import_module(f"{__name__}.{family}")
        for module in sorted(iter_modules(package.__path__), key=lambda module: module.name):
            if not module.name.startswith("_"):
                found.append(
                    _scenario(family, module.name, import_module(f"{package.__name__}.{module.name}"))
                )
    return tuple(found)


def scenario(name: str) -> Scenario:
    """Return the scenario of that literal name. Raises KeyError."""
    return {entry.name: entry for entry in catalogue()}[name]


def leads_from(name: str, cause: str) -> tuple[Lead, ...]:
    """Return where a cause of a scenario leads; nowhere where either is not known."""
    return _leads().get((name, cause), ())


def decides_of(name: str) -> tuple[str, ...]:
    """Return the keys of evidence that decide in a scenario, none where it is not known."""
    return _decides().get(name, ())


@cache
def _decides() -> Mapping[str, tuple[str, ...]]:
    return {entry.name: entry.decides for entry in catalogue()}


@cache
def _leads() -> Mapping[tuple[str, str], tuple[Lead, ...]]:
    return {(entry.name, cause.key): cause.leads_to for entry in catalogue() for cause in entry.causes}


def _scenario(family: str, name: str, module: ModuleType) -> Scenario:
    constants = tuple(value for value in vars(module).values() if isinstance(value, Cause))
    causes: tuple[Cause, ...] = getattr(module, "CAUSES", constants)
    manual = inspect.getdoc(module)
    if not manual and sys.flags.optimize > 1:
        raise CallError(
            "Python leaves out docstrings, which umdiag reads: unset PYTHONOPTIMIZE, or run without -OO"
        )
    rests, judge = getattr(module, "RESTS", None), getattr(module, "judge", None)
    services, decides = getattr(module, "SERVICES", None), getattr(module, "DECIDES", None)
    if not manual or not causes or rests is None or judge is None or services is None or not decides:
        raise QueryError(
            f"scenario {name}: a docstring, causes, RESTS, SERVICES, DECIDES and judge() belong to it"
        )
    if not isinstance(services, tuple) or not services or set(services) - CALLED.keys():
        raise QueryError(f"scenario {name}: SERVICES is {services!r}, expected some of {', '.join(CALLED)}")
    elsewhere = {*FAMILIES, "machine"} - {family}
    for lead in (lead for cause in causes for lead in cause.leads_to):
        if lead.notebook not in elsewhere:
            raise QueryError(
                f"scenario {name}: {lead.notebook} is not a notebook of another family to lead to"
            )
    return Scenario(
        name=name,
        family=family,
        title=manual.splitlines()[0],
        manual=manual,
        causes=causes,
        rests=rests,
        services=services,
        decides=tuple(decides),
        judge=judge,
    )
