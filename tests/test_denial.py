"""What could not be seen is never called healthy: each table behind a scenario is taken away in turn.

For every cause case and look-alike: the verdict may become UNKNOWN and a finding may gain `not_checked`;
nothing else may change without a word. Minutes-long: `test_absence` does it quickly to a whole fleet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pytest

from support.cases import every_case, given_of
from support.estates import Estate
from support.silence import silent_changes, told
from umdiag.judging.needs import queries_of
from umdiag.model import UPDATE_MANAGER, Diagnosis
from umdiag.queries import kql
from umdiag.queries.belonging import service_of
from umdiag.scenarios import scenario

pytestmark = pytest.mark.slow

CASES = every_case("causes", "look_alikes")
Taken: TypeAlias = tuple[str, str]


def estate_of(case: Mapping[str, Any]) -> Estate:
    return Estate(given_of(case), **case.get("parameters") or {})


def ways(estate: Estate, name: str) -> list[Taken]:
    """Return each table behind a scenario with how it is taken away: refused or not captured by turns,
    cut to nothing, and halved. One of Update Manager that was not captured is nothing of it: only refused.
    """
    taken = []
    for place, table in enumerate(estate.tables_behind(name)):
        refused = place % 2 == 0 or service_of([table]) == UPDATE_MANAGER
        taken += [(table, "denied" if refused else "missing"), (table, "empty")]
        taken += [(table, "partial")] if estate.has_rows(table) else []
    return taken


def refuse_silence(before: Diagnosis, estate: Estate, taken: Sequence[Taken]) -> None:
    wrong = []
    for table, how in taken:
        after = estate.without(table, how).diagnose(before.scenario)
        wrong += [f"{table} {how}: {change}" for change in silent_changes(before, after, table)]
    assert not wrong, "; ".join(wrong)


def refuse_difference(before: Diagnosis, estate: Estate, part: slice) -> None:
    """Refuse a fact of which the scenario says that it does not matter, and that does."""
    for fact in sorted(scenario(before.scenario).rests.indifferent)[part]:
        after = estate.without(fact, "missing").diagnose(before.scenario)
        assert (told(after), after.verdict, after.reason) == (told(before), before.verdict, before.reason), (
            fact
        )


#: So many cases of a scenario, over which its tables are shared out, each taken away in one way.
SAMPLED = 1
TURNS = ("denied", "partial", "missing", "empty")
NAMES = tuple(dict.fromkeys(case.values[0] for case in CASES))


def sees_all(case: Mapping[str, Any]) -> bool:
    return given_of(case).keys().isdisjoint(("denied", "not_captured", "partial"))


def sample() -> Iterator[Any]:
    """Yield so many cases of each scenario in which every table is seen, from the first to the last."""
    for name in NAMES:
        of_scenario = [case for case in CASES if case.values[0] == name and sees_all(case.values[1])]
        for place in range(SAMPLED):
            case = of_scenario[place * (len(of_scenario) - 1) // max(SAMPLED - 1, 1)]
            yield pytest.param(place, *case.values, id=f"{place} {case.id}", marks=case.marks)


def share(place: int, name: str, estate: Estate) -> list[Taken]:
    """Return every other table, each with its way; from scenario to scenario a table meets another way."""
    turn = NAMES.index(name)
    taken = []
    for number, table in enumerate(estate.tables_behind(name)):
        how = TURNS[(number + turn) // SAMPLED % len(TURNS)]
        if how == "partial" and not estate.has_rows(table):
            how = "empty"
        if how == "missing" and service_of([table]) == UPDATE_MANAGER:
            how = "denied"
        if number % SAMPLED == place:
            taken.append((table, how))
    return taken


@pytest.mark.parametrize(("place", "name", "case"), list(sample()))
def test_no_table_goes_without_a_word(place: int, name: str, case: Mapping[str, Any]) -> None:
    estate = estate_of(case)
    before = estate.diagnose(name)
    refuse_silence(before, estate, share(place, name, estate))
    refuse_difference(before, estate, slice(place, None, SAMPLED))


def test_each_table_behind_each_scenario_is_taken_away_once() -> None:
    taken = [
        (name, table)
        for place, name, case in (one.values for one in sample())
        for table, _ in share(place, name, estate_of(case))
    ]
    behind = [
        (name, table)
        for name in NAMES
        for table in {
            table for query in queries_of(scenario(name).judge) for table in kql.queries()[query].tables
        }
    ]
    assert sorted(taken) == sorted(behind)


#: Of every third case one part in so many of what may happen to its tables is tried; which, changes.
PARTS, EVERY = 12, 3


def parts() -> Iterator[Any]:
    """Yield cases, each with the number of its part."""
    for place, case in enumerate(CASES[::EVERY]):
        yield pytest.param(place % PARTS, *case.values, id=case.id, marks=case.marks)


@pytest.mark.parametrize(("part", "name", "case"), list(parts()))
def test_no_table_goes_without_a_word_in_any_case(part: int, name: str, case: Mapping[str, Any]) -> None:
    estate = estate_of(case)
    taken = ways(estate, name)
    assert taken
    before = estate.diagnose(name)
    refuse_silence(before, estate, taken[part::PARTS])
    refuse_difference(before, estate, slice(part, None, PARTS))


#: Tables that tell whether a machine is there: a look-alike that Azure does not show rests on each of them.
EXISTENCE = ("resources", "resourcecontainers", "resourcechanges")


def absent() -> Iterator[Any]:
    """Yield the look-alikes of Update Manager with a machine that Azure does not show."""
    for case in every_case("look_alikes"):
        _, given = case.values
        machines = (given.get("machines") or {}).values()
        of_manager = not given.keys().isdisjoint(("manager_assessments", "schedule_runs"))
        if of_manager and any((machine or {}).get("resource") is False for machine in machines):
            yield case


@pytest.mark.parametrize(("name", "case"), list(absent()))
def test_no_table_that_tells_of_existence_goes_without_a_word(name: str, case: Mapping[str, Any]) -> None:
    estate = estate_of(case)
    taken = [(table, how) for table, how in ways(estate, name) if table in EXISTENCE]
    assert taken
    refuse_silence(estate.diagnose(name), estate, taken)
