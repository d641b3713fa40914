"""What recorded traffic of the services showed them to do, and what the kit makes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from servers.azure import AzureStandIn
from servers.wire import Request
from support import live_estate as estate
from support import snapshot_rows as rows
from umdiag.model import State, TableHealth
from umdiag.parameters import from_values
from umdiag.report.doctor import examine

APIS = ("monitor", "kusto")
LAW = rows.workspace_id("law-b")


def of_logs(request: Request) -> bool:
    return bool(request.text) and "ResourceGraph" not in request.path


def lines(health: object) -> Mapping[tuple[str, str], TableHealth]:
    return {(line.table, line.scope): line for line in health}  # type: ignore[attr-defined]


# -- one table --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("trouble", "told"),
    [("basic", "the table is on the Basic plan"), ("slow", "the service has a problem (504 GatewayTimeout")],
)
def test_table_that_is_refused_costs_itself_alone(
    azure: AzureStandIn, api: str, trouble: str, told: str
) -> None:
    setattr(azure.logs, trouble, {"law-b": {"Event"}})
    kit = estate.live(azure, workspace_api=api, workspaces=[LAW])
    try:
        beats, scans = kit.fact("heartbeats"), kit.fact("scan_failures")
        health = lines(kit.health())
    finally:
        kit.close()
    assert (beats.state, beats.reason, len(beats.frame)) == (State.COMPLETE, "", 4)
    assert (scans.state, len(scans.frame)) == (State.MISSING, 0)
    assert scans.reason.startswith(f"Event of law-b: {told}")
    assert health["Heartbeat", "law-b"].state is State.COMPLETE
    assert health["Event", "law-b"].state is State.MISSING
    assert told in health["Event", "law-b"].note
    assert "endpoints" not in health["Event", "law-b"].note


def test_doctor_names_the_one_table_that_is_refused(azure: AzureStandIn) -> None:
    azure.logs.basic = {"law-b": {"Event"}}
    seen = {one.what: one for one in examine(from_values(estate.values(azure), folder=None))}
    no = {what: one.told for what, one in seen.items() if not one.ok}
    assert list(no) == ["table Event of law-b"]
    assert "set the table's plan to Analytics" in no["table Event of law-b"]


@pytest.mark.parametrize("api", APIS)
def test_workspace_without_any_table_is_said_once(azure: AzureStandIn, api: str) -> None:
    azure.logs.never_existed = {"law-b": set(azure.logs._rows.tables)}
    kit = estate.live(azure, workspace_api=api)
    try:
        answer = kit.fact("heartbeats")
    finally:
        kit.close()
    assert (answer.state, answer.unseen) == (State.PARTIAL, ("law-b",))
    assert answer.reason == (
        "workspace law-b: it has none of the tables that Update Management writes, "
        "leave the workspace out of workspaces if it never had Update Management"
    )


@pytest.mark.parametrize("api", APIS)
def test_table_that_a_fuzzy_union_leaves_out_takes_nothing_from_the_others(
    azure: AzureStandIn, api: str
) -> None:
    azure.logs.never_existed = {"law-b": {"ConfigurationChange"}}
    kit = estate.live(azure, workspace_api=api, workspaces=[LAW])
    try:
        health = lines(kit.health())
    finally:
        kit.close()
    assert health["Update", "law-b"].state is State.COMPLETE
    assert health["ConfigurationChange", "law-b"].state is State.MISSING


# -- columns that were never there ------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("query", "absent", "lacking"),
    [
        ("needed_packages", {("Update", "OSFullName")}, ""),
        ("assessments", {("Update", "ResourceId")}, ""),
        ("assessments", {("Update", "VMUUID")}, "it never had the column Update.VMUUID"),
        (
            "latest_updates",
            {("Update", "Approved"), ("Update", "PublishedDate")},
            "it never had the column Update.Approved and Update.PublishedDate",
        ),
    ],
)
def test_column_that_a_workspace_never_had_costs_that_column(
    azure: AzureStandIn, api: str, query: str, absent: set[tuple[str, str]], lacking: str
) -> None:
    azure.logs.absent = {"law-a": absent}
    kit = estate.live(azure, workspace_api=api)
    try:
        answer = kit.fact(query)
        whole = estate.live(azure, workspace_api=api)
        azure.logs.absent = {}
        expected = whole.fact(query)
        whole.close()
    finally:
        kit.close()
    assert len(answer.frame) == len(expected.frame) > 0
    assert answer.state is (State.PARTIAL if lacking else State.COMPLETE)
    assert (lacking in answer.reason) if lacking else not answer.reason
    assert answer.unseen == ()
    assert answer.text == expected.text
    first = answer.sent.splitlines()[:3]
    assert first[0] == "// As sent to law-a, where columns are absent:"
    assert first[1] == "let Update_with_all_columns = Update"
    assert all(f"{column} = " in first[2] for _, column in absent)


def test_schema_of_a_table_is_asked_for_once(azure: AzureStandIn) -> None:
    azure.logs.absent = {"law-b": {("Update", "OSFullName"), ("Update", "VMUUID")}}
    kit = estate.live(azure, workspaces=[LAW])
    try:
        for query in ("assessments", "needed_packages", "assessments"):
            kit.fact(query)
    finally:
        kit.close()
    assert len(azure.asked("Update\n| getschema")) == 1
