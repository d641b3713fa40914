"""A fleet in which every fault is planted, opened once a process."""

from __future__ import annotations

import atexit
import json
import tempfile
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from fleet import make_fleet
from support.fleets import kit_of
from umdiag.judging.facts import Clock, Facts
from umdiag.judging.services import Services
from umdiag.judging.views import Views
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Rows, State
from umdiag.queries.kql import Query, Value, empty
from umdiag.scenarios import catalogue

_ANSWERS: dict[tuple[str, str], Rows] = {}


@cache
def every_fault_kit() -> Kit:
    """Return the kit on such a fleet; it is judged by its makers' rules in tests/test_planted.py."""
    kept = tempfile.TemporaryDirectory(prefix="umdiag-fleet-", ignore_cleanup_errors=True)
    atexit.register(kept.cleanup)
    fleet = make_fleet(Path(kept.name), machines=900, seed=1, services="both")
    kit = kit_of(fleet)
    atexit.register(kit.close)
    return kit


def judged_without(table: str) -> dict[str, Diagnosis]:
    """Return what is said of the fleet, by scenario, where one of its tables was not captured."""
    kit = every_fault_kit()
    facts = Facts(partial(_answer, table), lambda name: views.answering.seen(name), _clock(kit))
    # The table is one that there was to capture: that it shows nothing of its service is not said.
    services = Services(given=(), captured=kit._source.captured, absence="")
    views = Views(facts, kit.parameters.named | _clock(kit), services)
    return {scenario.name: views.judge(scenario) for scenario in catalogue()}


def _clock(kit: Kit) -> Clock:
    return {"asked_at": kit.asked_at, "lookback": kit.lookback}


def _answer(table: str, query: Query, values: Mapping[str, Value]) -> Rows:
    if table not in query.tables:
        key = (query.name, json.dumps(values, default=str, sort_keys=True))
        if key not in _ANSWERS:
            _ANSWERS[key] = every_fault_kit()._source.fetch(query, values)
        return _ANSWERS[key]
    reason = f"{table} was not captured in this snapshot"
    return Rows(name=query.name, text="", frame=empty(query), state=State.MISSING, reason=reason)
