"""A fleet in which every fault is planted, opened once a process."""

from __future__ import annotations

import atexit
import json
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path

from fleet import Fleet, make_fleet
from support.fleets import kit_of
from umdiag.judging.accepting import Acceptances
from umdiag.judging.facts import Clock, Facts
from umdiag.judging.needs import queries_behind, queries_of
from umdiag.judging.seen import Seen
from umdiag.judging.services import Services
from umdiag.judging.views import Views
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Rows, State
from umdiag.queries.kql import Query, Value, empty, queries
from umdiag.scenarios import catalogue

#: In which ways a table shows no row, and what is said of it.
UNSEEN: Mapping[State, str] = {
    State.MISSING: "{} was not captured in this snapshot",
    State.DENIED: "{} was refused when this snapshot was captured",
    State.PARTIAL: "{} is not complete: the capture was cut short",
}
_ANSWERS: dict[tuple[str, str], Rows] = {}


@cache
def every_fault_fleet() -> Fleet:
    """Return such a fleet."""
    kept = tempfile.TemporaryDirectory(prefix="umdiag-fleet-", ignore_cleanup_errors=True)
    atexit.register(kept.cleanup)
    return make_fleet(Path(kept.name), machines=700, seed=1, services="both")


@cache
def every_fault_kit() -> Kit:
    """Return the kit on the fleet; it is judged by its makers' rules in tests/test_planted.py."""
    kit = kit_of(every_fault_fleet())
    atexit.register(kit.close)
    return kit


def judged_without(table: str, state: State) -> dict[str, Diagnosis]:
    """Return what is said of the fleet, where no row of one of its tables was seen, by each scenario behind
    which it is.
    """
    kit = every_fault_kit()
    facts = Facts(partial(_answer, table, state), lambda name: views.answering.seen(name), _clock(kit))
    # The table is one that there was to capture: that it shows nothing of its service is not said.
    services = Services(given=(), captured=kit._source.captured, absence="")

    def derived_before(name: str) -> Seen | None:
        return None if table in _tables(queries_behind(name)) else kit.seen(name)

    nothing = Acceptances((), kit.asked_at)
    views = Views(facts, kit.parameters.named | _clock(kit), services, nothing, derived_before)
    resting = (one for one in catalogue() if table in _tables(queries_of(one.judge)))
    return {scenario.name: views.judge(scenario) for scenario in resting}


def _tables(names: Iterable[str]) -> set[str]:
    return {table for name in names for table in queries()[name].tables}


def _clock(kit: Kit) -> Clock:
    return {"asked_at": kit.asked_at, "lookback": kit.lookback}


def _answer(table: str, state: State, query: Query, values: Mapping[str, Value]) -> Rows:
    if table not in query.tables:
        key = (query.name, json.dumps(values, default=str, sort_keys=True))
        if key not in _ANSWERS:
            _ANSWERS[key] = every_fault_kit()._source.fetch(query, values)
        return _ANSWERS[key]
    return Rows(name=query.name, text="", frame=empty(query), state=state, reason=UNSEEN[state].format(table))
