"""Names that match no machine, clocks outside the rows and short windows are said, and not healthy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.cases import every_case
from support.estates import Estate
from support.snapshot_rows import LOOKBACK, investigate, write_snapshot
from support.thinning import one_in
from umdiag.judging.names import is_on_machines
from umdiag.kit import Kit
from umdiag.model import Verdict
from umdiag.parameters import from_values
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


def opened(folder: Path, **parameters: Any) -> Kit:
    values = {"source": "snapshot", "snapshot": str(folder), "lookback": LOOKBACK} | parameters
    return Kit(from_values(values, folder=None))


def test_every_scenario_with_findings_on_machines_is_one_on_machines() -> None:
    found = {
        name
        for name, case in (case.values for case in every_case("causes"))
        for line in case["expect"]
        if (line if isinstance(line, str) else next(iter(line))).split(" ", 2)[2] in case.get("machines", {})
    }
    assert found - MACHINES == set()
    # What they say of a subscription or a schedule rests on which machines it concerns.
    assert MACHINES - found == {"provider_not_registered", "security_updates_excluded"}


@pytest.mark.parametrize("parameter", one_in(2, ["computers", "suspects"]))
def test_where_no_name_matches_nothing_on_machines_is_healthy(parameter: str) -> None:
    found, notes = healthy(**{parameter: ["no-such", "web*"]})
    assert found & MACHINES == set()
    assert f'{parameter}: no machine is named "no-such", "web*"' in "".join(notes)
    assert "not wildcards" in "".join(notes)


@pytest.mark.parametrize("parameter", one_in(2, ["suspects", "computers"]))
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


@pytest.mark.parametrize("captured", one_in(2, [True, False]))
def test_clock_after_the_capture_finds_no_agent_stopped(tmp_path: Path, captured: bool) -> None:
    write_snapshot(tmp_path, GIVEN)
    if not captured:
        (tmp_path / "snapshot.json").unlink()
    kit = opened(tmp_path, asked_at="2024-03-17T10:00:00Z")
    found = kit.diagnosis("machine_not_in_update_management")
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
    assert "the snapshot ends at 2024-03-15 10:00 UTC" in found.reason
    assert sum("set asked_at to it" in note for note in kit.notes) == 1
    assert all(one.verdict is not Verdict.HEALTHY for one in kit.diagnoses("assessment"))


def test_clock_up_to_an_hour_after_the_capture_is_nothing(tmp_path: Path) -> None:
    write_snapshot(tmp_path, GIVEN)
    kit = opened(tmp_path, asked_at="2024-03-15T10:59:00Z")
    assert (kit.notes, kit.fact("heartbeats").reason) == ([], "")


def test_snapshot_of_two_hours_is_not_judged_as_three_days(tmp_path: Path) -> None:
    write_snapshot(tmp_path, GIVEN)
    manifest = tmp_path / "snapshot.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"3d"', '"2h"'), encoding="utf-8")
    kit = opened(tmp_path)
    found = kit.diagnosis("machine_non_compliant")
    assert "Update: a lookback of 2h is shorter" in found.reason
    assert "the snapshot begins at 2024-03-15 08:00 UTC" in found.reason
    assert {one.scenario for one in kit.diagnoses() if one.verdict is Verdict.HEALTHY} & MACHINES == set()
    assert any("The window is short" in note for note in kit.notes)


def test_clock_before_the_capture_with_its_lookback_reaches_before_it(tmp_path: Path) -> None:
    write_snapshot(tmp_path, GIVEN)
    kit = opened(tmp_path, asked_at="2024-03-13T10:00:00Z")
    said = "the snapshot begins at 2024-03-12 10:00 UTC, after the window (2024-03-10 10:00)"
    assert said in kit.fact("heartbeats").reason
    assert any(said in note for note in kit.notes)


@pytest.mark.parametrize("parameter", one_in(2, ["computers", "suspects"]))
def test_where_the_only_name_sent_no_row_nothing_on_machines_is_healthy(parameter: str) -> None:
    silent = {"ghost": {"heard": "never", "assessed": "never", "power": "running"}}
    given = {**GIVEN, "machines": {**GIVEN["machines"], **silent}}
    kit = Estate(given, **{parameter: ["Ghost"]}).kit()
    found = {one.scenario: one.verdict for one in kit.diagnoses()}
    assert {name for name in MACHINES if found[name] is Verdict.HEALTHY} == set()
    assert found["machine_not_in_update_management"] is Verdict.PROBLEM
    assert f'{parameter}: no row in the window is from "Ghost": only Resource Graph knows it.' in kit.notes
    both = Estate(given, **{parameter: ["ghost", "web01"]}).kit()
    assert Verdict.HEALTHY in {one.verdict for one in both.diagnoses() if one.scenario in MACHINES}


@pytest.mark.parametrize("lookback", one_in(2, ["1m", "13h"]))
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
