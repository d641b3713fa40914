"""What could not be seen is never called healthy: each table behind a scenario is taken away in turn.

For every cause case and look-alike: the verdict may become UNKNOWN and a finding may gain `not_checked`;
nothing else may change without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from support.cases import every_case, given_of
from support.estates import Estate
from support.silence import silent_changes, told
from umdiag.model import UPDATE_MANAGER
from umdiag.queries.belonging import service_of
from umdiag.scenarios import scenario

CASES = every_case("causes", "look_alikes")


def ways(estate: Estate, name: str) -> list[tuple[str, str]]:
    """Return each table behind a scenario with how it is taken away: refused or not captured by turns,
    cut to nothing, and halved. One of Update Manager that was not captured is nothing of it: only refused.
    """
    taken = []
    for place, table in enumerate(estate.tables_behind(name)):
        refused = place % 2 == 0 or service_of([table]) == UPDATE_MANAGER
        taken += [(table, "denied" if refused else "missing"), (table, "empty")]
        taken += [(table, "partial")] if estate.has_rows(table) else []
    return taken


def refuse_silence(name: str, case: Mapping[str, Any], part: slice) -> None:
    estate = Estate(given_of(case), **case.get("parameters") or {})
    before = estate.diagnose(name)
    taken = ways(estate, name)
    assert taken
    wrong = []
    for table, how in taken[part]:
        after = estate.without(table, how).diagnose(name)
        wrong += [f"{table} {how}: {change}" for change in silent_changes(before, after, table)]
    assert not wrong, "; ".join(wrong)


def refuse_difference(name: str, case: Mapping[str, Any], part: slice) -> None:
    """Refuse a fact of which the scenario says that it does not matter, and that does."""
    estate = Estate(given_of(case), **case.get("parameters") or {})
    before = estate.diagnose(name)
    for fact in sorted(scenario(name).rests.indifferent)[part]:
        after = estate.without(fact, "missing").diagnose(name)
        assert (told(after), after.verdict, after.reason) == (told(before), before.verdict, before.reason), (
            fact
        )


#: So many cases of a scenario, over which its tables are shared out, each taken away in one way.
SAMPLED = 2


def sample() -> Iterator[Any]:
    """Yield a few cases of each scenario, the first and the last."""
    for name in dict.fromkeys(case.values[0] for case in CASES):
        of_scenario = [case for case in CASES if case.values[0] == name]
        for place in range(SAMPLED):
            case = of_scenario[place * (len(of_scenario) - 1) // (SAMPLED - 1)]
            yield pytest.param(place, *case.values, id=f"{place} {case.id}", marks=case.marks)


@pytest.mark.parametrize(("place", "name", "case"), list(sample()))
def test_no_table_goes_without_a_word(place: int, name: str, case: Mapping[str, Any]) -> None:
    # Three ways a table: with four places on and nine ways between, each table meets another of them.
    refuse_silence(name, case, slice(place * 4, None, 9))
    refuse_difference(name, case, slice(place, None, SAMPLED))


def quarters() -> Iterator[Any]:
    """Yield every case with a quarter of what may happen to its tables, from case to case another."""
    for place, case in enumerate(CASES):
        yield pytest.param(place % 4, *case.values, id=case.id, marks=case.marks)


@pytest.mark.slow
@pytest.mark.parametrize(("quarter", "name", "case"), list(quarters()))
def test_no_table_goes_without_a_word_in_any_case(quarter: int, name: str, case: Mapping[str, Any]) -> None:
    refuse_silence(name, case, slice(quarter, None, 4))
    refuse_difference(name, case, slice(quarter, None, 4))
