"""A table that is not there takes no finding with it that another table proves, and none without a word.

Over a whole fleet, in which machines are known by more than one table; `test_denial` has each cause alone.
"""

from __future__ import annotations

from functools import cache

import pytest

from support.every_fault import every_fault_kit, judged_without
from umdiag.model import Diagnosis, Finding
from umdiag.queries import kql

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("null rule")]

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
def without(table: str) -> dict[str, Diagnosis]:
    return judged_without(table)


def subject(finding: Finding) -> tuple[str, str]:
    """Return what a finding is about; a name may be another where the table is absent that gives it."""
    return finding.subject.kind, (finding.subject.id or finding.subject.name).casefold()


def causes(diagnosis: Diagnosis) -> dict[tuple[str, str], str]:
    return {subject(one): one.cause for one in diagnosis.findings}


def refuse_silence(table: str) -> None:
    """Refuse a finding that went, changed or came, where nothing names the table."""
    wrong = []
    for name, after in without(table).items():
        before, now = causes(whole()[name]), causes(after)
        if before.keys() - now.keys() and table not in after.reason:
            wrong.append(f"{name}: {len(before.keys() - now.keys())} findings went")
        for finding in after.findings:
            known = before.get(subject(finding))
            said = any(table in gap for gap in finding.evidence.get("not_checked", ()))
            if known != finding.cause and not said:
                wrong.append(f"{name}: {finding.cause} on {finding.subject.name} in place of {known}")
    assert wrong == []


def test_without_heartbeats_nothing_goes_without_a_word() -> None:
    refuse_silence("Heartbeat")


@pytest.mark.parametrize("name", PROVEN_BY_EVENTS)
def test_what_events_prove_stays_without_heartbeats(name: str) -> None:
    before, after = whole()[name], without("Heartbeat")[name]
    assert causes(before)
    assert causes(after) == causes(before)


def test_a_refused_registration_stays_without_heartbeats() -> None:
    refused = [
        {
            who
            for who, cause in causes(judged["registered_to_other_account"]).items()
            if cause == "registration_refused"
        }
        for judged in (whole(), without("Heartbeat"))
    ]
    assert refused[0]
    assert refused[0] == refused[1]


@pytest.mark.parametrize("table", TABLES)
def test_no_table_goes_without_a_word(table: str) -> None:
    refuse_silence(table)
