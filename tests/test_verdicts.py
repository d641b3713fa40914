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
    joined = combined(answering, whole, lambda _: True)
    assert (joined.verdict, list(joined.findings)) == (Verdict.UNKNOWN, [])
