"""Azure Update Manager live: no workspace, no account, every row of its tables, and what a role may hide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from servers import errors
from servers.azure import AzureStandIn, changed
from servers.wire import Reply, Request
from support import live_estate as estate
from support import snapshot_rows as rows
from support.thinning import one_in
from umdiag.errors import QueryError
from umdiag.kit import Kit
from umdiag.model import Reach, State, TableHealth, Verdict
from umdiag.parameters import Parameters, from_values
from umdiag.queries import kql
from umdiag.report.doctor import examine
from umdiag.report.plan import plan
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.collections import COLLECTIONS
from umdiag.sources.live.hidden import HIDDEN, operations_of
from umdiag.sources.live.parts import Window
from umdiag.sources.live.plan import addresses
from umdiag.sources.live.reach import reach
from umdiag.sources.live.target import Target
from umdiag.sources.opening import target_of
from umdiag.sources.snapshot import Snapshot

MAIN = rows.identifier("main")
GROUP = f"/subscriptions/{MAIN}/resourceGroups/rg"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web01"
ARC = f"{GROUP}/providers/Microsoft.HybridCompute/machines/ARC01"
NIGHTLY = f"{GROUP}/providers/Microsoft.Maintenance/maintenanceConfigurations/nightly"
RUN = f"{NIGHTLY}/providers/Microsoft.Maintenance/applyUpdates/20240314220000"
VMS, ARCS = "microsoft.compute/virtualmachines", "microsoft.hybridcompute/machines"
PERIODIC = "bd876905-5b84-4f73-ab2d-2e7a7c4568d9"
#: What only the retired service writes, and what is asked of every machine either way.
OLD = tuple(query for query in kql.queries().values() if query.dialect == "logs")
GRAPH = tuple(name for name, query in kql.queries().items() if query.dialect == "graph")
NEW = tuple(name for name in GRAPH if operations_of(name))


def row(id_: str, type_: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": id_.rpartition("/")[2],
        "type": type_,
        "subscriptionId": MAIN,
        "properties": properties,
    }


def patch(result: str, number: int, kind: str, **properties: Any) -> dict[str, Any]:
    about = {"patchName": f"update {number}", "classifications": ["Security"], **properties}
    return row(f"{result}/softwarePatches/{number}", f"{kind}/softwarepatches", **about)


def given() -> Mapping[str, Any]:
    """Return an estate of Update Manager alone: a VM and an Arc machine, patched by one schedule."""
    latest = {machine: f"{machine}/patchAssessmentResults/latest" for machine in (VM, ARC)}
    installed = f"{VM}/patchInstallationResults/{rows.identifier('installation')}"
    settings = {"assessmentMode": "AutomaticByPlatform", "patchMode": "AutomaticByPlatform"}
    windows = {"windowsConfiguration": {"patchSettings": settings, "provisionVMAgent": True}}
    tables: dict[str, list[dict[str, Any]]] = {
        "resources": [
            row(VM, VMS, osProfile=windows, vmId=rows.identifier("web01")),
            row(ARC, ARCS, status="Connected", osType="linux"),
            row(NIGHTLY, "microsoft.maintenance/maintenanceconfigurations", maintenanceScope="InGuestPatch"),
            row(f"{VM}/extensions/p", f"{VMS}/extensions", type="WindowsPatchExtension"),
        ],
        "resourcecontainers": [row(f"/subscriptions/{MAIN}", "microsoft.resources/subscriptions")],
        "resourcechanges": [
            row(
                f"{resource}/providers/Microsoft.Resources/changes/1",
                "microsoft.resources/changes",
                targetResourceId=resource,
                changeType="Update",
                changeAttributes={
                    "timestamp": "2024-03-14T09:00:00.1234567Z",
                    "changedBy": "ops@contoso.com",
                },
            )
            for resource in (NIGHTLY, VM)
        ],
        "patchassessmentresources": [
            row(latest[VM], f"{VMS}/patchassessmentresults", status="Succeeded", rebootPending="true"),
            row(latest[ARC], f"{ARCS}/patchassessmentresults", status="Failed"),
            *(patch(latest[VM], number, f"{VMS}/patchassessmentresults") for number in (1, 2)),
            patch(latest[ARC], 3, f"{ARCS}/patchassessmentresults", version="1.2"),
        ],
        "patchinstallationresources": [
            row(installed, f"{VMS}/patchinstallationresults", status="Failed", maintenanceRunId=RUN),
            patch(installed, 1, f"{VMS}/patchinstallationresults", installationState="Failed"),
        ],
        "maintenanceresources": [
            row(
                f"{VM}/providers/Microsoft.Maintenance/configurationAssignments/a",
                "microsoft.maintenance/configurationassignments",
                maintenanceConfigurationId=NIGHTLY,
            ),
            row(RUN, "microsoft.maintenance/maintenanceconfigurations/applyupdates", correlationId=RUN),
            row(f"{RUN}/1", "microsoft.maintenance/applyupdates", correlationId=RUN, resourceId=VM.lower()),
        ],
        "policyresources": [
            row(
                f"{VM}/providers/Microsoft.PolicyInsights/policyStates/1",
                "microsoft.policyinsights/policystates",
                policyDefinitionId=f"/providers/Microsoft.Authorization/policyDefinitions/{PERIODIC}",
                complianceState="NonCompliant",
            )
        ],
        "providers": [
            {
                "id": f"/subscriptions/{MAIN}/providers/{name}",
                "namespace": name,
                "registrationState": "Registered",
            }
            for name in COLLECTIONS["providers"].namespaces
        ],
        "permissions": [{"id": f"/subscriptions/{MAIN}", "actions": ["*/read"], "notActions": []}],
    }
    subscriptions = {"main": {"visible": False, "registration": "", "maintenance": "", "compute": ""}}
    return {"workspaces": {}, "subscriptions": subscriptions, "rows": tables}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("update-manager")
    rows.write_snapshot(made, given())
    return made


@pytest.fixture(scope="module")
def _served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureStandIn]:
    with AzureStandIn(folder, tmp_path_factory.mktemp("served")) as azure:
        yield azure


@pytest.fixture
def azure(_served: AzureStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureStandIn]:
    _served.restore()
    monkeypatch.setenv("UMDIAG_ACCESS_TOKEN", _served.wire.token)
    yield _served
    _served.restore()


@pytest.fixture(scope="module")
def offline(folder: Path) -> Iterator[Snapshot]:
    opened = Snapshot(folder)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def expected(offline: Snapshot) -> Callable[[str], list[str]]:
    """What the snapshot answers to each query, asked once."""
    return cache(lambda name: records(fact(offline, name).frame))


def parameters(azure: AzureStandIn, **others: Any) -> Parameters:
    """Return parameters that name a subscription and nothing else."""
    values = estate.values(azure, workspaces=[], automation_account="", **others)
    return from_values(values, folder=None)


def target(azure: AzureStandIn, **others: Any) -> Target:
    return replace(target_of(parameters(azure)), **others)


@pytest.fixture
def source(azure: AzureStandIn) -> Iterator[Azure]:
    opened = Azure(target(azure), limits=estate.HASTY)
    opened.look_at(rows.ASKED_AT, timedelta(days=3))
    yield opened
    opened.close()


def fact(source: Azure | Snapshot, name: str) -> Any:
    return source.fetch(kql.queries()[name], {})


def records(frame: pd.DataFrame) -> list[str]:
    return sorted(map(str, frame.to_dict("records")))


def of_graph(request: Request) -> bool:
    return "ResourceGraph" in request.path


# -- an estate without workspaces -------------------------------------------------------------------------


@pytest.mark.parametrize("name", one_in(2, [*GRAPH, "provider_registrations"]))
def test_every_row_comes_as_offline(source: Azure, expected: Callable[[str], list[str]], name: str) -> None:
    answer = fact(source, name)
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert records(answer.frame) == expected(name)
    assert len(answer.frame)


def test_nothing_of_workspaces_or_accounts_is_asked_for(azure: AzureStandIn, source: Azure) -> None:
    for query in kql.queries().values():
        if query.name in GRAPH or query.name == "provider_registrations":
            continue
        answer = source.fetch(query, {})
        assert (answer.state, len(answer.frame)) == (State.MISSING, 0), query.name
        assert " is not given, name it in the parameters" in answer.reason or "workspaces" in answer.reason
    assert not [one for one in azure.wire.requests if not of_graph(one)]


def test_the_newest_row_of_an_estate_without_workspaces_is_the_present(source: Azure) -> None:
    assert source.clock() <= source.newest() <= source.clock()


def test_a_free_question_without_workspaces_is_refused(source: Azure) -> None:
    with pytest.raises(QueryError, match="workspaces"):
        source.kql("Heartbeat | count")
    assert len(source.kql("providers | where namespace =~ 'microsoft.maintenance'")) == 1


@pytest.mark.parametrize("estimate", [False, True])
def test_a_dry_run_without_workspaces_sends_nothing(azure: AzureStandIn, estimate: bool) -> None:
    printed = list(plan(parameters(azure, asked_at="latest"), estimate=estimate))
    names = {block.split(":")[0].removeprefix("\n// ") for block in printed if block.startswith("\n// ")}
    assert {*GRAPH, "provider_registrations"} <= names
    assert not names & {query.name for query in OLD}
    assert "volumes" not in names
    assert printed[0].endswith("queries; nothing is sent.")
    assert (
        "An estimate covers what is read in workspaces, and the parameters name none." in printed
    ) == estimate
    assert not azure.wire.requests


def test_the_kit_judges_an_estate_without_workspaces(azure: AzureStandIn) -> None:
    kit = Kit(parameters(azure, asked_at="latest"))
    try:
        verdicts = estate.verdicts(kit)
        assert not [note for note in kit.notes if "newest row" in note]
        assert {line.scope for line in kit.health()} == {"Resource Graph", "Azure Resource Manager"}
    finally:
        kit.close()
    assert verdicts["workspace_over_quota"] is Verdict.NOT_ASKED
    assert not [one for one in azure.wire.requests if "operationalinsights" in one.path.lower()]
    assert not azure.wire.refused


def test_a_dry_run_without_workspaces_names_what_is_not_asked(azure: AzureStandIn) -> None:
    window = Window(asked_at=rows.ASKED_AT, lookback=timedelta(days=3))
    lines = {query.name: list(addresses(target(azure), query, window)) for query in kql.queries().values()}
    assert lines["heartbeats"] == ["nothing: workspaces is not given"]
    assert lines["workspace_settings"] == ["nothing: workspaces is not given"]
    assert lines["workers"] == ["nothing: automation_account is not given"]
    assert lines["update_runs"] == ["nothing: automation_account is not given"]
    listed = f"/subscriptions/{MAIN}/providers?api-version=2022-09-01&$select=namespace,registrationState"
    assert lines["provider_registrations"] == [f"GET {azure.wire.address}{listed}"]
    for name in GRAPH:
        assert lines[name][1] == f"  for subscription {MAIN}"


def test_a_dry_run_names_the_subscriptions_of_management_groups(azure: AzureStandIn) -> None:
    window = Window(asked_at=rows.ASKED_AT, lookback=timedelta(days=3))
    query = kql.queries()["provider_registrations"]
    grouped = target(azure, subscriptions=(), management_groups=("mg",))
    (line,) = addresses(grouped, query, window)
    assert "/subscriptions/<each of management group mg>/providers?" in line


def examined(source: Azure) -> dict[str, Reach]:
    lines = list(reach(source))
    assert len({one.what for one in lines}) == len(lines)
    return {one.what: one for one in lines}


def refused(source: Azure) -> dict[str, str]:
    return {one.what: one.told for one in examined(source).values() if not one.ok}


def test_doctor_is_content_without_workspaces(source: Azure) -> None:
    lines = examined(source)
    assert not refused(source)
    assert lines[f"providers of {MAIN}"].told == "can be read"
    assert lines["Resource Graph, table policyresources"].told == "1 row"
    assert lines["patch rows"].told == "7 rows can be seen"
    assert lines["maintenance rows"].told == "3 rows can be seen"
    assert lines["policy rows"].told == "1 row can be seen"


def test_doctor_needs_a_subscription_alone(azure: AzureStandIn) -> None:
    lines = list(examine(parameters(azure, asked_at="latest")))
    assert lines[0].what == "sign-in"
    assert all(one.ok for one in lines)


def test_doctor_misses_the_workspaces_of_an_account(azure: AzureStandIn) -> None:
    source = Azure(replace(target(azure), automation_account=rows.account_id()), limits=estate.HASTY)
    no = refused(source)
    source.close()
    assert no["workspaces"].startswith("name them in workspaces, else ")


def test_doctor_takes_a_selection_that_is_refused_for_no_fault(azure: AzureStandIn, source: Azure) -> None:
    azure.fault(lambda one: "$select" in one.query, errors.error(400, "BadRequest", "no"))
    assert not refused(source)


# -- rows that a role does not show -----------------------------------------------------------------------

TABLES = {hidden.name: hidden.tables for hidden in HIDDEN}
READER_OF_MACHINES = [
    "Microsoft.Resources/*/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.HybridCompute/machines/read",
]


def grant(azure: AzureStandIn, *actions: str) -> None:
    sets = {"value": [{"actions": [*READER_OF_MACHINES, *actions], "notActions": []}]}
    path = f"/subscriptions/{MAIN}/providers/Microsoft.Authorization/permissions"
    azure.fault(lambda one: one.path == path, changed(lambda good: sets))


def hide(azure: AzureStandIn, *kinds: str) -> None:
    azure.management.hidden = {table for kind in kinds for table in TABLES[kind]}


def test_kinds_of_hidden_rows_cover_every_table_that_machines_do_not_lie_in() -> None:
    assert sorted(table for tables in TABLES.values() for table in tables) == sorted(
        set(kql.tables()["graph"]) - {"resources", "resourcecontainers", "resourcechanges"}
    )
    asked = {name for name in GRAPH for kind in HIDDEN if {*kql.queries()[name].tables} & {*kind.tables}}
    assert asked <= set(NEW)


@pytest.mark.parametrize("kind", TABLES)
def test_doctor_names_the_rows_that_a_role_does_not_show_and_what_it_lacks(
    azure: AzureStandIn, source: Azure, kind: str
) -> None:
    grant(azure)
    hide(azure, *TABLES)
    no = refused(source)
    assert set(no) == set(TABLES)
    assert no[kind].startswith(f"machines are seen, {kind} are not: have a role with Microsoft.")
    assert no[kind].endswith(f" on /subscriptions/{MAIN} assigned to you")
    (hidden,) = (one for one in HIDDEN if one.name == kind)
    for operation in hidden.every_operation:
        assert operation in no[kind]


def test_doctor_names_only_the_operations_that_lack(azure: AzureStandIn, source: Azure) -> None:
    grant(azure, "Microsoft.Compute/*/read", "Microsoft.Maintenance/*", "Microsoft.PolicyInsights/*/read")
    (told,) = refused(source).values()
    assert told.startswith("patch rows are not seen in every subscription: ")
    assert "Microsoft.HybridCompute/machines/patchAssessmentResults/read" in told
    assert "Microsoft.Compute" not in told


def test_doctor_says_what_else_no_row_may_mean_where_rights_suffice(
    azure: AzureStandIn, source: Azure
) -> None:
    hide(azure, *TABLES)
    lines = examined(source)
    for kind in TABLES:
        assert lines[kind].ok
        assert lines[kind].told.startswith(
            f"machines are seen, {kind} are not, though your permissions are sufficient: "
        )
        assert "Azure Lighthouse" in lines[kind].told


def test_doctor_doubts_rows_where_nobody_tells_the_rights(azure: AzureStandIn, source: Azure) -> None:
    azure.management.denied = [f"/subscriptions/{MAIN}/providers/Microsoft.Authorization"]
    hide(azure, "patch rows")
    no = refused(source)
    assert set(no) == {"patch rows", f"permissions on subscription {MAIN}"}
    assert no["patch rows"].startswith("machines are seen, patch rows are not: have a role with ")


def test_doctor_says_once_that_machines_may_not_be_read(azure: AzureStandIn, source: Azure) -> None:
    path = f"/subscriptions/{MAIN}/providers/Microsoft.Authorization/permissions"
    azure.fault(lambda one: one.path == path, changed(lambda good: {"value": []}))
    assert set(refused(source)) == {f"permissions on subscription {MAIN}"}


@pytest.mark.parametrize("name", NEW)
def test_rows_that_a_role_does_not_show_are_told_with_what_it_lacks(
    azure: AzureStandIn, source: Azure, name: str
) -> None:
    grant(azure)
    azure.management.hidden = {*kql.queries()[name].tables}
    answer = fact(source, name)
    assert (answer.state, len(answer.frame)) == (State.PARTIAL, 0)
    assert f"rows of subscription {MAIN} cannot be seen, have a role with " in answer.reason
    for operation in operations_of(name):
        assert operation in answer.reason
    assert "assigned to you" in answer.reason


@pytest.mark.parametrize("name", NEW)
def test_rows_that_came_need_no_right(azure: AzureStandIn, source: Azure, name: str) -> None:
    grant(azure)
    answer = fact(source, name)
    assert (answer.state, answer.reason) == (State.COMPLETE, "")


@pytest.mark.parametrize("name", ["azure_machines", "patch_extensions", "subscriptions"])
def test_machines_are_whole_to_who_may_read_machines(azure: AzureStandIn, source: Azure, name: str) -> None:
    grant(azure)
    hide(azure, *TABLES)
    assert fact(source, name).state is State.COMPLETE


def health(source: Azure) -> dict[str, TableHealth]:
    for name in GRAPH:
        fact(source, name)
    return {line.table: line for line in source.health()}


def test_data_health_tells_of_machines_without_rows(azure: AzureStandIn, source: Azure) -> None:
    hide(azure, *TABLES)
    lines = health(source)
    for kind, tables in TABLES.items():
        for table in tables:
            assert lines[table].state is State.EMPTY
            assert lines[table].note.startswith(f"machines are seen, {kind} are not: ")
    assert (lines["resources"].state, lines["resources"].note) == (State.COMPLETE, "")


def test_data_health_names_the_rights_that_lack(azure: AzureStandIn, source: Azure) -> None:
    grant(azure)
    hide(azure, "policy rows")
    lines = health(source)
    assert lines["policyresources"].state is State.PARTIAL
    assert "policyStates/queryResults/read" in lines["policyresources"].note
    assert lines["patchassessmentresources"].state is State.COMPLETE


def test_data_health_of_rows_that_are_there_has_no_note(source: Azure) -> None:
    lines = health(source)
    for tables in TABLES.values():
        for table in tables:
            assert (lines[table].state, lines[table].note) == (State.COMPLETE, "")


# -- faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", one_in(2, ["provider_registrations", *GRAPH]))
def test_faults_that_pass_cost_no_row(
    azure: AzureStandIn, source: Azure, expected: Callable[[str], list[str]], name: str
) -> None:
    azure.fault(of_graph, errors.graph_throttled(quick=True), times=1)
    azure.fault(lambda one: True, lambda good: Reply(body=good.sent, close_after=40, reset=True), times=2)
    azure.fault(lambda one: True, errors.error(503, "ServiceUnavailable", "busy"), times=1)
    answer = fact(source, name)
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert records(answer.frame) == expected(name)


@pytest.mark.parametrize("name", GRAPH)
def test_a_table_that_is_not_known_is_told(azure: AzureStandIn, source: Azure, name: str) -> None:
    (table, *_) = kql.queries()[name].tables
    said = f"Table {table} is invalid, unsupported or disallowed."
    unknown = errors.graph_error(400, "BadRequest", "Please", "DisallowedLogicalTableName", said)
    azure.fault(lambda one: of_graph(one) and table in one.text, unknown)
    answer = fact(source, name)
    assert (answer.state, len(answer.frame)) == (State.MISSING, 0)
    assert answer.reason.startswith(f"{table} in Resource Graph: ")
    assert "DisallowedLogicalTableName" in answer.reason


def test_quota_is_waited_for_between_pages_of_patches(azure: AzureStandIn, source: Azure) -> None:
    azure.management.made["patchassessmentresources"] = (2500, needed)
    azure.management.quota = 2
    answer = fact(source, "needed_patches")
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, 2500)
    pages = [one for one in azure.asked("ResourceGraph") if "softwarepatches" in one.text]
    assert [one.status for one in pages] == [200, 200, 200]
    assert pages[2].began - pages[0].began > 0.9  # of a slow machine the first two may lie apart


def needed(number: int) -> Mapping[str, Any]:
    """Return what `needed_patches` projects of an update."""
    told = dict.fromkeys(kql.queries()["needed_patches"].columns, "x")
    id_ = f"{VM}/patchAssessmentResults/latest/softwarePatches/{number}"
    return told | {"id": id_, "classifications": ["Security"], "published": "2024-03-12T17:00:00Z"}


# -- a snapshot of the same tables ------------------------------------------------------------------------


def test_data_health_of_a_snapshot_knows_every_table(offline: Snapshot) -> None:
    lines = {line.table: line for line in offline.health()}
    for table in kql.tables()["graph"]:
        assert lines[table].state is State.COMPLETE, table
        assert lines[table].rows
