"""Damaged rows are not healthy: each column behind a scenario is dropped, or its values are made unreadable.

The matrix is that of `tables.json` and of what the queries read: no table and no column is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from support.cases import every_case, given_of
from support.estates import Damage, Estate
from test_denial import silent_changes
from umdiag.judging.needs import queries_of
from umdiag.queries import kql
from umdiag.scenarios import scenario

CASES = every_case("causes", "look_alikes")


def states(estate: Estate) -> Mapping[str, str]:
    table = estate.kit().machine_table()
    return dict(zip(table["computer"] + "|" + table["source_computer_id"], table["state"], strict=True))


def rests(name: str, damage: Damage) -> bool:
    """Whether an answer behind a scenario rests on a column."""
    readings = [kql.queries()[query].reads.get(damage.table) for query in queries_of(scenario(name).judge)]
    return any(reading.lacks({damage.column}) for reading in readings if reading)


def wrong(name: str, estate: Estate, damages: list[Damage]) -> Iterator[str]:
    before = estate.diagnose(name)
    for damage in damages:
        after = estate.damaged(damage).diagnose(name)
        if rests(name, damage):
            yield from (f"{damage}: {change}" for change in silent_changes(before, after, damage.table))
        elif (after.verdict, after.reason, [f.cause for f in after.findings]) != (
            before.verdict,
            before.reason,
            [f.cause for f in before.findings],
        ):
            yield f"{damage}: it is optional and changes something"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "case"), CASES)
def test_no_column_goes_without_a_word(name: str, case: Mapping[str, Any]) -> None:
    estate = Estate(given_of(case), **case.get("parameters") or {})
    assert list(wrong(name, estate, estate.damages_behind(name))) == []
