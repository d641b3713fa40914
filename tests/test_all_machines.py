"""The script of all machines says the same as the machine table and the findings, whatever they hold."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.all_machines import content, findings_in, machines_in, table_of, written
from support.findings import diagnosis_of, finding_of
from umdiag.model import Accepted, Finding, Severity, Subject
from umdiag.report.machine_findings import MOST_NAMESAKES, NOT_LISTED
from umdiag.report.machine_script import LONGEST
from umdiag.show.places import machine_address

ID = "/subscriptions/s/resourceGroups/rg-{}/providers/Microsoft.Compute/virtualMachines/{}"
NASTY = (
    "</script><img src=x onerror=alert(1)>", "<!--", '"quoted"', "it's", "back\\slash", "\u2028\u2029",
    "\u202egnp.exe", "=1+1", "@SUM(A1)", "\x00\x1b[31m", "ü-ß-名", "new\nline", "]]>", "😀",
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from([*NASTY, "vm-1", "VM-1.contoso.com"]), st.text(max_size=12), st.just("x" * 900)
)


def about(name: str, id_: str = "", **more: Any) -> Finding:
    finding = finding_of(name, **more)
    return replace(finding, subject=Subject(kind="machine", name=name, id=id_)) if id_ else finding


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


@given(st.lists(st.tuples(NAMES, NAMES, NAMES, st.integers(0, 9) | st.none()), max_size=6))
@settings(max_examples=30, deadline=None)
def test_machines_are_read_back_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, int | None]]
) -> None:
    machines = table_of(
        {
            "computer": name,
            "resource_id": ID.format(group, name),
            "workspace": place,
            "missing_critical": number,
        }
        for name, group, place, number in rows
    )
    read = machines_in(content(written(tmp_path_factory.mktemp("rows"), machines)))
    keys = ("computer", "resource_id", "workspace", "missing_critical")
    assert [tuple(row[key] for key in keys) for row in read] == [
        (cut(name), cut(ID.format(group, name)), cut(place), number) for name, group, place, number in rows
    ]


def test_demo_says_what_its_files_say(demo_report: Path) -> None:
    read = content(demo_report / "machines.js")
    rows = machines_in(read)
    with (demo_report / "machines.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(rows) == len(listed) > 1_000
    for row, line in zip(rows, listed, strict=True):
        assert {name: said(name, row[name]) for name in line} == line | {
            name: line[name][:19] + "Z" if line[name] else "" for name in ("last_heartbeat", "last_assessed")
        }
    found = json.loads((demo_report / "findings.json").read_text(encoding="utf-8"))
    expected = Counter(
        (finding["subject"]["name"], diagnosis["scenario"], finding["cause"], finding["severity"])
        for diagnosis in found["diagnoses"]
        for finding in diagnosis["findings"]
        if finding["subject"]["kind"] == "machine"
    )
    told = Counter((rows[row]["computer"], *rest[:3]) for row, *rest in findings_in(read))
    assert told == expected


def said(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.startswith("last_"):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {0: "false", 1: "true"}[value] if name == "reboot_pending" else str(value)


def test_a_finding_meets_its_machine_by_id_then_by_name(tmp_path: Path) -> None:
    machines = table_of(
        [
            {"computer": "twin", "resource_id": ID.format("a", "twin")},
            {"computer": "twin", "resource_id": ID.format("b", "twin")},
            {"computer": "old-name", "source_computer_id": "agent-1"},
            {"computer": "clone", "source_computer_id": "agent-1"},
        ]
    )
    found = diagnosis_of(
        about("TWIN", ID.format("B", "Twin").upper()),  # the second alone
        about("twin", cause="no_id"),  # its id is nobody's: both
        about("clone", "agent-1", cause="shared_id"),  # the name decides between machines of one id
        about("renamed", "agent-1", cause="renamed"),  # nobody's name: both of the id
        about("gone", cause="gone"),  # nobody's at all
    )
    read = content(written(tmp_path, machines, [found]))
    met = sorted((row, cause) for row, _, cause, *_ in findings_in(read))
    assert met == [
        (0, "no_id"), (1, "agent_stopped"), (1, "no_id"), (2, "renamed"), (3, "renamed"),
        (3, "shared_id"), (4, "gone"),
    ]  # fmt: skip
    stranger = machines_in(read)[4]
    assert (stranger["computer"], stranger["state"]) == ("gone", NOT_LISTED)
    assert read["states"][NOT_LISTED][0] == "not in machines.csv"


def test_findings_of_one_name_do_not_multiply(tmp_path: Path) -> None:
    machines = table_of({"computer": "localhost"} for _ in range(3_000))
    found = diagnosis_of(*(about("localhost", cause=f"c{number}") for number in range(300)))
    assert len(findings_in(content(written(tmp_path, machines, [found])))) == 300 * MOST_NAMESAKES


def test_each_machine_begins_with_its_most_urgent_finding_and_what_decides(tmp_path: Path) -> None:
    evidence = {
        "workspace": "w",
        "power": "off",
        "last_heartbeat": datetime(2026, 11, 1, 5, 6, 7, tzinfo=UTC),
    }
    known = Accepted(until=date(2026, 12, 31), why="=cmd|'/c calc'!A1 </script>")
    found = diagnosis_of(
        about("vm-1", severity=Severity.CRITICAL, accepted=known),
        about(
            "vm-1", severity=Severity.LOW, evidence=evidence | {"last_sign": None, "text": "t" * 5_000_000}
        ),
        about("vm-1", severity=Severity.HIGH, evidence={"list": [], "portal": "https://x"}),
        about("a run", kind="update_run"),
    )
    read = content(written(tmp_path, table_of([{"computer": "VM-1"}]), [found]))
    told = findings_in(read)
    assert [severity for _, _, _, severity, *_ in told] == ["high", "low", "critical"]
    assert told[0][4] == {}
    assert told[1][4] == {"last heartbeat": "2026-11-01 05:06 UTC", "power": "off", "workspace": "w"}
    assert told[2][5] == "accepted until 2026-12-31: =cmd|'/c calc'!A1 </script>"
    assert (tmp_path / "machines.js").stat().st_size < 5_000


def test_an_estate_of_no_machine_is_a_script_too(tmp_path: Path) -> None:
    read = content(written(tmp_path, table_of([]), [diagnosis_of()]))
    assert machines_in(read) == []
    assert findings_in(read) == []


def test_only_pages_of_the_report_are_linked_to(tmp_path: Path) -> None:
    found = [diagnosis_of(), diagnosis_of(scenario="cap_ahead", family="quota")]
    read = content(written(tmp_path, table_of([]), found))
    assert [family for _, family in read["scenarios"].values()] == ["assessment", ""]


def test_a_name_is_quoted_in_its_address() -> None:
    assert machine_address("a b/ü#%") == "machines.html#m=a%20b%2F%C3%BC%23%25"
