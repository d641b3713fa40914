"""In a quiet estate much moves and much cannot be seen: nothing above a remark is said but what is so."""

from __future__ import annotations

import pytest

from fleet import Fleet
from fleet.quiet import make_quiet
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Severity
from umdiag.parameters import from_values

pytestmark = pytest.mark.xdist_group("quiet estate")
Told = set[tuple[str, str, str, str]]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return make_quiet(tmp_path_factory.mktemp("quiet"))


@pytest.fixture(scope="module")
def diagnoses(quiet: Fleet) -> list[Diagnosis]:
    values = {
        "source": "snapshot", "snapshot": str(quiet.folder), "lookback": quiet.lookback,
        "subscriptions": list(quiet.subscriptions),
    }  # fmt: skip
    kit = Kit(from_values(values, folder=None))
    found = list(kit.diagnoses())
    kit.close()
    return found


def _planted(quiet: Fleet) -> Told:
    return {
        (one.scenario, one.cause, one.id.lower(), str(one.severity))
        for one in quiet.planted
        if one.severity != "info"
    }


def _found(diagnoses: list[Diagnosis]) -> Told:
    return {
        (diagnosis.scenario, one.cause, one.subject.id.lower(), one.severity.value)
        for diagnosis in diagnoses
        for one in diagnosis.findings
        if one.severity is not Severity.INFO
    }


def test_every_finding_above_a_remark_is_so(quiet: Fleet, diagnoses: list[Diagnosis]) -> None:
    assert sorted(_found(diagnoses) - _planted(quiet)) == []


def test_machines_that_lack_the_updates_of_yesterday_are_named(
    quiet: Fleet, diagnoses: list[Diagnosis]
) -> None:
    lacking = {one for one in _planted(quiet) if one[0] == "machine_non_compliant"}
    assert len(lacking) > 20
    assert lacking <= _found(diagnoses)


def test_little_of_it_is_a_fault(quiet: Fleet) -> None:
    grave = [one for one in quiet.planted if one.severity not in ("info", "low")]
    assert {one.scenario for one in grave} == {"machine_non_compliant"}
