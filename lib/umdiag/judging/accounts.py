"""Refuse a scenario that does not account for every fact behind its judge."""

from __future__ import annotations

from functools import cache

from umdiag.errors import QueryError
from umdiag.judging.needs import data_of, queries_of, required_behind
from umdiag.scenarios import Scenario, catalogue


@cache
def accounted() -> tuple[Scenario, ...]:
    """Return the catalogue once every account in it holds. Raises QueryError naming what is wrong."""
    for scenario in catalogue():
        refuse_wrong_account(scenario)
    return catalogue()


def refuse_wrong_account(scenario: Scenario) -> None:
    """Raise QueryError for a fact left out, told twice or not behind the judge, or one that it cannot do
    without but calls less than the symptom.
    """
    rests = scenario.rests
    behind = queries_of(scenario.judge)
    required = set().union(
        *(required_behind(need.name) for need in data_of(scenario.judge) if not need.optional)
    )
    wrong = {
        "is left out": behind - rests.facts,
        "is not behind its judge": rests.facts - behind,
        "cannot be done without, so the symptom rests on it": required - {*rests.symptom, *rests.manager},
        "is listed twice": (set(rests.symptom) & {*rests.causes, *rests.indifferent})
        | (set(rests.causes) & set(rests.indifferent)),
        "has no reason": {fact for fact, reason in rests.indifferent.items() if not reason.strip()},
    }
    told = [f"{fact} {what}" for what, facts in wrong.items() for fact in sorted(facts)]
    if told:
        raise QueryError(f"scenario {scenario.name}: {'; '.join(told)} (RESTS in its module)")
