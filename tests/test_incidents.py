"""A table says what explains what; what follows from a root is counted with it and with nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from graphlib import TopologicalSorter
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.explains import rules
from support.joined import drawn, found_on
from umdiag.judging.incidents import Drawn
from umdiag.judging.incidents.edges import EDGES, Join
from umdiag.model import Accepted, Finding, Incident, Severity
from umdiag.scenarios import catalogue

SUBSCRIPTION = "/subscriptions/s-1"
MACHINE = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1"
OTHER = "/subscriptions/s-2/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-2"
MOVED = f"{SUBSCRIPTION}/resourceGroups/old/providers/Microsoft.Compute/virtualMachines/VM-1"
WORKSPACE = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/law-1"
ELSEWHERE = WORKSPACE.replace("law-1", "law-2")
SCHEDULE = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Maintenance/maintenanceConfigurations/mc-1"
BESIDE = SCHEDULE.replace("mc-1", "mc-2")
RUN = f"{SCHEDULE.lower()}/providers/microsoft.maintenance/applyupdates/20261114220000"
CAUSES = {scenario.name: [cause.key for cause in scenario.causes] for scenario in catalogue()}
#: How the rules call a join.
SPOKEN = {
    "any": Join.ANY, "machine": Join.MACHINE, "machine and cause": Join.MACHINE_AND_CAUSE,
    "name and type": Join.MOVED_MACHINE, "workspace": Join.WORKSPACE, "subscription": Join.SUBSCRIPTION,
    "run": Join.RUN, "conflict": Join.CONFLICT, "reaches": Join.REACHES,
}  # fmt: skip
FRAMES = {
    "machines": pd.DataFrame({"subject_id": [MACHINE, OTHER], "workspace_id": ["w-1", "w-2"]}),
    "workspaces": pd.DataFrame(
        {"workspace_id": ["w-1", "w-2", "w-3"], "id": [WORKSPACE.upper(), ELSEWHERE, ""]}
    ),
    "schedule_conflicts": pd.DataFrame(
        {
            "configuration_key": [BESIDE.lower(), f"{BESIDE.lower()}-b"],
            "other_key": [SCHEDULE.lower(), f"{BESIDE.lower()}-a"],
            "same_start": pd.array([True, False], dtype="boolean"),
        }
    ),
    "selections": pd.DataFrame(
        {
            "configuration_key": [SCHEDULE.lower(), BESIDE.lower(), f"{SCHEDULE.lower()}-expired"],
            "machine_key": [MACHINE.lower(), OTHER.lower(), MACHINE.lower()],
            "living": pd.array([True, True, False], dtype="boolean"),
        }
    ),
}
#: Join → the subject of what is explained, of what explains it, and of what does not.
SUBJECTS = {
    Join.ANY: (MACHINE, WORKSPACE, None),
    Join.MACHINE: (MACHINE, f"{MACHINE.upper()}/", OTHER),
    Join.MACHINE_AND_CAUSE: (MACHINE, MACHINE, OTHER),
    Join.MOVED_MACHINE: (MACHINE, MOVED, OTHER),
    Join.WORKSPACE: (MACHINE, WORKSPACE, ELSEWHERE),
    Join.SUBSCRIPTION: (MACHINE, SUBSCRIPTION.upper(), "/subscriptions/s-2"),
    Join.RUN: (MACHINE, SCHEDULE, BESIDE),
    Join.CONFLICT: (MACHINE, BESIDE, f"{BESIDE}-b"),
    Join.REACHES: (MACHINE, SCHEDULE, BESIDE),
}


def kind_of(subject: str) -> str:
    if "/virtualmachines/" in subject.lower():
        return "machine"
    if "/workspaces/" in subject:
        return "workspace"
    return "maintenance_configuration" if "/maintenance" in subject.lower() else "subscription"


def of_kind(kind: str, subject: str, cause: str = "", **more: Any) -> tuple[str, Finding]:
    """Return the scenario of a kind `scenario` or `scenario/cause`, and a finding of it."""
    scenario, _, named = kind.partition("/")
    return scenario, found_on(subject, named or cause or CAUSES[scenario][0], kind=kind_of(subject), **more)


def told(result: Drawn) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return what explains each explained finding, as scenario and id."""
    return {
        (diagnosis.scenario, finding.subject.id): [
            (by.scenario, by.subject_id) for by in finding.explained_by
        ]
        for diagnosis in result.diagnoses
        for finding in diagnosis.findings
        if finding.explained_by
    }


def chain(edge: tuple[str, str, str], subject: str, by: str, run: str = RUN) -> dict[str, list[Finding]]:
    """Return an explained finding and another that explains it, if `by` and `run` fit."""
    explained, kind, how = edge
    shared = [
        cause for cause in CAUSES[explained.partition("/")[0]] if cause in CAUSES[kind.partition("/")[0]]
    ]
    cause = shared[0] if how == "machine and cause" else ""
    first = of_kind(explained, subject, cause, evidence={"run": RUN})
    second = of_kind(kind, by, cause, evidence={"run_id": run})
    return {first[0]: [first[1]], second[0]: [second[1]]}


def test_the_table_says_what_the_rules_say() -> None:
    table = {(one, by, edge.join) for edge in EDGES for one in edge.explained for by in edge.by}
    assert table == {(explained, by, SPOKEN[how]) for explained, by, how in rules()}


def test_the_table_names_what_there_is() -> None:
    kinds = {kind for edge in EDGES for kind in (*edge.explained, *edge.by)}
    assert {
        kind for kind in kinds if kind not in {*CAUSES, *(f"{s}/{c}" for s in CAUSES for c in CAUSES[s])}
    } == set()


def test_between_scenarios_there_is_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for edge in EDGES:
        for explained in edge.explained:
            graph.setdefault(explained.partition("/")[0], set()).update(
                by.partition("/")[0] for by in edge.by
            )
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("edge", [*rules()], ids=lambda edge: f"{edge[0]} by {edge[1]}".replace("/", "-"))
def test_each_edge_joins_what_belongs_together_and_nothing_else(edge: tuple[str, str, str]) -> None:
    subject, by, stranger = SUBJECTS[SPOKEN[edge[2]]]
    if edge[0] in ("ingestion_gap/gap_during_cap", "schedule_did_not_run/provider_not_registered"):
        subject = WORKSPACE if "gap" in edge[0] else SCHEDULE
    named = {"update_run": "mc-1" if edge[2] == "run" else ""}
    fits = drawn(chain(edge, subject, by), FRAMES, **named)
    assert told(fits) == {(edge[0].partition("/")[0], subject): [(edge[1].partition("/")[0], by)]}
    assert [(one.roots, one.explains) for one in fits.incidents] == [(1, 1)]
    if stranger:
        apart = drawn(chain(edge, subject, stranger, f"{RUN}-other"), FRAMES, **named)
        assert told(apart) == {}
        assert [(one.roots, one.explains) for one in apart.incidents] == [(1, 0), (1, 0)]


def test_a_run_is_joined_only_where_it_was_asked_for() -> None:
    edge = ("scheduled_run_missed_machine", "run_cancelled", "run")
    assert told(drawn(chain(edge, MACHINE, SCHEDULE), FRAMES, update_run="")) == {}


def test_machine_of_a_workspace_without_an_id_is_joined_by_the_customer_id() -> None:
    frames = FRAMES | {"machines": pd.DataFrame({"subject_id": [MACHINE], "workspace_id": ["w-3"]})}
    found = {
        "assessment_stale": [found_on(MACHINE, "quota_reached")],
        "workspace_over_quota": [found_on("w-3", "daily_cap_reached", kind="workspace")],
    }
    assert told(drawn(found, frames)) == {("assessment_stale", MACHINE): [("workspace_over_quota", "w-3")]}


def test_what_cannot_be_seen_joins_nothing() -> None:
    for join in (Join.WORKSPACE, Join.REACHES):
        edge = next((one, by, how) for one, by, how in rules() if SPOKEN[how] is join)
        subject, by, _ = SUBJECTS[join]
        assert told(drawn(chain(edge, subject, by))) == {}


def test_other_causes_of_a_scenario_are_not_explained() -> None:
    found = {
        "assessment_failed": [found_on(MACHINE, "timed_out")],
        "update_not_installing": [found_on(MACHINE, "access_denied")],
        "patch_mode_not_schedulable": [found_on(MACHINE, "bypass_flag_off", severity=Severity.HIGH)],
        "scheduled_run_missed_machine": [found_on(MACHINE, "schedule_conflict")],
    }
    assert told(drawn(found, FRAMES)) == {}


def test_remarks_and_accepted_findings_explain_nothing_and_are_in_no_incident() -> None:
    known = Accepted(until=date(2027, 1, 1), why="it is being replaced")
    off = found_on(MACHINE, "bypass_flag_off")
    missed = found_on(MACHINE, "patch_mode_not_schedulable")
    for left_out in (replace(off, severity=Severity.INFO), replace(off, accepted=known)):
        found = {"patch_mode_not_schedulable": [left_out], "scheduled_run_missed_machine": [missed]}
        assert [one.scenario for one in drawn(found).incidents] == ["scheduled_run_missed_machine"]
        assert told(drawn(found)) == {}
    for left_out in (replace(missed, severity=Severity.INFO), replace(missed, accepted=known)):
        found = {"patch_mode_not_schedulable": [off], "scheduled_run_missed_machine": [left_out]}
        assert [(one.roots, one.explains) for one in drawn(found).incidents] == [(1, 0)]
        assert told(drawn(found)) == {}


def test_what_several_explain_keeps_them_in_the_order_of_the_table_and_counts_in_each_incident() -> None:
    found = {
        "machine_non_compliant": [found_on(MACHINE, "security_updates_missing", severity=Severity.HIGH)],
        "security_updates_excluded": [found_on(SCHEDULE, "kb_excluded", kind="maintenance_configuration")],
        "patch_mode_not_schedulable": [found_on(MACHINE, "bypass_flag_off")],
        "scheduled_run_missed_machine": [found_on(MACHINE, "patch_mode_not_schedulable")],
    }
    result = drawn(found, FRAMES)
    by = [scenario for scenario, _ in told(result)["machine_non_compliant", MACHINE]]
    assert by == ["scheduled_run_missed_machine", "patch_mode_not_schedulable", "security_updates_excluded"]
    counts = {one.scenario: (one.severity, one.roots, one.explains, one.machines) for one in result.incidents}
    assert counts == {
        # through the missed run and by itself: counted once
        "patch_mode_not_schedulable": (Severity.HIGH, 1, 2, 1),
        "security_updates_excluded": (Severity.HIGH, 1, 1, 1),
    }


def test_incidents_stand_by_severity_then_by_what_goes_away_then_by_name() -> None:
    def machines(cause: str, count: int, severity: Severity) -> list[Finding]:
        return [found_on(f"vm-{cause}-{number}", cause, severity=severity) for number in range(count)]

    found = {
        "reboot_pending": [
            *machines("unknown", 3, Severity.MEDIUM),
            *machines("reboot_failed", 3, Severity.LOW),
        ],
        "machine_disconnected": machines("agent_stopped", 9, Severity.LOW),
        "assessment_failed": machines("timed_out", 3, Severity.MEDIUM),
        "duplicate_machine": machines("arc_and_azure", 1, Severity.CRITICAL),
    }
    order = [(one.scenario, one.cause) for one in drawn(found).incidents]
    assert order == [
        ("duplicate_machine", "arc_and_azure"),
        ("assessment_failed", "timed_out"),
        ("reboot_pending", "unknown"),
        ("machine_disconnected", "agent_stopped"),
        ("reboot_pending", "reboot_failed"),
    ]


def test_incident_begins_with_the_worst_root_and_names_five() -> None:
    roots = [found_on(f"vm-{number}", "timed_out", resolution=(f"Step {number}.",)) for number in range(7)]
    roots[4] = replace(roots[4], severity=Severity.HIGH)
    incident = drawn({"assessment_failed": roots}).incidents[0]
    assert (incident.severity, incident.first_step) == (Severity.HIGH, "Step 4.")
    assert incident.subjects == ("vm-4", "vm-0", "vm-1", "vm-2", "vm-3")


def population(**columns: Sequence[Any]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    ids = [MACHINE.replace("vm-1", f"vm-{number}").replace("/rg/", "/RG/") for number in range(count)]
    ordinary = {
        "subject_id": ids,
        "arm_key": [id_.lower() for id_ in ids],
        "workspace": [""] * count,
        "os_type": [None] * count,
        "machine": pd.array(range(count), dtype="Int64"),
    }
    return pd.DataFrame(ordinary | columns)


def common(machines: int, known: pd.DataFrame, **frames: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    """Return what the first machines of a population have in common."""
    roots = [found_on(id_, "agent_stopped") for id_ in known["subject_id"][:machines]]
    (incident,) = drawn({"machine_disconnected": roots}, {"population": known} | frames).incidents
    return [(one.property, one.value, one.share, one.elsewhere) for one in incident.common]


def test_value_of_most_machines_and_few_others_is_common() -> None:
    of_workspace = ["law-a"] * 4 + ["law-b"] + ["law-a"] * 1 + ["law-b"] * 4
    assert common(5, population(workspace=of_workspace)) == [("workspace", "law-a", 0.8, 0.2)]
    assert common(5, population(workspace=["law-b", *of_workspace[1:]])) == []
    assert common(5, population(workspace=[*of_workspace[:-1], "law-a"])) == []


def test_what_is_not_known_is_in_no_share() -> None:
    known = population(workspace=["law-a"] * 4 + [""] + [""] * 4 + ["law-b"])
    assert common(5, known) == [("workspace", "law-a", 1.0, 0.0)]
    assert common(5, population(workspace=["law-a"] * 5 + [""] * 5)) == []


def test_of_fewer_than_five_machines_nothing_is_said() -> None:
    known = population(workspace=["law-a"] * 4 + ["law-b"] * 6)
    assert common(4, known) == []


def test_three_properties_with_the_largest_difference_are_said() -> None:
    known = population(workspace=["law-a"] * 4 + ["law-b"] * 6, os_type=["Linux"] * 5 + ["Windows"] * 5)
    group, subscription = ["east"] * 5 + ["west"] * 5, ["s-1"] * 6 + ["s-2"] * 4
    known["arm_key"] = [
        key.replace("/rg/", f"/{group}/").replace("s-1", subscription)
        for key, group, subscription in zip(known["arm_key"], group, subscription, strict=True)
    ]
    assert common(5, known) == [
        ("resource_group", "east", 1.0, 0.0),
        ("os_type", "Linux", 1.0, 0.0),
        ("workspace", "law-a", 0.8, 0.0),
    ]


def test_properties_of_resources_agents_and_schedules_are_looked_up() -> None:
    known = population(os_type=["Linux"] * 10)
    keys = known["arm_key"]
    half = [number < 5 for number in range(10)]

    def either(first: str, second: str) -> list[str]:
        return [first if is_first else second for is_first in half]

    estate = pd.DataFrame({
        "machine_key": keys, "location": "westeurope", "os_name": either("Ubuntu", "RHEL"),
        "image_publisher": either("canonical", ""), "image_offer": "", "image_sku": "",
    })  # fmt: skip
    names = [f"vm-{number}" for number in range(10)]
    identities = pd.DataFrame({"agent": names, "name": names, "machine": range(10), "last_seen": 0})
    beats = pd.DataFrame({
        "source_computer_id": names, "computer": names, "workspace_id": "w", "last_heartbeat": 0,
        "os_name": "Ubuntu", "agent_version": either("1.0", "2.0"),
        "private_ip": [f"10.4.{3 if is_first else number}.9" for number, is_first in enumerate(half)],
    })  # fmt: skip
    agents = {"identities": identities, "heartbeats": beats}
    schedules = {
        "selections": pd.DataFrame(
            {"configuration_key": "mc", "machine_key": keys[:5], "living": pd.array([True] * 5, "boolean")}
        ),
        "configurations": pd.DataFrame({"configuration_key": ["mc"], "name": ["MC-Weekly"]}),
        "attendance": pd.DataFrame({"machine_key": keys[5:], "configuration": "deployment"}),
    }
    assert common(5, known, estate=estate) == [
        ("os_name", "Ubuntu", 1.0, 0.0),
    ]
    assert common(5, known, estate=estate, **agents) == [
        ("os_name", "Ubuntu", 1.0, 0.0),
        ("agent_version", "1.0", 1.0, 0.0),
        ("network", "10.4.3.0/24", 1.0, 0.0),
    ]
    assert common(5, known, **schedules) == [("update_configuration", "MC-Weekly", 1.0, 0.0)]


# ---- findings of any kind

KINDS = sorted({kind for explained, by, _ in rules() for kind in (explained, by)})
PLACES = (MACHINE, OTHER, MOVED, WORKSPACE, ELSEWHERE, SUBSCRIPTION, SCHEDULE, BESIDE, "agent-1", "")


@st.composite
def estates(draw: st.DrawFn) -> dict[str, list[Finding]]:
    found: dict[str, dict[tuple[str, str], Finding]] = {}
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=14)):
        subject = draw(st.sampled_from(PLACES))
        cause = draw(st.sampled_from(CAUSES[kind.partition("/")[0]]))
        severity = draw(st.sampled_from(Severity))
        scenario, finding = of_kind(
            kind, subject, cause, severity=severity, evidence={"run": RUN, "run_id": RUN}
        )
        if draw(st.integers(0, 5)) == 0:
            finding = replace(finding, accepted=Accepted(until=None, why="known"))
        found.setdefault(scenario, {}).setdefault((subject, finding.cause), finding)
    return {scenario: list(findings.values()) for scenario, findings in found.items()}


Key = tuple[str, str, str]


def graph_of(result: Drawn) -> dict[Key, list[Key]]:
    """Return what counts, each with what explains it."""
    return {
        (diagnosis.scenario, finding.cause, finding.subject.id): [
            (by.scenario, by.cause, by.subject_id) for by in finding.explained_by
        ]
        for diagnosis in result.diagnoses
        for finding in diagnosis.findings
        if finding.counts
    }


def roots_of(finding: Key, graph: Mapping[Key, Sequence[Key]]) -> Iterator[Key]:
    if not graph[finding]:
        yield finding
    for by in graph[finding]:
        yield from roots_of(by, graph)


@given(estates(), st.sampled_from(["", "mc-1"]))
@settings(max_examples=40, deadline=None)
def test_every_finding_that_counts_is_in_an_incident_and_the_counts_add_up(
    found: dict[str, list[Finding]], update_run: str
) -> None:
    result = drawn(found, FRAMES, update_run=update_run)
    graph = graph_of(result)
    assert len(graph) == sum(finding.counts for findings in found.values() for finding in findings)
    roots: Counter[tuple[str, str]] = Counter()
    explained: Counter[tuple[str, str]] = Counter()
    for finding in graph:
        incidents = {root[:2] for root in roots_of(finding, graph)}
        assert incidents
        (explained if graph[finding] else roots).update(incidents)
    assert {(one.scenario, one.cause): (one.roots, one.explains) for one in result.incidents} == {
        incident: (count, explained[incident]) for incident, count in roots.items()
    }
    order = [place(one) for one in result.incidents]
    assert order == sorted(order)


def place(incident: Incident) -> tuple[int, int, str, str]:
    return incident.severity.rank, -incident.roots - incident.explains, incident.scenario, incident.cause
