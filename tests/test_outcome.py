"""What a run tells whoever started it: exit code, summary, log, and whose place a report may take."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.findings import diagnosis_of, finding_of
from umdiag.errors import CallError
from umdiag.model import Accepted, Incident, Severity, Verdict
from umdiag.report import Outcome, run
from umdiag.report.document import Notebook
from umdiag.report.folder import SCHEMA, refuse_fuller
from umdiag.report.steps import Steps

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)
PROBLEM, UNKNOWN, HEALTHY = Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.HEALTHY


def outcome_of(*verdicts: Verdict, failed: Sequence[str] = ()) -> Outcome:
    notebooks = [Notebook(family=family, status="failed", seconds=1.5, error="died") for family in failed]
    diagnoses = [diagnosis_of(verdict=verdict) for verdict in verdicts]
    return Outcome(index=Path("out/index.html"), asked_at=NOW, diagnoses=diagnoses, notebooks=notebooks)


@pytest.mark.parametrize(
    ("verdicts", "failed", "codes", "reasons"),
    [
        ([HEALTHY] * 3, [], (0, 0), ("nothing_wrong", "nothing_wrong")),
        ([PROBLEM, HEALTHY], [], (1, 1), ("problem", "problem")),
        ([PROBLEM, UNKNOWN, HEALTHY], [], (1, 3), ("problem", "unknown")),
        ([UNKNOWN, HEALTHY], [], (0, 3), ("nothing_wrong", "unknown")),
        ([UNKNOWN] * 3, [], (3, 3), ("nothing_judged", "unknown")),
        ([Verdict.NOT_ASKED], [], (3, 0), ("nothing_judged", "nothing_wrong")),
        ([], [], (3, 0), ("nothing_judged", "nothing_wrong")),
        ([HEALTHY], ["quota"], (3, 3), ("notebook_failed", "notebook_failed")),
        ([PROBLEM, HEALTHY], ["quota"], (1, 3), ("problem", "notebook_failed")),
    ],
)
def test_exit_code_and_its_reason_follow_fail_on(
    verdicts: list[Verdict], failed: list[str], codes: tuple[int, int], reasons: tuple[str, str]
) -> None:
    outcome = outcome_of(*verdicts, failed=failed)
    assert tuple(outcome.exit_code(word) for word in ("problem", "unknown", "never")) == (*codes, 0)
    told = tuple(outcome.reason(word) for word in ("problem", "unknown", "never"))
    assert told == (*reasons, "fail_on_never")


def test_summary_has_the_keys_that_scripts_read() -> None:
    """Whoever changes this breaks scripts: a new key may be added, none may go or mean something else."""
    accepted = finding_of("vm-2", accepted=Accepted(until=None, why="known"))
    incident = Incident(
        scenario="machine_disconnected", cause="agent_stopped", severity=Severity.HIGH, roots=1, explains=4,
        machines=3, first_step="Restart the agent.", subjects=["vm-1"],
    )  # fmt: skip
    outcome = Outcome(
        index=Path("out/index.html"),
        asked_at=NOW,
        diagnoses=[diagnosis_of(finding_of(), accepted), diagnosis_of(verdict=Verdict.NOT_ASKED)],
        incidents=[incident],
        notebooks=[Notebook(family="quota", status="succeeded", seconds=1.5)],
        unmatched=["entry 2"],
        single_file=Path("out.html"),
    )
    told = json.loads(json.dumps(outcome.summary()))
    assert re.fullmatch(r"\d+\.\d+\.\d+", told.pop("kit_version"))
    assert told == {
        "schema": "umdiag/summary/1",
        "asked_at": "2026-11-18T06:00:00Z",
        "report": "out",
        "index": "out/index.html",
        "single_file": "out.html",
        "exit_code": 1,
        "reason": "problem",
        "verdicts": {"PROBLEM": 1, "UNKNOWN": 0, "HEALTHY": 0},
        "findings": {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0},
        "accepted": 1,
        "accepted_unmatched": ["entry 2"],
        "incidents": [
            {
                "scenario": "machine_disconnected",
                "cause": "agent_stopped",
                "severity": "high",
                "roots": 1,
                "explains": 4,
                "machines": 3,
                "first_step": "Restart the agent.",
            }
        ],
        "notebooks": [{"family": "quota", "status": "succeeded", "seconds": 1.5, "error": ""}],
    }


# -- the place of a report -----------------------------------------------------------------------


def a_report(folder: Path, *pages: str) -> Path:
    folder.mkdir()
    (folder / "findings.json").write_text(f'{{"schema": "{SCHEMA}"}}', encoding="utf-8")
    for page in pages:
        (folder / f"{page}.html").touch()
    return folder


def test_fuller_report_is_not_replaced(tmp_path: Path) -> None:
    folder = a_report(tmp_path / "full", "overview", "quota", "assessment")
    with pytest.raises(CallError, match="has overview, assessment too, which --only would remove"):
        refuse_fuller(folder, ["overview", "quota", "assessment"], ["quota"])


@pytest.mark.parametrize("pages", [(), ("quota",), ("index", "machines", "quota")])
def test_report_of_no_more_pages_is_replaced(tmp_path: Path, pages: tuple[str, ...]) -> None:
    folder = a_report(tmp_path / "same", *pages)
    refuse_fuller(folder, ["overview", "quota", "assessment"], ["quota", "assessment"])
    refuse_fuller(tmp_path / "none", ["overview"], [])


@pytest.mark.xdist_group("three ways")
def test_only_onto_a_whole_report_is_refused_before_anything_is_asked(demo_report: Path) -> None:
    from support.notebooks import demo_values
    from umdiag.parameters import from_values

    given = from_values(demo_values(), folder=None)
    before = {path: path.stat().st_mtime_ns for path in demo_report.iterdir()}
    said: list[str] = []
    with pytest.raises(CallError, match="name another -o"):
        run(given, output=demo_report, only=["quota"], echo=said.append)
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in demo_report.iterdir()} == before


# -- the log -------------------------------------------------------------------------------------


@pytest.mark.xdist_group("three ways")
def test_log_names_time_level_and_for_each_query_what_it_took(demo_report: Path) -> None:
    lines = (demo_report / "run.log").read_text(encoding="utf-8").splitlines()
    times = [line.partition(" ")[0] for line in lines]
    assert times == sorted(times)
    assert len(set(times)) > len(times) / 2, "each line has its own time"
    for line in lines:
        assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) \S", line), line
    queries = [line for line in lines if " query " in line]
    facts = json.loads((demo_report / "snapshot.json").read_text(encoding="utf-8"))["facts"]
    assert len(queries) == len(facts)
    for line in queries:
        told = re.search(r" query (\w+) (\w+), ([\d,]+) rows?, ([\d,]+) bytes?, \d+\.\d{3} s(: .+)?$", line)
        assert told, line
        name, state, rows, size, _ = told.groups()
        file = demo_report / "facts" / f"{name}.parquet"
        if name in facts:
            assert (state, int(rows.replace(",", ""))) == (facts[name]["state"], facts[name]["rows"])
            assert int(size.replace(",", "")) == (file.stat().st_size if file.exists() else 0)
    assert "umdiag " in lines[0]


def test_log_is_in_order_of_time_and_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(None, clock=lambda: NOW)
    steps.say("judged")
    steps.note("query heartbeats", level=30, when=NOW.replace(hour=5, microsecond=123_456))
    steps.count("queries", "heartbeats", 1, 2)
    assert list(steps.lines) == [
        "2026-11-18T05:00:00.123Z WARNING query heartbeats",
        "2026-11-18T06:00:00.000Z INFO judged",
    ]
    assert capsys.readouterr() == ("", "")
