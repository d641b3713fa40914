"""A table that is not there takes no finding with it that another table proves, and none without a word.

Over a whole fleet, in which machines are known by more than one table; `test_denial` has each cause alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from support.every_fault import UNSEEN, every_fault_kit, judged_without
from umdiag.model import Diagnosis, Finding, State
from umdiag.queries import kql

pytestmark = pytest.mark.xdist_group("null rule")

#: What an event alone proves: heartbeats only say who the machine is.
PROVEN_BY_EVENTS = (
    "assessment_failed",
    "certificate_not_created",
    "service_unreachable",
    "unexpected_reboot",
)
TABLES = sorted({table for query in kql.queries().values() for table in query.tables})


@cache
def whole() -> dict[str, Diagnosis]:
    return {diagnosis.scenario: diagnosis for diagnosis in every_fault_kit().diagnoses()}


@cache
def without(table: str, state: State = State.MISSING) -> dict[str, Diagnosis]:
    return judged_without(table, state)


Told = dict[tuple[str, str], str]


def names(finding: Finding) -> set[tuple[str, str]]:
    """Return what a finding's subject is known by: one of both may be another where a table is absent."""
    subject = finding.subject
    return {(subject.kind, text.casefold()) for text in (subject.id, subject.name) if text}


def causes(diagnosis: Diagnosis) -> Told:
    return {name: finding.cause for finding in diagnosis.findings for name in names(finding)}


def cause_in(told: Told, finding: Finding) -> str | None:
    return next((told[name] for name in sorted(names(finding)) if name in told), None)


def refuse_silence(table: str, state: State) -> None:
    """Refuse a finding that went, changed or came, where nothing names the table."""
    wrong = []
    for name, after in without(table, state).items():
        before, now = causes(whole()[name]), causes(after)
        if after.verdict != whole()[name].verdict and (
            after.verdict == "HEALTHY" or table not in after.reason
        ):
            wrong.append(f"{name}: {whole()[name].verdict} became {after.verdict}")
        gone = [one for one in whole()[name].findings if cause_in(now, one) is None]
        if gone and table not in after.reason:
            wrong.append(f"{name}: {len(gone)} findings went")
        for finding in after.findings:
            known = cause_in(before, finding)
            said = any(table in gap for gap in finding.evidence.get("not_checked", ()))
            if known != finding.cause and not said:
                wrong.append(f"{name}: {finding.cause} on {finding.subject.name} in place of {known}")
    assert wrong == []


@pytest.mark.parametrize("name", PROVEN_BY_EVENTS)
def test_what_events_prove_stays_without_heartbeats(name: str) -> None:
    before, after = whole()[name].findings, without("Heartbeat")[name].findings
    assert before
    assert len(after) == len(before)
    assert [cause_in(causes(whole()[name]), one) for one in after] == [one.cause for one in after]


def test_a_refused_registration_stays_without_heartbeats() -> None:
    name = "registered_to_other_account"
    before, after = (
        [one for one in judged[name].findings if one.cause == "registration_refused"]
        for judged in (whole(), without("Heartbeat"))
    )
    assert before
    assert len(after) == len(before)
    assert all(cause_in(causes(whole()[name]), one) == "registration_refused" for one in after)


def unseen() -> Iterator[Any]:
    """Yield each table in each way; quick is one way of every other, from table to table another."""
    for place, table in enumerate(TABLES):
        for number, state in enumerate(UNSEEN):
            # Heartbeats are missing for the tests above.
            quick = place % 2 == 0 and number == (0 if table == "Heartbeat" else place // 2 % len(UNSEEN))
            marks = [] if quick else [pytest.mark.slow]
            yield pytest.param(table, state, id=f"{table} {state.value}", marks=marks)


@pytest.mark.parametrize(("table", "state"), list(unseen()))
def test_no_table_goes_without_a_word(table: str, state: State) -> None:
    refuse_silence(table, state)
