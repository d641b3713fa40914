"""Damaged rows are not healthy: each column behind a scenario is dropped, or its values are made unreadable.

The matrix is that of `tables.json` and of what the queries read: no table and no column is named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from support.cases import every_case, given_of
from support.estates import Damage, Estate
from support.silence import cleared, silent_changes, states_of
from umdiag.judging.needs import queries_of
from umdiag.model import Diagnosis
from umdiag.queries import kql
from umdiag.scenarios import catalogue, scenario

CASES = every_case("causes", "look_alikes")
Case = Mapping[str, Any]


def rests(name: str, damage: Damage) -> bool:
    """Whether an answer behind a scenario rests on a column."""
    readings = [kql.queries()[query].reads.get(damage.table) for query in queries_of(scenario(name).judge)]
    return any(reading.lacks({damage.column}) for reading in readings if reading)


def heard(diagnosis: Diagnosis) -> tuple[Any, ...]:
    return (
        diagnosis.verdict, diagnosis.reason, [(one.cause, one.subject) for one in diagnosis.findings],
    )  # fmt: skip


def wrong(name: str, estate: Estate, damages: Iterable[Damage]) -> Iterator[str]:
    """Yield what changes without a word, and what changes though the column is optional."""
    before = estate.diagnose(name)
    for damage in damages:
        after = estate.damaged(damage).diagnose(name)
        if rests(name, damage):
            yield from (f"{damage}: {change}" for change in silent_changes(before, after, damage.table))
        elif heard(after) != heard(before):
            yield f"{damage}: it is optional and changes something"


def clearing(estate: Estate, damages: Iterable[Damage]) -> Iterator[str]:
    """Yield the machines that a damage makes compliant or not compliant."""
    known = states_of(estate.kit())
    for damage in damages:
        after = states_of(estate.damaged(damage).kit())
        yield from (f"{damage}: {change}" for change in cleared(known, after))


def cases_of(name: str) -> Sequence[Estate]:
    given = [case for of, case in (one.values for one in CASES) if of == name]
    return [Estate(given_of(case), **case.get("parameters") or {}) for case in given]


def shared_out(name: str) -> Iterator[tuple[Estate, list[Damage]]]:
    """Yield each case of a scenario with its share of what may happen: all of it happens once."""
    estates = cases_of(name)
    for place, estate in enumerate(estates):
        yield estate, estate.damages_behind(name)[place :: len(estates)]


NAMES = [pytest.param(one.name, marks=pytest.mark.xdist_group(one.name)) for one in catalogue()]


@pytest.mark.parametrize("name", NAMES[::4])
def test_no_column_goes_without_a_word(name: str) -> None:
    """Of every fourth scenario one column in one case; which, changes from scenario to scenario."""
    place = [one.name for one in catalogue()].index(name)
    shares = list(shared_out(name))
    estate, damages = shares[place % len(shares)]
    assert list(wrong(name, estate, damages[place % max(len(damages), 1) :][:1])) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_column_at_all_goes_without_a_word(name: str) -> None:
    """Of each scenario every twelfth damage; which, changes from scenario to scenario."""
    first = [one.name for one in catalogue()].index(name) % 12
    shares = ((estate, damages[first::12]) for estate, damages in shared_out(name))
    assert [told for estate, damages in shares for told in wrong(name, estate, damages)] == []


@pytest.mark.slow
def test_no_column_clears_a_machine() -> None:
    found = [one for shared in shared_out("machine_non_compliant") for one in clearing(*shared)]
    assert found == []
