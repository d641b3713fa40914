"""Two reports beside each other: what could not be judged is never called resolved."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.browser import Tab
from umdiag.__main__ import execute
from umdiag.compare import ReadReport, compare, read_report, trending
from umdiag.compare.comparing import (
    ABSENT,
    ACCEPTED,
    COUNTS_AGAIN,
    FATES,
    FIRST_JUDGED,
    NEW,
    RESOLVED,
    UNCHANGED,
    UNJUDGED,
)
from umdiag.compare.reading import Judged
from umdiag.compare.telling import as_html, as_json, as_text, first_line
from umdiag.errors import CallError

OLD_AT = datetime(2026, 11, 11, 6, tzinfo=UTC)
HOSTILE = "</script><img src=x onerror=alert(1)>"
COLUMNS = ["scenario", "cause", "severity", "kind", "key", "name", "counts"]


def finding(
    key: str = "vm-1", scenario: str = "machine_non_compliant", cause: str = "security_updates_missing",
    kind: str = "machine", counts: bool = True, severity: str = "medium",
) -> tuple[Any, ...]:  # fmt: skip
    return scenario, cause, severity, kind, key, key.upper(), counts


def report_of(
    *findings: tuple[Any, ...],
    states: dict[str, str] | None = None,
    verdicts: dict[str, tuple[str, str]] | None = None,
    incidents: tuple[dict[str, Any], ...] = (),
    days: int = 0,
    **more: Any,
) -> ReadReport:
    found = pd.DataFrame(findings, columns=COLUMNS).astype(
        dict.fromkeys(COLUMNS[:-1], "string") | {"counts": "bool"}
    )
    names = {"machine_non_compliant": ("PROBLEM", ""), **(verdicts or {})}
    machines = [(key, key.upper(), state) for key, state in (states or {"vm-1": "compliant"}).items()]
    given = {
        "folder": Path("nowhere"), "parameters": {"computers": []}, "kit_version": "1",
        "asked_at": OLD_AT + timedelta(days=days), "lookback": "14d", "target": {"workspaces": ["a"]},
    }  # fmt: skip
    return ReadReport(
        **given | more,
        judged={
            name: Judged(title=name, verdict=verdict, reason=why) for name, (verdict, why) in names.items()
        },
        findings=found,
        machines=pd.DataFrame(machines, columns=["key", "computer", "state"]).astype("string"),
        incidents=incidents,
    )


def fates(old: ReadReport, new: ReadReport) -> dict[str, tuple[str, str]]:
    rows = compare(old, new).findings
    return {row.key: (row.fate, row.why) for row in rows.itertuples()}


def test_findings_are_new_resolved_or_unchanged_by_scenario_cause_and_subject() -> None:
    states = dict.fromkeys(("vm-1", "vm-2", "vm-3"), "compliant")
    old = report_of(finding("vm-1"), finding("vm-2"), states=states)
    new = report_of(finding("vm-2"), finding("vm-3"), states=states)
    assert fates(old, new) == {"vm-3": (NEW, ""), "vm-1": (RESOLVED, ""), "vm-2": (UNCHANGED, "")}
    assert compare(old, new).exit_code == 1
    assert compare(new, new).exit_code == 0


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("disconnected", "it is disconnected now"),
        ("unknown", "it is unknown now"),
        ("assessment_stale", "it is assessment stale now"),
        (None, "the later report has no such machine"),
    ],
)
def test_a_machine_that_was_not_judged_is_not_resolved(state: str | None, why: str) -> None:
    there = {"vm-1": state} if state else {"vm-2": "compliant"}
    assert fates(report_of(finding()), report_of(states=there)) == {"vm-1": (UNJUDGED, why)}


@pytest.mark.parametrize("state", ["compliant", "non_compliant", "not_managed"])
def test_a_machine_that_was_judged_is_resolved(state: str) -> None:
    assert fates(report_of(finding()), report_of(states={"vm-1": state})) == {"vm-1": (RESOLVED, "")}


def test_a_machine_that_is_heard_again_is_no_longer_disconnected_whatever_else() -> None:
    gone = finding(scenario="machine_disconnected", cause="machine_off")
    asked = {"machine_disconnected": ("HEALTHY", "")}
    for state, fate in (("assessment_stale", RESOLVED), ("unknown", UNJUDGED)):
        new = report_of(states={"vm-1": state}, verdicts=asked)
        assert fates(report_of(gone), new)["vm-1"][0] == fate


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (("UNKNOWN", "Update was refused"), "Update was refused"),
        (("NOT_ASKED", "no workspace is given"), "no workspace is given"),
        (("HEALTHY", "Update is not complete"), "not everything could be judged: Update is not complete"),
    ],
)
def test_a_question_that_was_not_answered_whole_resolves_nothing(verdict: tuple[str, str], why: str) -> None:
    new = report_of(verdicts={"machine_non_compliant": verdict})
    assert fates(report_of(finding()), new) == {"vm-1": (UNJUDGED, why)}


def test_a_question_that_was_not_asked_resolves_nothing() -> None:
    old = report_of(
        finding(scenario="cap_ahead", kind="workspace", key="law"), verdicts={"cap_ahead": ("PROBLEM", "")}
    )
    assert fates(old, report_of()) == {"law": (UNJUDGED, "the later report does not ask this")}


def test_what_is_accepted_or_a_remark_is_no_new_problem_and_that_ending_is_none_either() -> None:
    accepted, counting = report_of(finding(counts=False)), report_of(finding())
    assert compare(report_of(), accepted).exit_code == 0
    assert fates(accepted, counting) == {"vm-1": (COUNTS_AGAIN, "")}
    assert fates(counting, accepted) == {"vm-1": (ACCEPTED, "")}
    assert "1 accepted since" in first_line(compare(counting, accepted))


ASKED = {"cap_ahead": ("PROBLEM", "")}


def test_what_the_earlier_report_did_not_ask_is_not_new() -> None:
    new = report_of(finding(scenario="cap_ahead", kind="workspace", key="law"), verdicts=ASKED, days=1)
    old = report_of()
    assert fates(old, new) == {"law": (FIRST_JUDGED, "the earlier report does not ask this")}
    assert compare(old, new).exit_code == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"lookback": "2d"}, "the later report looks back 2d, not 14d"),
        ({"target": {"workspaces": ["b"]}}, "the later report looks at other workspaces"),
        ({"parameters": {"computers": ["vm-9"]}}, "the later report is limited to other computers"),
        (
            {"parameters": {"services": ["update_manager"]}},
            "the later report does not look at Update Management",
        ),
    ],
)
def test_a_report_that_looks_at_less_resolves_nothing(more: dict[str, Any], why: str) -> None:
    old, new = report_of(finding()), report_of(days=1, **more)
    assert fates(old, new) == {"vm-1": (UNJUDGED, why)}
    assert compare(old, new).warnings
    wider, narrower = report_of(finding(), days=1), report_of(**more)
    assert {fate for fate, _ in fates(narrower, wider).values()} == {FIRST_JUDGED}


def test_another_cause_on_the_same_subject_is_no_new_finding() -> None:
    old, new = report_of(finding(cause="a")), report_of(finding(cause="b"), days=1)
    assert fates(old, new) == {"vm-1": (UNCHANGED, "its cause was a")}
    assert compare(old, new).exit_code == 0


def test_a_terminal_is_not_steered_by_rows(capsys: pytest.CaptureFixture[str]) -> None:
    from umdiag.commands.saying import say

    text = as_text(compare(report_of(), report_of(finding("\x1b[31mred\x00" + "x" * 10_000), days=1)))
    say(text)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x00" not in said
    assert max(map(len, said.splitlines())) < 400


def test_json_keeps_what_would_steer_a_terminal_as_an_escape() -> None:
    name = "\x9b31m\u202e\x1b[0m"
    text = as_json(compare(report_of(), report_of(finding(name), days=1)))
    assert not set(name) & set(text) - set("31m[0")
    assert [told["key"] for told in json.loads(text)["findings"]] == [name]


def test_states_make_a_matrix() -> None:
    old = report_of(states={"a": "compliant", "b": "compliant", "c": "disconnected"})
    new = report_of(states={"a": "compliant", "b": "non_compliant", "d": "compliant"})
    found = {(row.old, row.new): row.machines for row in compare(old, new).states.itertuples()}
    assert found == {
        ("compliant", "compliant"): 1,
        ("compliant", "non_compliant"): 1,
        ("disconnected", ABSENT): 1,
        (ABSENT, "compliant"): 1,
    }


def incident(cause: str, **more: Any) -> dict[str, Any]:
    return {
        "scenario": "machine_non_compliant",
        "cause": cause,
        "severity": "high",
        "roots": 2,
        "explains": 1,
    } | more


def test_incidents_are_compared_likewise() -> None:
    old = report_of(finding("vm-1", cause="b"), incidents=(incident("a"), incident("b"), incident("c")))
    new = report_of(states={"vm-1": "disconnected"}, incidents=(incident("a", roots=5), incident("d")))
    found = {row.cause: (row.fate, row.before, row.after) for row in compare(old, new).incidents.itertuples()}
    assert found == {"a": (UNCHANGED, 3, 6), "d": (NEW, 0, 3), "b": (UNJUDGED, 3, 0), "c": (RESOLVED, 3, 0)}


def test_reports_that_are_not_alike_are_compared_with_a_warning() -> None:
    old = report_of(days=7)
    new = report_of(
        kit_version="2", lookback="7d", target={"workspaces": ["b"]}, verdicts={"cap_ahead": ("HEALTHY", "")}
    )
    said = " ".join(compare(old, new).warnings)
    for part in (
        "different versions",
        "first report is the later one",
        "differently far",
        "workspaces differ",
        "--only",
    ):
        assert part in said
    assert compare(old, old).warnings == ()


def test_text_tells_what_is_new_first_and_says_what_was_not_judged() -> None:
    comparison = compare(
        report_of(finding("vm-1"), finding("vm-2"), states={"vm-1": "compliant"}),
        report_of(finding("vm-3"), states={"vm-1": "compliant", "vm-2": "disconnected", "vm-3": "compliant"}),
    )
    assert first_line(comparison) == (
        "1 new finding, 1 resolved, 0 unchanged; 1 could no longer be judged, which is not the same as"
        " resolved."
    )
    text = as_text(comparison)
    assert text.index("New:") < text.index("No longer judged:") < text.index("Resolved:")
    assert "medium machine_non_compliant security_updates_missing VM-2 (it is disconnected now)" in text


def test_json_holds_everything() -> None:
    told = json.loads(as_json(compare(report_of(finding()), report_of(finding("vm-9")))))
    assert told["schema"] == "umdiag/comparison/1"
    assert told["counts"] == dict.fromkeys(FATES, 0) | {NEW: 1, RESOLVED: 1}
    assert {one["key"]: one["fate"] for one in told["findings"]} == {"vm-9": NEW, "vm-1": RESOLVED}


def test_page_shows_rows_as_text() -> None:
    page = as_html(compare(report_of(), report_of(finding(HOSTILE), states={HOSTILE: HOSTILE})))
    assert "<img" not in page
    assert "&lt;IMG SRC=X" in page


@pytest.mark.xdist_group("three ways")
def test_a_report_beside_itself_has_nothing_new(
    demo_report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["compare", str(demo_report), str(demo_report)]) == 0
    said = capsys.readouterr().out
    assert "0 new findings, 0 resolved" in said
    assert "Note:" not in said


@pytest.mark.xdist_group("three ways")
def test_reports_are_read_from_their_folders(
    demo_report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(demo_report, earlier, ignore=shutil.ignore_patterns("*.ipynb", "*.html", "*.js"))
    told = json.loads((earlier / "findings.json").read_text())
    told["asked_at"] = "2026-11-11T06:00:00Z"
    judged = next(one for one in told["diagnoses"] if one["scenario"] == "machine_non_compliant")
    taken, judged["findings"] = judged["findings"][:7], judged["findings"][7:]
    (earlier / "findings.json").write_text(json.dumps(told))
    assert (
        execute(["compare", str(earlier), str(demo_report), "-o", str(tmp_path / "out"), "--format", "json"])
        == 1
    )
    written = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert written["counts"][NEW] == len(taken)
    assert {one["name"] for one in written["findings"] if one["fate"] == NEW} == {
        one["subject"]["name"] for one in taken
    }
    assert "7 new findings" in capsys.readouterr().out


@pytest.mark.xdist_group("three ways")
def test_changes_in_between_are_told_of_machines_that_changed(demo_report: Path, tmp_path: Path) -> None:
    new = read_report(demo_report)
    changed = pd.read_parquet(demo_report / "facts" / "resource_changes.parquet")
    machine = next(
        iter(
            changed["target_id"].str.casefold()[changed["target_id"].str.casefold().isin(new.machines["key"])]
        )
    )
    machines = new.machines.assign(
        state=new.machines["state"].mask(new.machines["key"] == machine, "unknown")
    )
    old = ReadReport(**vars(new) | {"machines": machines, "asked_at": new.asked_at - timedelta(days=14)})
    rows = compare(old, new).changes
    assert set(rows["name"].str.casefold()) == {
        new.machines.set_index("key").loc[machine, "computer"].casefold()
    }
    later = ReadReport(**vars(old) | {"asked_at": new.asked_at})
    assert compare(later, new).changes.empty


@pytest.mark.xdist_group("three ways")
def test_a_file_that_is_cut_is_no_report(demo_report: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.mkdir()
    shutil.copy(demo_report / "findings.json", cut)
    whole = (demo_report / "machines.csv").read_bytes()
    for content in (whole[:3000], whole[:3000] + b"\r\n"):
        (cut / "machines.csv").write_bytes(content)
        with pytest.raises(CallError, match="damaged or cut off"):
            read_report(cut)


@pytest.mark.parametrize("content", [None, "{}", '{"schema": "umdiag/findings/1", "asked_at": 3}'])
def test_what_is_no_report_is_one_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "findings.json").write_text(content)
    with pytest.raises(CallError, match=str(tmp_path)):
        read_report(tmp_path)
    assert execute(["compare", str(tmp_path), str(tmp_path)]) == 2


# --- many reports ----------------------------------------------------------------------------------------


def reports() -> list[ReadReport]:
    return [
        report_of(finding(), incidents=(incident("a"),)),
        report_of(states={"vm-1": "disconnected", "vm-2": "compliant"}, days=7, incidents=(incident("b"),)),
        report_of(finding(counts=False), finding("vm-2", severity="info", counts=False), days=7),
    ]


def test_reports_are_counted_one_row_each_even_of_one_time() -> None:
    told = trending.trend(reports())
    assert list(told.severities["medium"]) == [1, 0, 0]
    assert list(told.severities["info"]) == [0, 0, 1]
    assert list(told.states["disconnected"]) == [0, 1, 0]
    assert told.incidents[("machine_non_compliant", "a")].tolist() == [3, 0, 0]
    lines = trending.as_text(told).splitlines()
    assert lines[0].split() == [
        "asked",
        "at",
        "(UTC)",
        "disconnected",
        "compliant",
        "medium",
        "info",
        "to",
        "fix",
    ]
    assert [line.split()[-1] for line in lines[1:]] == ["1", "1", "0"]
    content = json.loads(trending.as_json(told))
    assert [len(report["incidents"]) for report in content["reports"]] == [1, 1, 0]


def test_folders_that_hold_reports_stand_for_them(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="is not a report and holds none"):
        trending.reports_in([tmp_path])


@pytest.mark.browser
@pytest.mark.xdist_group("three ways")
def test_a_trend_is_drawn_on_one_page_that_loads_nothing(
    demo_report: Path, tmp_path: Path, tab: Tab, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / "all" / name).mkdir(parents=True)
        for file in ("findings.json", "machines.csv"):
            shutil.copy(demo_report / file, tmp_path / "all" / name / file)
    assert execute(["trend", str(tmp_path / "all"), "--format", "html", "-o", str(tmp_path / "out")]) == 0
    assert "trend.html" in capsys.readouterr().out
    tab.open(tmp_path / "out" / "trend.html")
    assert tab.page.locator("svg.main-svg").count() >= 3
    assert [url.partition(":")[0] for url in tab.asked] == ["file"]
    assert [line for line in tab.said if "auto-margin" not in line] == []
