"""What is said of two views of one estate."""

from __future__ import annotations

import pytest

from support.findings import diagnosis_of, finding_of
from umdiag.judging.verdicts import combined
from umdiag.model import Verdict


@pytest.mark.parametrize("verdict", [Verdict.PROBLEM, Verdict.UNKNOWN])
def test_nothing_is_healthy_where_the_whole_estate_was_not_sure(verdict: Verdict) -> None:
    found = [finding_of()] if verdict is Verdict.PROBLEM else []
    answering = diagnosis_of(verdict=Verdict.HEALTHY)
    whole = diagnosis_of(*found, verdict=verdict, reason="Heartbeat was refused")
    joined = combined(answering, whole, lambda _: True, ["Heartbeat was refused"])
    assert (joined.verdict, list(joined.findings)) == (Verdict.UNKNOWN, [])


def test_what_only_the_workspaces_that_answer_tell_says_which_were_not_seen() -> None:
    sure, doubtful = finding_of("vm-1"), finding_of("vm-2")
    answering, whole = diagnosis_of(sure, doubtful), diagnosis_of(sure, reason="law-b was refused")
    joined = combined(answering, whole, lambda _: True, ["law-b was refused", "law-b was refused"])
    told = {finding.subject.name: finding.evidence.get("not_checked") for finding in joined.findings}
    assert told == {"vm-1": None, "vm-2": ["law-b was refused"]}
