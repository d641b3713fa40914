"""Names that match no machine, clocks outside the rows and short windows are said, and not healthy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.cases import every_case
from support.estates import Estate
from support.snapshot_rows import investigate
from umdiag.judging.names import is_on_machines
from umdiag.model import Verdict
from umdiag.scenarios import catalogue

GIVEN: dict[str, Any] = {
    "machines": {
        "web01": {},
        "db01": {"updates": [{"class": "Security Updates"}]},
    }
}
MACHINES = {one.name for one in catalogue() if is_on_machines(one)}


def healthy(**parameters: Any) -> tuple[set[str], list[str]]:
    """Return the scenarios that say that all is well, and what is said first."""
    kit = Estate(GIVEN, **parameters).kit()
    found = {one.scenario for one in kit.diagnoses("assessment") if one.verdict is Verdict.HEALTHY}
    return found, kit.notes


def test_every_scenario_with_findings_on_machines_is_one_on_machines() -> None:
    found = {
        name
        for name, case in (case.values for case in every_case("causes"))
        for line in case["expect"]
        if (line if isinstance(line, str) else next(iter(line))).split(" ", 2)[2] in case.get("machines", {})
    }
    assert found - MACHINES == set()
    assert MACHINES - found == set()


@pytest.mark.parametrize("parameter", ["computers", "suspects"])
def test_where_no_name_matches_nothing_on_machines_is_healthy(parameter: str) -> None:
    found, notes = healthy(**{parameter: ["no-such", "web*"]})
    assert found & MACHINES == set()
    assert f'{parameter}: no machine is named "no-such", "web*"' in "".join(notes)
    assert "no wildcards" in "".join(notes)


@pytest.mark.parametrize("parameter", ["computers", "suspects"])
def test_where_one_name_matches_the_other_is_said(parameter: str) -> None:
    before, _ = healthy()
    found, notes = healthy(**{parameter: [" WEB01", "no-such"]})
    assert found & MACHINES >= before & MACHINES != set()
    assert 'no machine is named "no-such".' in "".join(notes)
    assert "wildcards" not in "".join(notes)


def test_names_cannot_be_checked_where_no_machine_is_known() -> None:
    tables = ["Heartbeat", "Update", "UpdateSummary"]
    notes = Estate({**GIVEN, "not_captured": tables}, computers=["web01"]).kit().notes
    assert any("could not be checked: none of Heartbeat" in note for note in notes)


def test_clock_outside_the_rows_finds_no_machine_silent(tmp_path: Path) -> None:
    kit = investigate(tmp_path, GIVEN, asked_at="2030-01-01T00:00:00Z")
    found = kit.diagnosis("machine_not_in_update_management")
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
    assert "no row of any log lies between" in found.reason
    assert any("no row of any log lies between" in note for note in kit.notes)
    assert set(kit.machine_table()["state"]) <= {"unknown"}


@pytest.mark.parametrize("lookback", ["1m", "13h"])
def test_window_shorter_than_assessments_is_no_good_news(lookback: str) -> None:
    kit = Estate(GIVEN, lookback=lookback).kit()
    found = {one.scenario: one for one in (*kit.diagnoses("assessment"), *kit.diagnoses("onboarding"))}
    assert {name for name in MACHINES & found.keys() if found[name].verdict is Verdict.HEALTHY} == set()
    assert found["machine_not_in_update_management"].findings == ()
    assert f"Update: a lookback of {lookback} is shorter" in found["machine_non_compliant"].reason
    assert any("The window is short" in note for note in kit.notes)
    assert set(kit.machine_table()["state"]) <= {"unknown"}


def test_window_up_to_stale_after_shows_no_machine_that_is_disconnected() -> None:
    short = Estate(GIVEN, lookback="20h").kit().diagnosis("machine_disconnected")
    assert "shorter than stale_after (1d)" in short.reason
    assert Estate(GIVEN, lookback="2d").kit().diagnosis("machine_disconnected").reason == ""
