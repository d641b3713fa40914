"""What is known and accepted is in the report, makes no problem, and counts again once its day is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from support.findings import diagnosis_of, finding_of
from support.snapshot_rows import answered_once, investigate
from umdiag import show
from umdiag.__main__ import execute
from umdiag.errors import CallError, ParameterError
from umdiag.judging.accepting import Acceptance, Acceptances
from umdiag.judging.verdicts import verdict_of
from umdiag.model import Accepted, Finding, Verdict
from umdiag.parameters import from_values
from umdiag.parameters.accepted import read_accepted
from umdiag.report.records import write_findings_csv

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 18), date(2026, 11, 17)
NAME, ID = (
    "WEB01.contoso.com",
    "/subscriptions/s/RESOURCEGROUPS/rg/providers/microsoft.compute/virtualmachines/web01",
)


def finding(name: str = NAME, cause: str = "agent_stopped") -> Finding:
    made = finding_of(name, cause)
    return Finding(**{**vars(made), "subject": type(made.subject)(kind="machine", name=name, id=ID)})


def marked(*entries: Mapping[str, Any], found: Finding | None = None) -> Finding:
    given = [
        Acceptance(**({"scenario": "machine_disconnected", "why": "known"} | dict(one))) for one in entries
    ]
    return Acceptances(given, NOW).mark("machine_disconnected", [found or finding()])[0]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"cause": "agent_stopped"},
        {"subject": "web01.CONTOSO.com"},
        {"subject": "web*"},
        {"subject": "*"},
        {"subject": "*/resourcegroups/RG/*"},
        {"subject": ID.upper() + "/"},
        {"until": TODAY},
    ],
    ids=str,
)
def test_entry_accepts_what_it_names(entry: Mapping[str, Any]) -> None:
    accepted = marked(entry).accepted
    assert accepted == Accepted(until=entry.get("until"), why="known")


@pytest.mark.parametrize(
    "entry",
    [
        {"scenario": "machine_non_compliant"},
        {"cause": "agent_error"},
        {"subject": "web0"},
        {"subject": "web?1.contoso.com"},
        {"subject": "web01.contoso.com."},
        {"subject": "w[e]b*"},
        {"until": YESTERDAY},
    ],
    ids=str,
)
def test_entry_accepts_nothing_else(entry: Mapping[str, Any]) -> None:
    assert marked(entry).accepted is None


def test_expired_entry_counts_again_and_says_so() -> None:
    again = marked({"until": date(2026, 10, 1)}, {"until": YESTERDAY})
    assert again.counts
    assert again.evidence["accepted_until"] == "2026-11-17, which is over"
    assert marked({"until": YESTERDAY}, {"until": TODAY}).accepted == Accepted(until=TODAY, why="known")
    assert "accepted_until" not in marked({"until": TODAY}).evidence


def test_of_several_entries_the_longest_stands() -> None:
    assert marked({"until": TODAY}, {"until": None, "why": "gone"}).accepted == Accepted(
        until=None, why="gone"
    )


def test_accepted_findings_make_no_problem_and_no_all_clear_of_what_was_not_seen() -> None:
    assert verdict_of([marked({})], "") is Verdict.HEALTHY
    assert verdict_of([marked({})], "Update was not captured") is Verdict.UNKNOWN
    assert verdict_of([marked({}), finding()], "") is Verdict.PROBLEM


def unmatched(*entries: Mapping[str, Any], verdict: Verdict = Verdict.PROBLEM, reason: str = "") -> list[str]:
    given = [
        Acceptance(**({"scenario": "machine_disconnected", "why": "known"} | dict(entry)))
        for entry in entries
    ]
    judged = diagnosis_of(marked({}), finding("db01"), verdict=verdict, reason=reason)
    return Acceptances(given, NOW).unmatched([judged])


def test_entries_that_match_nothing_are_named() -> None:
    idle = {"cause": "machine_off"}, {"subject": "web02*"}
    assert unmatched({}, {"subject": "db01"}, {"subject": "web*", "until": YESTERDAY}) == []
    (line,) = unmatched({}, idle[0])
    assert line.startswith(
        "Accepted findings: entry 2 (machine_disconnected · machine_off) matches no finding"
    )
    assert unmatched(*idle) == [
        "Accepted findings: entry 1 (machine_disconnected · machine_off), "
        "entry 2 (machine_disconnected · web02*) match no finding: remove or correct"
    ]
    (many,) = unmatched(*idle * 4)
    assert "entry 5 " in many
    assert "entry 6 " not in many
    assert " and 3 more entries match " in many


@pytest.mark.parametrize(
    ("verdict", "reason", "named"),
    [
        (Verdict.HEALTHY, "1 accepted", True),
        (Verdict.PROBLEM, "", True),
        (Verdict.PROBLEM, "law-b was not seen", False),
        (Verdict.UNKNOWN, "law-b was not seen", False),
        (Verdict.NOT_ASKED, "", False),
    ],
)
def test_entry_is_not_said_to_match_nothing_where_not_all_was_seen(
    verdict: Verdict, reason: str, named: bool
) -> None:
    assert bool(unmatched({"subject": "elsewhere"}, verdict=verdict, reason=reason)) is named


def test_entry_of_a_scenario_that_was_not_judged_is_not_named() -> None:
    assert unmatched({"scenario": "machine_non_compliant", "cause": "security_updates_missing"}) == []


@pytest.mark.parametrize("entry", [{"scenario": "machine_disconnect"}, {"cause": "agent_stoped"}], ids=str)
def test_name_that_is_not_known_is_refused(entry: Mapping[str, str]) -> None:
    with pytest.raises(ParameterError, match="accepted"):
        marked(entry)


FILE = """
- scenario: machine_disconnected
  cause: agent_stopped
  subject: 00123
  until: 2026-12-31
  why: no
- {scenario: Machine-Disconnected, why: "old"}
"""


def test_file_is_read_as_it_looks(tmp_path: Path) -> None:
    file = tmp_path / "accepted.yml"
    file.write_text(FILE, encoding="utf-8")
    first, second = read_accepted(file)
    assert (first["subject"], first["until"], first["why"]) == ("00123", date(2026, 12, 31), "no")
    assert (second["scenario"], second["cause"], second["until"]) == ("machine_disconnected", "", None)
    file.write_text("# nothing yet\n", encoding="utf-8")
    assert read_accepted(file) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("scenario: a", "not a list of entries"),
        ("- a", "not a list of entries"),
        ("- {scenario: a}", "accepted, entry 1: why is missing"),
        ("- {why: a}", "scenario is missing"),
        ("- {scenario: a, why: b, who: c}", "who is not a key of an entry; did you mean why"),
        ("- {scenario: a, why: b, until: soon}", "until: soon is not a date"),
        ("- {scenario: a, why: [b]}", "why is a list or a mapping"),
        ("- {scenario: a, why: b, why: c}", "second value"),
    ],
)
def test_wrong_file_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "accepted.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=said):
        read_accepted(file)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    with pytest.raises(ParameterError, match="accepted"):
        from_values({"snapshot": "rows", "accepted": "nowhere.yml"}, folder=tmp_path)
    with pytest.raises(CallError):
        read_accepted(tmp_path / "nowhere.yml")


def test_accepted_is_shown_apart() -> None:
    others = [finding("app01"), marked({"until": TODAY, "why": "<b>moving</b>"})]
    told = repr(show.diagnosis(diagnosis_of(*others)))
    assert "1 finding. 1 more accepted." in told
    assert told.index("app01") < told.index("1 accepted finding") < told.index(NAME)
    assert "2026-11-18" in told
    page = show.diagnosis(diagnosis_of(*others)).on_page()
    assert "&lt;b&gt;moving" in page
    healthy = diagnosis_of(marked({}), verdict=Verdict.HEALTHY, reason="1 accepted")
    assert "No problem" in repr(show.diagnosis(healthy))


def test_accepted_is_no_reason_to_open_a_page_and_stands_in_the_table(tmp_path: Path) -> None:
    diagnosis = diagnosis_of(marked({"until": TODAY}), verdict=Verdict.HEALTHY)
    assert "Nothing to follow up" in repr(show.next_steps([diagnosis], []))
    write_findings_csv(tmp_path / "findings.csv", [diagnosis])
    head, row = (tmp_path / "findings.csv").read_text(encoding="utf-8").splitlines()
    assert head.endswith(",accepted")
    assert row.endswith(",until 2026-11-18: known")


@pytest.mark.xdist_group("three ways")
def test_command_writes_an_entry_that_is_read_back(
    demo_report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "accepted.yml"
    call = ["accept", str(demo_report), "machine_disconnected", "--file", str(file)]
    assert (
        execute([*call, "agent_stopped", "eus-app-*", "--why", 'Moves: "rack 3" #7', "--until", "2026-12-31"])
        == 0
    )
    assert "accepts" in capsys.readouterr().out
    assert execute([*call, "machine_off", "--why", "no"]) == 0
    first, second = read_accepted(file)
    assert first == {
        "scenario": "machine_disconnected", "cause": "agent_stopped", "subject": "eus-app-*",
        "until": date(2026, 12, 31), "why": 'Moves: "rack 3" #7',
    }  # fmt: skip
    assert (second["cause"], second["subject"], second["until"]) == ("machine_off", "", None)


@pytest.mark.xdist_group("three ways")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["machine_disconnected"], "why"),
        (["machine_disconected", "--why", "a"], "is not a scenario"),
        (["machine_disconnected", "agent_stoped", "--why", "a"], "is not a cause"),
        (
            ["machine_disconnected", "agent_stopped", "nobody", "--why", "a"],
            "matches no finding of the report",
        ),
        (["machine_disconnected", "--why", "a", "--until", "soon"], "is not a date"),
        (["machine_disconnected", "--why", "a", "--until", "2026-11-17"], "is over"),
    ],
    ids=str,
)
def test_wrong_call_writes_nothing(
    demo_report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    file = tmp_path / "accepted.yml"
    assert execute(["accept", str(demo_report), *words, "--file", str(file)]) == 2
    assert said in capsys.readouterr().err
    assert not file.exists()


def test_folder_that_is_no_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["accept", str(tmp_path), "machine_disconnected", "--why", "a"]) == 2
    assert "is not a report" in capsys.readouterr().err


def test_scenario_all_of_whose_findings_are_accepted_is_healthy(tmp_path: Path) -> None:
    given = {"machines": {"web01": {"heard": "-3d..-30h", "assessed": "-3d..-31h"}}}
    file = tmp_path / "accepted.yml"
    file.write_text("- {scenario: machine_disconnected, subject: WEB01, why: known}\n", encoding="utf-8")
    with answered_once():
        found = investigate(tmp_path / "open", given).diagnosis("machine_disconnected")
        kit = investigate(tmp_path / "known", given, accepted=str(file))
        accepted = kit.diagnosis("machine_disconnected")
    assert found.verdict is Verdict.PROBLEM
    assert [one.accepted for one in accepted.findings] == [Accepted(until=None, why="known")]
    assert (accepted.verdict, accepted.reason) == (Verdict.HEALTHY, "1 accepted")
    assert kit.unmatched(kit.diagnoses("assessment")) == []


def test_entry_that_matches_nothing_is_a_note_of_the_report(tmp_path: Path) -> None:
    file = tmp_path / "accepted.yml"
    file.write_text("- {scenario: machine_disconnected, subject: web09, why: known}\n", encoding="utf-8")
    given = {"machines": {"web01": {"heard": "-3d..-30h", "assessed": "-3d..-31h"}}}
    with answered_once():
        kit = investigate(tmp_path / "all", given, accepted=str(file))
        some = investigate(tmp_path / "some", given, accepted=str(file), computers=["web01"])
        assert "entry 1 (machine_disconnected · web09)" in kit.unmatched(kit.diagnoses("assessment"))[0]
        assert some.unmatched(some.diagnoses("assessment")) == []
