"""Every page begins with the same thing to do, and never with a cause that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.joined import caller
from umdiag.judging.incidents import draw
from umdiag.model import Diagnosis, Finding, Incident, Severity, Subject, Verdict
from umdiag.report.document import Notebook
from umdiag.report.index import index
from umdiag.show.urgency import by_cause, by_urgency, leading, weight, worst_machine

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAMILIES = ("quota", "assessment", "update_runs")
KINDS = ("machine", "workspace", "subscription", "automation_account", "update_configuration", "update_run")


def finding_of(
    name: str = "vm-1",
    cause: str = "agent_stopped",
    severity: Severity = Severity.HIGH,
    kind: str = "machine",
    step: str = "",
) -> Finding:
    return Finding(
        cause=cause,
        severity=severity,
        subject=Subject(kind=kind, name=name, id=name),
        evidence={},
        resolution=(step or f"Restart {name}.",),
        source="",
    )


def diagnosis_of(*findings: Finding, scenario: str = "s", family: str = "quota") -> Diagnosis:
    grave = any(finding.severity is not Severity.INFO for finding in findings)
    verdict = Verdict.PROBLEM if grave else Verdict.HEALTHY
    return Diagnosis(
        scenario=scenario, family=family, title=f"{scenario}?", verdict=verdict, findings=findings
    )


@st.composite
def estates(draw: st.DrawFn) -> list[Diagnosis]:
    """Make diagnoses of up to six scenarios in three families; each finding has a step that no other has."""
    found = st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(("unknown", "first_cause", "second_cause")),
        st.sampled_from(list(Severity)),
        st.sampled_from(KINDS),
    )
    scenarios = draw(st.lists(st.lists(found, max_size=6), min_size=1, max_size=6))
    return [
        diagnosis_of(
            *(finding_of(*row, step=f"Step {place}-{line}.") for line, row in enumerate(rows)),
            scenario=f"scenario_{place}",
            family=FAMILIES[place % len(FAMILIES)],
        )
        for place, rows in enumerate(scenarios)
    ]


def index_of(diagnoses: Sequence[Diagnosis]) -> str:
    return index(
        scope="snapshot demo",
        pages=[],
        asked_at=NOW,
        made_at=NOW,
        notes=[],
        diagnoses=diagnoses,
        incidents=draw(diagnoses, caller({}, {"update_run": ""})).incidents,
        machines=pd.DataFrame({"state": []}),
        portal=None,
        patch_notes=(),
        health=[],
        notebooks=[Notebook(family=family, status="succeeded", seconds=1.0) for family in FAMILIES],
        titles={},
        target={"workspaces": [], "automation_account": "", "subscriptions": []},
    )


def first_step(page: str) -> str | None:
    step = re.search(r"Step \d+-\d+\.", page)
    return step.group() if step else None


@given(estates())
@settings(max_examples=60, deadline=None)
def test_the_first_page_begins_with_the_first_step_of_the_first_incident(diagnoses: list[Diagnosis]) -> None:
    shown = first_step(index_of(diagnoses).partition("um-incidents")[2])
    incidents = draw(diagnoses, caller({}, {"update_run": ""})).incidents
    assert shown == (incidents[0].first_step if incidents else None)


@given(estates())
@settings(max_examples=200, deadline=None)
def test_an_unknown_cause_never_leads_while_a_known_one_exists(diagnoses: list[Diagnosis]) -> None:
    problems = [one for one in by_urgency(diagnoses) if one.verdict is Verdict.PROBLEM]
    every = [finding for problem in problems for finding in problem.findings]
    for findings in (*(problem.findings for problem in problems), every):
        known = [one for one in findings if one.cause != "unknown" and one.severity is not Severity.INFO]
        lead = leading(findings)
        assert lead is None or not known or lead in known
    if every:
        assert weight(leading(problems[0].findings)) == weight(leading(every))


@given(estates(), st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_what_came_in_does_not_matter(diagnoses: list[Diagnosis], random) -> None:
    mixed = list(diagnoses)
    random.shuffle(mixed)
    assert by_urgency(mixed) == by_urgency(diagnoses)
    every = [finding for diagnosis in diagnoses for finding in diagnosis.findings]
    shuffled = random.sample(every, len(every))
    assert worst_machine(shuffled) == worst_machine(every)
    assert list(by_cause(shuffled)) == list(by_cause(every))
    if every:
        assert next(iter(by_cause(every))) == leading(every).cause == leading(shuffled).cause


def test_a_workspace_comes_before_its_machines_and_a_configuration_between_them():
    given_ = [
        diagnosis_of(*(finding_of(f"vm-{n}") for n in range(9)), scenario="machines"),
        diagnosis_of(finding_of(kind="update_configuration"), scenario="configuration"),
        diagnosis_of(finding_of(kind="subscription"), scenario="subscription"),
        diagnosis_of(finding_of(kind="workspace"), scenario="workspace"),
    ]
    assert [one.scenario for one in by_urgency(given_)] == [
        "workspace",
        "subscription",
        "configuration",
        "machines",
    ]


def test_severity_decides_before_how_much_a_subject_explains():
    machine = diagnosis_of(finding_of(severity=Severity.CRITICAL), scenario="machine")
    workspace = diagnosis_of(finding_of(kind="workspace"), scenario="workspace")
    assert by_urgency([workspace, machine]) == [machine, workspace]


def test_the_commonest_cause_among_the_most_urgent_leads():
    findings = [
        finding_of("a", "rare"),
        finding_of("b", "common"),
        finding_of("c", "common"),
        *(finding_of(f"d{n}", "slight", Severity.LOW) for n in range(9)),
    ]
    assert leading(findings) is findings[1]
    assert list(by_cause(findings)) == ["common", "rare", "slight"]


def test_a_remark_never_leads_a_problem():
    remark = finding_of("a", "known", Severity.INFO)
    assert leading([remark, finding_of("b", "unknown", Severity.LOW)]).subject.name == "b"
    assert leading([remark]) is remark
    assert leading([]) is None


@pytest.mark.parametrize(
    ("findings", "worst"),
    [
        ([], ""),
        ([finding_of("law", kind="workspace")], ""),
        ([finding_of("vm-b"), finding_of("VM-A"), finding_of("vm-c", severity=Severity.LOW)], "VM-A"),
        ([finding_of("vm-a"), finding_of("vm-b"), finding_of("vm-b", "other", Severity.LOW)], "vm-b"),
        ([finding_of("vm-a", "unknown", Severity.CRITICAL), finding_of("vm-b")], "vm-b"),
    ],
)
def test_the_worst_machine_has_the_most_urgent_finding(findings, worst):
    assert worst_machine(findings) == worst


def test_what_is_to_be_fixed_first_comes_first_whatever_else_is_more_urgent():
    low = diagnosis_of(finding_of(severity=Severity.LOW), family="quota", scenario="a")
    high = diagnosis_of(finding_of(), family="assessment", scenario="b")
    well = diagnosis_of(family="unplanned", scenario="c")
    incident = Incident(
        scenario="a", cause="agent_stopped", severity=Severity.LOW, roots=1, explains=1, machines=1,
        first_step="", subjects=("vm-1",),
    )  # fmt: skip
    assert by_urgency([well, low, high]) == [high, low, well]
    assert by_urgency([well, low, high], [incident]) == [low, high, well]
