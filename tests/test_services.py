"""Which services are looked at, and that nobody hears of the others but once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from support import snapshot_rows as rows
from support.estates import Estate, derived_once
from umdiag import charts, scenarios, show
from umdiag.errors import QueryError
from umdiag.judging.needs import queries_behind
from umdiag.judging.services import SIGNS, TELLING, Services, deciding_queries
from umdiag.kit import Kit
from umdiag.model import UPDATE_MANAGEMENT, UPDATE_MANAGER, Diagnosis, Verdict
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.queries.belonging import PATCHES, service_of, telling_of_update_management
from umdiag.report import Outcome
from umdiag.sources.replay import write_facts
from umdiag.sources.snapshot import Snapshot

LOGS = tuple(kql.tables()["workspace"])
OBJECTS = tuple(kql.tables()["arm"])
GRAPH = tuple(kql.tables()["graph"])
#: Machines of Update Management, most of them with something wrong.
ALONE: Mapping[str, Any] = {
    "machines": {
        "db": {},
        "web": {"updates": [{"kb": 1, "class": "Critical Updates"}]},
        "silent": {"heard": "-3d..-30h", "assessed": "-3d..-31h"},
        "new": {"heard": "-20h..+0m", "assessed": "never", "worker": "none"},
        "gone": {"heard": "never", "assessed": "never"},
    }
}
#: The same, but that Update Manager assesses one of them: all other rows are equal, and answered once.
SHARED: Mapping[str, Any] = {
    "machines": {**ALONE["machines"], "db": {"elsewhere": {"status": "Succeeded", "at": "-3h"}}}
}
OLD = (UPDATE_MANAGEMENT,)


def estate(given: Mapping[str, Any], *gone: str, **parameters: Any) -> Estate:
    return Estate({**given, "not_captured": gone}, **parameters)


def left_out(*gone: str, given: Mapping[str, Any] = ALONE, **parameters: Any) -> Collection[str]:
    """Return the services that are not looked at in an estate of which these tables were not captured."""
    return set(estate(given, *gone, **parameters).kit().not_asked)


@pytest.fixture(scope="module")
def graph_alone() -> Kit:
    """An estate of which nobody captured anything but Resource Graph, whose rows name no patch."""
    with derived_once():
        kit = estate(ALONE, *LOGS, *OBJECTS).kit()
        kit.diagnoses()
    return kit


def judged(kit: Kit, family: str | None = None) -> list[Diagnosis]:
    with derived_once():
        return kit.diagnoses(family)


def told(diagnoses: list[Diagnosis]) -> list[tuple[Any, ...]]:
    asked = Verdict.NOT_ASKED
    return [
        (one.scenario, one.verdict, "" if one.verdict is asked else one.reason, one.findings)
        for one in diagnoses
    ]


#: Where it matters who assesses a machine; what the other families say of it costs more to ask.
SOME_OR_ALL = pytest.mark.parametrize(
    "family", ["onboarding", pytest.param(None, marks=pytest.mark.slow, id="all")]
)


# --- which are looked at ---------------------------------------------------------------------------------


def test_service_is_looked_at_where_there_is_something_of_it() -> None:
    assert left_out(given=SHARED) == set()
    assert left_out() == {UPDATE_MANAGER}
    assert left_out(*LOGS, *OBJECTS) == {UPDATE_MANAGEMENT, UPDATE_MANAGER}
    assert left_out(*LOGS, *OBJECTS, given=SHARED) == {UPDATE_MANAGEMENT}


@pytest.mark.parametrize("table", sorted(telling_of_update_management()))
def test_a_single_table_tells_of_update_management(table: str) -> None:
    others = {*LOGS, *OBJECTS} - {table}
    assert UPDATE_MANAGEMENT not in left_out(*others)


@pytest.mark.parametrize("table", ["jobs", "providers", "workspaces", "linkedServices", "savedSearches"])
def test_table_that_others_have_too_tells_of_no_service(table: str) -> None:
    assert UPDATE_MANAGEMENT in left_out(*({*LOGS, *OBJECTS} - {table}))


@pytest.mark.parametrize("how", ["denied", "partial", "cut", "empty"])
@pytest.mark.parametrize("table", ["resources", "patchassessmentresources"])
def test_update_manager_is_looked_at_where_its_rows_may_be_unseen(table: str, how: str) -> None:
    assert estate(ALONE).without(table, how).kit().not_asked == {}


def test_resource_graph_that_was_never_captured_is_nothing_of_update_manager() -> None:
    assert left_out(*GRAPH) == {UPDATE_MANAGER}
    assert left_out(*PATCHES) == {UPDATE_MANAGER}


@pytest.mark.parametrize("given", [ALONE, SHARED], ids=["alone", "shared"])
@pytest.mark.parametrize("named", [UPDATE_MANAGEMENT, UPDATE_MANAGER])
def test_parameter_decides_whatever_is_there(given: Mapping[str, Any], named: str) -> None:
    other = ({UPDATE_MANAGEMENT, UPDATE_MANAGER} - {named}).pop()
    assert left_out(given=given, services=[named]) == {other}
    assert left_out(*LOGS, *OBJECTS, *GRAPH, given=given, services=[named]) == {other}
    assert left_out(given=given, services=[named, other]) == set()


def test_update_manager_is_decided_from_resource_graph_alone() -> None:
    """What is filled from a frame of both services would wait for the decision that waits for it."""
    for name in deciding_queries():
        assert kql.queries()[name].dialect == "graph"
        assert queries_behind(name) == {name}
    assert TELLING & set(kql.queries()["azure_machines"].tables)
    assert SIGNS


# --- what is left out ------------------------------------------------------------------------------------


def test_estate_of_resource_graph_alone_is_asked_nothing_of_update_management(graph_alone: Kit) -> None:
    of_old = [one for one in judged(graph_alone) if scenarios.scenario(one.scenario).services == OLD]
    assert of_old
    for one in of_old:
        assert one.verdict is Verdict.NOT_ASKED
        assert one.reason == "Not looked at: Update Management (none of its tables was captured)"
        assert (list(one.findings), list(one.queries)) == ([], [])


def test_questions_not_asked_are_one_line_and_no_figure(graph_alone: Kit) -> None:
    diagnoses = [one for one in judged(graph_alone) if scenarios.scenario(one.scenario).services == OLD]
    line = (
        f"Not looked at: {len(diagnoses)} questions of Update Management (none of its tables was captured)."
    )
    assert repr(show.summary(diagnoses, [])) == line
    assert repr(show.next_steps(diagnoses, [], here="overview")) == "No question was asked here."
    outcome = Outcome(index=Path(), asked_at=graph_alone.asked_at, diagnoses=diagnoses)
    assert [outcome.exit_code(on) for on in ("never", "problem", "unknown")] == [0, 3, 0]


def test_chart_of_a_service_that_is_not_looked_at_is_left_out() -> None:
    graph, both = estate(SHARED, *LOGS, *OBJECTS).kit(), estate(SHARED).kit()
    for of_logs in (charts.ingestion_per_hour, charts.heartbeats_per_hour, charts.jobs_at_once):
        assert graph._views.left_out(of_logs).startswith("Not looked at: Update Management (")
        assert both._views.left_out(of_logs) == ""
    for of_both in (
        charts.machine_states,
        charts.run_calendar,
        charts.run_outcomes,
        charts.funnel,
        charts.missing_updates,
        charts.window_minutes,
    ):
        assert graph._views.left_out(of_both) == ""
    assert graph._views.left_out(charts.machine_timeline) == ""
    said = repr(graph.draw(charts.ingestion_per_hour))
    assert said == "Not looked at: Update Management (none of its tables was captured)."


def test_data_health_is_silent_on_a_service_that_is_not_looked_at(tmp_path: Path) -> None:
    rows.write_snapshot(tmp_path, {**SHARED, "not_captured": [*LOGS, *OBJECTS]})
    kit = Kit(from_values({"source": "snapshot", "snapshot": str(tmp_path)}, folder=None))
    try:
        lines = {line.table for line in kit.health()}
    finally:
        kit.close()
    assert not lines & {*LOGS, "jobs", "hybridRunbookWorkers", "linkedServices"}
    assert {"resources", "patchassessmentresources", "providers"} <= lines


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from support import estates

    names: list[str] = []
    fetch = estates._Source.fetch

    def noted(source: Any, query: kql.Query, values: Any) -> Any:
        names.append(query.name)
        return fetch(source, query, values)

    monkeypatch.setattr(estates._Source, "fetch", noted)
    return names


@pytest.mark.parametrize("named", [UPDATE_MANAGEMENT, UPDATE_MANAGER])
def test_nothing_is_fetched_of_a_service_that_is_not_named(named: str, asked: list[str]) -> None:
    kit = estate(SHARED, services=[named]).kit()
    kit.fetch(["onboarding"])
    services = {service_of(kql.queries()[name].tables) for name in asked}
    assert services == {"", named}
    for name, query in kql.queries().items():
        if service_of(query.tables) not in services and not any(
            one.datum for one in query.parameters.values()
        ):
            assert kit.fact(name).whole
            assert kit.fact(name).frame.empty
    assert {service_of(kql.queries()[name].tables) for name in asked} == services


@SOME_OR_ALL
def test_what_is_unseen_of_a_service_that_nobody_looks_at_makes_nothing_unknown(family: str | None) -> None:
    """A reader who may not see patches asks for Update Management alone: six scenarios ask who assesses."""
    refused = estate(ALONE, services=[UPDATE_MANAGEMENT])
    for table in PATCHES:
        refused = refused.without(table, "denied")
    kit = refused.kit()
    assert told(judged(kit, family)) == told(judged(estate(ALONE).kit(), family))
    assert not {service_of(one.tables) for one in kit.rows()} & {UPDATE_MANAGER}


@SOME_OR_ALL
def test_without_patch_tables_the_old_questions_are_answered_as_with_empty_ones(family: str | None) -> None:
    absent = judged(estate(ALONE, *PATCHES).kit(), family)
    assert told(absent) == told(judged(estate(ALONE).kit(), family))
    of_old = {one.verdict for one in absent if scenarios.scenario(one.scenario).services == OLD}
    assert {Verdict.PROBLEM, Verdict.HEALTHY} <= of_old
    assert Verdict.NOT_ASKED not in of_old


@pytest.mark.parametrize("services", [(), (UPDATE_MANAGEMENT, UPDATE_MANAGER), (UPDATE_MANAGEMENT,)])
def test_no_frame_is_derived_twice_where_the_rows_take_no_service_away(services: tuple[str, ...]) -> None:
    kit = estate(SHARED, services=list(services)).kit()
    first = kit._views._undecided
    assert kit._views.answering is first


def test_machine_that_resource_graph_alone_knows_is_there_where_no_rows_are_expected() -> None:
    kit = estate(SHARED, *LOGS, *OBJECTS, computers=["web", "nobody"]).kit()
    with derived_once():
        said = [note for note in kit.notes if note.startswith("computers")]
    assert said == ['computers: no machine is named "nobody".']
    with derived_once():
        assert any(
            "only Resource Graph knows it" in note for note in estate(SHARED, computers=["gone"]).kit().notes
        )


# --- a report, read again --------------------------------------------------------------------------------


def replayed(folder: Path, kit: Kit, **parameters: Any) -> Kit:
    write_facts(folder, kit.rows(), asked_at=kit.asked_at, lookback=kit.lookback, not_asked=kit.not_asked)
    values = {"source": "snapshot", "snapshot": str(folder), "lookback": rows.LOOKBACK}
    return Kit(from_values(values | parameters, folder=None))


@pytest.mark.parametrize("services", [[], [UPDATE_MANAGEMENT], [UPDATE_MANAGER]])
def test_replay_decides_as_its_report_did(tmp_path: Path, services: list[str]) -> None:
    kit = estate(SHARED, services=services).kit()
    before = judged(kit, "quota")
    again = replayed(tmp_path, kit)
    assert again.not_asked == kit.not_asked
    assert told(judged(again, "quota")) == told(before)


def test_replay_cannot_be_asked_of_a_service_that_its_report_left_out(tmp_path: Path) -> None:
    with derived_once():
        kit = estate(SHARED, services=[UPDATE_MANAGER]).kit()
        kit.fetch(["quota"])
        again = replayed(tmp_path, kit, services=[UPDATE_MANAGEMENT])
        unknown = again.diagnosis("cap_ahead")
    assert unknown.verdict is Verdict.UNKNOWN
    assert "the report was made without looking at Update Management: make it again" in unknown.reason


def test_report_of_before_services_is_decided_from_what_it_saw() -> None:
    def decided(*captured: str) -> Mapping[str, str]:
        return Services(given=(), captured=captured, absence="absent").ruled_out

    assert decided("Heartbeat") == {UPDATE_MANAGER: "absent"}
    assert decided("resources", "providers") == {UPDATE_MANAGEMENT: "absent"}
    assert decided("Heartbeat", "resources") == {}


def test_table_that_was_refused_was_captured_and_one_that_was_missing_was_not(tmp_path: Path) -> None:
    given = {"not_captured": [*LOGS[1:], *OBJECTS], "denied": ["resources"]}
    rows.write_snapshot(tmp_path, given)
    snapshot = Snapshot(tmp_path)
    try:
        assert set(snapshot.captured) == {LOGS[0], *GRAPH}
    finally:
        snapshot.close()


# --- scenarios -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("services", [None, (), ["update_management"], ("updates",)])
def test_scenario_without_its_services_is_refused(monkeypatch: pytest.MonkeyPatch, services: object) -> None:
    from umdiag.scenarios.quota import cap_ahead

    monkeypatch.setattr(cap_ahead, "SERVICES", services)
    with pytest.raises(QueryError, match="SERVICES"):
        scenarios._scenario("quota", "cap_ahead", cap_ahead)
