"""Live, nothing is asked of a service that is not looked at; an estate may have no workspace at all."""

from __future__ import annotations

from typing import Any

import pytest

from servers.azure import AzureStandIn
from servers.wire import Reply
from support import live_estate as estate
from umdiag.model import UPDATE_MANAGEMENT, UPDATE_MANAGER, State, Verdict
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.report.doctor import examine
from umdiag.report.plan import plan
from umdiag.scenarios import scenario

PATCHES = "patchassessmentresources"
#: An estate without a workspace, and one whose workspaces are not to be looked at.
WITHOUT_LOGS: list[Any] = [
    pytest.param({"workspaces": [], "automation_account": ""}, id="no workspace"),
    pytest.param({"services": [UPDATE_MANAGER]}, id="not named"),
]


def asked_of_logs(azure: AzureStandIn) -> list[str]:
    """Return the requests to workspaces and to the Automation account."""
    return [
        one.path
        for one in azure.wire.requests
        if any(
            part in one.path.lower()
            for part in ("/v1/workspaces/", "operationalinsights", "automationaccounts")
        )
    ]


@pytest.mark.parametrize("given", WITHOUT_LOGS)
def test_estate_without_logs_asks_resource_graph_alone(azure: AzureStandIn, given: dict[str, Any]) -> None:
    with estate.looked_at(azure, **given) as kit:
        diagnoses = kit.diagnoses()
        lines = kit.health()
        facts = [kit.fact(name) for name in ("heartbeats", "workers", "azure_machines")]
    assert UPDATE_MANAGEMENT in kit.not_asked
    of_old = [one for one in diagnoses if scenario(one.scenario).services == (UPDATE_MANAGEMENT,)]
    assert {one.verdict for one in of_old} == {Verdict.NOT_ASKED}
    assert asked_of_logs(azure) == []
    assert azure.asked("ResourceGraph")
    assert {line.scope for line in lines} == {"Resource Graph", "Azure Resource Manager"}
    assert [(one.state, len(one.frame) > 0) for one in facts] == [
        (State.COMPLETE, False), (State.COMPLETE, False), (State.COMPLETE, True),
    ]  # fmt: skip


def test_estate_without_a_workspace_says_so_once(azure: AzureStandIn) -> None:
    kit = estate.live(azure, workspaces=[], automation_account="")
    said = {one.reason for one in kit.diagnoses("quota")}
    kit.close()
    why = "neither workspaces nor automation_account is given"
    assert said == {f"Not looked at: Update Management ({why})"}


def test_update_manager_is_not_asked_for_where_it_is_not_named(azure: AzureStandIn) -> None:
    kit = estate.live(azure, services=[UPDATE_MANAGEMENT])
    assert set(kit.not_asked) == {UPDATE_MANAGER}
    assert kit.fact("patch_assessments").whole
    assert kit.frame("configurations").empty
    kit.close()
    assert not any(PATCHES in one.text for one in azure.asked("ResourceGraph"))


def test_refused_patch_rows_make_update_manager_looked_at(azure: AzureStandIn) -> None:
    refused = Reply(status=403, content={"error": {"code": "AuthorizationFailed", "message": "no"}})
    azure.fault(lambda one: PATCHES in one.text, refused)
    kit = estate.live(azure)
    assert kit.not_asked == {}
    kit.close()


def test_account_without_a_workspace_makes_what_rows_tell_unknown(azure: AzureStandIn) -> None:
    kit = estate.live(azure, workspaces=[])
    unknown = kit.diagnosis("workspace_over_quota")
    kit.close()
    assert unknown.verdict is Verdict.UNKNOWN
    assert "no workspace is given, name it in workspaces" in unknown.reason


@pytest.mark.parametrize("given", WITHOUT_LOGS)
def test_doctor_tries_what_is_looked_at(azure: AzureStandIn, given: dict[str, Any]) -> None:
    lines = {one.what: one for one in examine(from_values(estate.values(azure, **given), folder=None))}
    assert all(one.ok for one in lines.values())
    assert f"Resource Graph, table {PATCHES}" in lines
    assert not any("workspace" in what or "automation account" in what for what in lines)
    assert asked_of_logs(azure) == []


def test_doctor_does_not_try_update_manager_where_it_is_not_named(azure: AzureStandIn) -> None:
    given = from_values(estate.values(azure, services=[UPDATE_MANAGEMENT]), folder=None)
    assert not any(PATCHES in one.what for one in examine(given))


@pytest.mark.parametrize("given", WITHOUT_LOGS)
@pytest.mark.parametrize("estimate", [False, True])
def test_dry_run_prints_what_is_looked_at(azure: AzureStandIn, given: dict[str, Any], estimate: bool) -> None:
    printed = "\n".join(plan(from_values(estate.values(azure, **given), folder=None), estimate=estimate))
    for name, query in kql.queries().items():
        assert (f"\n// {name}: " in printed) == (query.dialect == "graph" or "providers" in query.tables), (
            name
        )
    assert not azure.wire.requests
