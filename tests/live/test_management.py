"""Azure Resource Manager over the socket: every page and object, from its own host, in fixed versions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest

from servers.azure import AzureStandIn, changed
from servers.wire import Reply, Request, Wire
from support import live_estate as estate
from support import snapshot_rows as rows
from umdiag.kit import Kit
from umdiag.model import State, Verdict
from umdiag.queries import kql
from umdiag.sources.live.collections import AUTOMATION, COLLECTIONS

PAYLOADS = Path(__file__).parent / "payloads"
ACCOUNT = rows.account_id()
MACHINE_RUNS = "softwareUpdateConfigurationMachineRuns"
OTHER = "77777777-1111-2222-3333-444444444444"


def payload(name: str) -> Any:
    """Return the body of a published example's answer."""
    example = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return example["responses"]["200"]["body"]


@pytest.fixture
def kit(azure: AzureStandIn) -> Iterator[Kit]:
    opened = estate.live(azure)
    yield opened
    opened.close()


def below(end: str, skip: str | None = None) -> Callable[[Request], bool]:
    """Match GETs whose path ends so, of one page if given ("" is the first)."""

    def matches(request: Request) -> bool:
        ends = request.method == "GET" and request.path.lower().endswith(end.lower())
        return ends and skip in (None, request.query.get("$skip", ""))

    return matches


def asked(azure: AzureStandIn, end: str) -> list[Request]:
    return [one for one in azure.wire.requests if below(end)(one)]


def refused(status: int, code: str = "Refused") -> Reply:
    return Reply(status=status, content={"error": {"code": code, "message": f"said {code}"}})


JOB = {"status": "New", "creationTime": rows.ASKED_AT.isoformat()}


def machine_run(number: int) -> dict[str, Any]:
    properties = {"correlationId": "r", "status": "Succeeded", "targetComputer": f"m{number}"}
    return {"id": f"{ACCOUNT}/{MACHINE_RUNS}/{number}", "name": str(number), "properties": properties}


def pages(azure: AzureStandIn, *links: str) -> None:
    """Answer with one machine run a page; the last link is the first page's, and so on."""
    for number, link in enumerate((*links, "")):
        content = {"value": [machine_run(number)], "nextLink": link or None}
        azure.fault(below(f"/{MACHINE_RUNS}", str(number) if number else ""), Reply(content=content))


# -- pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [MACHINE_RUNS, "softwareUpdateConfigurationRuns", "jobs"])
def test_next_page_is_read_whatever_collection_its_link_names(
    azure: AzureStandIn, kit: Kit, table: str
) -> None:
    base = f"{azure.wire.address}{ACCOUNT}/{table}?api-version=2015-01-01-preview&_=17"
    pages(azure, f"{base}&$skip=1", f"{base}&$skip=2")
    answer = kit.fact("machine_runs")
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert list(answer.frame["target"]) == ["m0", "m1", "m2"]
    sent = asked(azure, f"/{MACHINE_RUNS}")
    assert [one.query.get("$skip") for one in sent] == [None, "1", "2"]
    assert {one.query["api-version"] for one in sent} == {AUTOMATION}
    assert sent[1].query["_"] == "17"
    assert not asked(azure, "/jobs")


def test_place_in_a_list_is_sent_as_the_link_has_it(azure: AzureStandIn, kit: Kit) -> None:
    pages(azure, f"{azure.wire.address}{ACCOUNT}/{MACHINE_RUNS}?$skiptoken=a%2Bb%26c%3D%3D&$skip=1")
    assert kit.fact("machine_runs").state is State.COMPLETE
    first, second = asked(azure, f"/{MACHINE_RUNS}")
    assert second.query["$skiptoken"] == "a+b&c=="
    assert second.query["$filter"] == first.query["$filter"]


def test_hundreds_of_objects_come_in_the_services_own_pages(tmp_path: Path, azure: AzureStandIn) -> None:
    made = [{"id": f"{ACCOUNT}/jobs/{n}", "name": str(n), "properties": JOB} for n in range(250)]
    given = {"workspaces": {"law-a": {}}, "rows": {"jobs": made}}
    rows.write_snapshot(tmp_path / "snapshot", given)
    with AzureStandIn(tmp_path / "snapshot", tmp_path) as other:
        kit = estate.live(other)
        answer = kit.fact("automation_jobs")
        kit.close()
        assert len(asked(other, "/jobs")) == 3
    assert answer.state is State.COMPLETE
    assert sorted(answer.frame["name"]) == sorted(str(n) for n in range(250))


def test_what_the_newest_failed_jobs_failed_of_is_read_from_each(tmp_path: Path, azure: AzureStandIn) -> None:
    failed = {"status": "Failed", "runbook": {"name": "r"}, "exception": "no such module"}
    made = [
        {
            "id": f"{ACCOUNT}/jobs/{n}",
            "name": str(n),
            "properties": failed | {"creationTime": f"2024-03-{14 - n // 24:02d}T{23 - n % 24:02d}:00:00Z"},
        }
        for n in range(203)
    ]
    made.append({"id": f"{ACCOUNT}/jobs/new", "name": "new", "properties": JOB})
    rows.write_snapshot(tmp_path / "snapshot", {"workspaces": {"law-a": {}}, "rows": {"jobs": made}})
    with AzureStandIn(tmp_path / "snapshot", tmp_path) as other:
        other.fault(below("/jobs/3"), refused(403))
        kit = estate.live(other)
        answer = kit.fact("automation_jobs")
        kit.close()
        read = [one.path for one in other.wire.requests if "/jobs/" in one.path.lower()]
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, 204)
    assert len(set(read)) == 200
    silent = answer.frame[answer.frame["exception"] == ""]
    assert set(silent["name"]) == {"3", "200", "201", "202", "new"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Wire]:
    """A server that must hear nothing."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with Wire(folder, lambda _: Reply(content={"value": [machine_run(66)]})) as wire:
        yield wire


LINKS: Mapping[str, str] = {
    "another host": "https://localhost:{theirs}{path}",
    "another port": "https://127.0.0.1:{theirs}{path}",
    "no port": "https://127.0.0.1{path}",
    "http": "http://127.0.0.1:{ours}{path}",
    "a user": "https://someone:pass-word@127.0.0.1:{ours}{path}",
    "our host as user": "https://127.0.0.1%3A{ours}@localhost:{theirs}{path}",
    "no scheme": "//localhost:{theirs}{path}",
    "a path": "{path}",
    "half an address": "https://[::1{path}",
    "port that is none": "https://127.0.0.1:port{path}",
    "a file": "file:///etc/passwd",
}


@pytest.mark.parametrize("link", LINKS)
def test_next_page_elsewhere_is_not_asked_for_and_told(
    azure: AzureStandIn, kit: Kit, elsewhere: Wire, link: str
) -> None:
    ours, theirs = urlsplit(azure.wire.address).port, urlsplit(elsewhere.address).port
    path = f"{ACCOUNT}/{MACHINE_RUNS}?api-version={AUTOMATION}&$skip=1"
    pages(azure, LINKS[link].format(ours=ours, theirs=theirs, path=path))
    answer = kit.fact("machine_runs")
    assert (answer.state, list(answer.frame["target"])) == (State.PARTIAL, ["m0"])
    assert f"{MACHINE_RUNS} of aa is not complete: the next page is on another host" in answer.reason
    assert "is not requested" in answer.reason
    assert "pass-word" not in answer.reason
    assert not elsewhere.requests
    assert len(asked(azure, f"/{MACHINE_RUNS}")) == 1


def test_link_to_its_own_page_ends_and_is_told(azure: AzureStandIn, kit: Kit) -> None:
    link = f"{azure.wire.address}{ACCOUNT}/{MACHINE_RUNS}?$skip=1"
    pages(azure, link, link)
    answer = kit.fact("machine_runs")
    assert (answer.state, list(answer.frame["target"])) == (State.PARTIAL, ["m0", "m1"])
    assert "a page repeats itself after 2 objects, run again later" in answer.reason
    assert len(asked(azure, f"/{MACHINE_RUNS}")) == 2


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (refused(500), "after 1 objects the service has a problem"),
        (refused(403), "after 1 objects access was refused"),
        (Reply(content={"value": None}), "after 1 objects came an answer that holds none"),
        (Reply(content=["x"]), "after 1 objects came an answer that holds none"),
    ],
)
def test_later_page_that_fails_leaves_what_came(
    azure: AzureStandIn, kit: Kit, reply: Reply, told: str
) -> None:
    azure.fault(below(f"/{MACHINE_RUNS}", "1"), reply)
    pages(azure, f"{azure.wire.address}{ACCOUNT}/{MACHINE_RUNS}?$skip=1")
    answer = kit.fact("machine_runs")
    assert (answer.state, list(answer.frame["target"])) == (State.PARTIAL, ["m0"])
    assert told in answer.reason


def test_nothing_is_healthy_that_needs_a_page_that_did_not_come(azure: AzureStandIn, kit: Kit) -> None:
    more = changed(lambda page: page | {"nextLink": "https://elsewhere.example/next"})
    azure.fault(below("/softwareUpdateConfigurations"), more)
    found = rows.diagnose(kit, "cross_tenant_target")
    assert found.verdict is Verdict.UNKNOWN
    assert "the next page is on another host" in found.reason


# -- whole objects ----------------------------------------------------------------------------------------


def test_objects_that_a_list_shortens_are_read_one_by_one(azure: AzureStandIn, kit: Kit) -> None:
    answer = kit.fact("update_configurations")
    assert answer.state is State.COMPLETE
    assert sorted(answer.frame["name"]) == sorted(estate.GIVEN["deployments"])
    # Lists do not tell of the schedule.
    assert list(answer.frame["enabled"]) == [True] * 3
    for name in estate.GIVEN["deployments"]:
        assert len(asked(azure, f"/softwareUpdateConfigurations/{name}")) == 1


@pytest.mark.parametrize("status", [403, 404, 500])
def test_object_that_is_refused_stands_as_listed_and_is_told(
    azure: AzureStandIn, kit: Kit, status: int
) -> None:
    azure.fault(below("/softwareUpdateConfigurations/by-name"), refused(status))
    answer = kit.fact("update_configurations")
    assert answer.state is State.PARTIAL
    assert "softwareUpdateConfigurations of by-name is not complete: " in answer.reason
    enabled = dict(zip(answer.frame["name"], answer.frame["enabled"], strict=True))
    assert enabled.pop("by-name") is pd.NA
    assert list(enabled.values()) == [True, True]
    assert rows.diagnose(kit, "cross_tenant_target").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "id_", [".elsewhere.example/x", "@elsewhere.example/x", "https://elsewhere.example/x", 7]
)
def test_id_that_would_lead_elsewhere_is_not_followed(azure: AzureStandIn, kit: Kit, id_: Any) -> None:
    listed = Reply(content={"value": [{"id": id_, "name": "odd", "properties": {}}]})
    azure.fault(below("/softwareUpdateConfigurations"), listed)
    azure.fault(below("/hybridRunbookWorkerGroups"), listed)
    answer = kit.fact("update_configurations")
    assert (answer.state, list(answer.frame["name"])) == (State.PARTIAL, ["odd"])
    assert "an object has an id that is not a path" in answer.reason
    workers = kit.fact("workers")
    assert (workers.state, len(workers.frame)) == (State.MISSING, 0)
    assert "an object has an id that is not a path" in workers.reason


def test_objects_below_others_are_read_for_each(azure: AzureStandIn, kit: Kit) -> None:
    groups, workers = kit.fact("worker_groups"), kit.fact("workers")
    assert workers.state is State.COMPLETE
    assert set(workers.frame["group_name"]) == set(groups.frame["name"])
    assert len(asked(azure, "/hybridRunbookWorkers")) == len(groups.frame)


def test_one_group_of_workers_that_is_refused_is_told(azure: AzureStandIn, kit: Kit) -> None:
    (first, *others) = kit.fact("worker_groups").frame["name"]
    azure.fault(below(f"/{first}/hybridRunbookWorkers"), refused(403))
    answer = kit.fact("workers")
    assert answer.state is State.PARTIAL
    assert f"hybridRunbookWorkers of {first}: access was refused" in answer.reason
    assert set(answer.frame["group_name"]) == set(others)


# -- the retired service ----------------------------------------------------------------------------------


def test_runs_are_filtered_by_time_and_all_other_lists_are_not(azure: AzureStandIn, kit: Kit) -> None:
    for name in ("update_runs", "machine_runs", "automation_jobs", "worker_groups"):
        kit.fact(name)
    filters = {one.path.rpartition("/")[2]: one.query.get("$filter") for one in azure.asked(ACCOUNT)}
    since = "properties/startTime ge 2024-03-11T10:00:00Z"
    assert filters == {
        "softwareUpdateConfigurationRuns": since,
        MACHINE_RUNS: since,
        "jobs": None,
        "hybridRunbookWorkerGroups": None,
    }


@pytest.mark.parametrize("name", ["update_runs", "machine_runs"])
def test_filter_that_is_refused_is_left_out(azure: AzureStandIn, kit: Kit, name: str) -> None:
    azure.fault(lambda one: "$filter" in one.query, refused(400, "BadRequest"))
    answer = kit.fact(name)
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert len(answer.frame) == {"update_runs": 4, "machine_runs": 7}[name]
    assert ["$filter" in one.query for one in azure.asked("Runs")] == [True, False]


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(
    "name",
    ["update_configurations", "update_runs", "machine_runs", "worker_groups", "workers", "automation_jobs"],
)
def test_retired_service_that_gives_no_answer_is_named(
    azure: AzureStandIn, kit: Kit, name: str, status: int
) -> None:
    azure.fault(lambda one: one.path.startswith(ACCOUNT), refused(status, "Gone"))
    answer = kit.fact(name)
    assert (answer.state, len(answer.frame)) == (State.MISSING, 0)
    assert "the retired service gave no answer (" in answer.reason
    assert "endpoints" not in answer.reason
    assert f"{status} Gone" in answer.reason
    assert "check " in answer.reason


def test_empty_lists_of_the_retired_service_are_an_answer(azure: AzureStandIn, kit: Kit) -> None:
    azure.fault(lambda one: one.path.startswith(ACCOUNT), Reply(content={"value": []}))
    for name in ("update_configurations", "update_runs", "machine_runs", "workers", "automation_jobs"):
        answer = kit.fact(name)
        assert (answer.state, len(answer.frame)) == (State.COMPLETE, 0)


def test_other_services_are_not_called_retired(azure: AzureStandIn, kit: Kit) -> None:
    azure.fault(below("/workspaces/law-a"), refused(404))
    azure.fault(below("/linkedServices"), refused(404))
    for name in ("workspace_settings", "linked_accounts"):
        assert "nothing is there (404" in kit.fact(name).reason
        assert "retired" not in kit.fact(name).reason


# -- scopes -----------------------------------------------------------------------------------------------


def test_workspace_that_is_refused_is_unseen_and_the_others_whole(azure: AzureStandIn, kit: Kit) -> None:
    azure.management.denied.append(rows.workspace_id("law-b"))
    answer = kit.fact("workspace_settings")
    assert (answer.state, answer.unseen) == (State.PARTIAL, ("law-b",))
    assert sorted(answer.frame["name"]) == ["law-a", "law-c"]
    assert kit.seen("workspace_settings").whole
    assert answer.reason.startswith("workspaces of law-b: access was refused (403 AuthorizationFailed")
    assert re.search(r"have Reader on \S*law-b assigned to you", answer.reason)
    # Of a list nobody knows what it would have held.
    linked = kit.fact("linked_accounts")
    assert (linked.state, linked.unseen) == (State.PARTIAL, ())
    assert not kit.seen("linked_accounts").whole


def test_all_workspaces_refused_is_denied(azure: AzureStandIn, kit: Kit) -> None:
    azure.management.denied.append(rows.workspace_id("law"))
    answer = kit.fact("workspace_settings")
    assert (answer.state, answer.unseen, len(answer.frame)) == (State.DENIED, (), 0)
    for name in estate.WORKSPACES:
        assert f"workspaces of {name}: " in answer.reason


def aims_at_another(whole: Any) -> Any:
    machines = [f"/subscriptions/{OTHER}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"]
    update = whole["properties"]["updateConfiguration"] | {"azureVirtualMachines": machines}
    return whole | {"properties": whole["properties"] | {"updateConfiguration": update}}


@pytest.fixture
def aiming(azure: AzureStandIn, kit: Kit) -> Kit:
    """A deployment aims at a machine of a subscription that the parameters do not name."""
    azure.fault(below("/softwareUpdateConfigurations/by-name"), changed(aims_at_another))
    return kit


@pytest.mark.parametrize("status", [403, 404])
def test_subscription_that_only_a_deployment_aims_at_may_be_unseen(
    azure: AzureStandIn, aiming: Kit, status: int
) -> None:
    azure.fault(lambda one: one.path.startswith(f"/subscriptions/{OTHER}/"), refused(status))
    answer = aiming.fact("provider_registrations")
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert set(answer.frame["subscription_id"]) == {rows.identifier("main")}
    assert len(asked(azure, f"/subscriptions/{OTHER}/providers")) == 1


def test_subscription_that_a_deployment_aims_at_is_read_where_it_can_be(
    azure: AzureStandIn, aiming: Kit
) -> None:
    said = {"namespace": "Microsoft.Automation", "registrationState": "NotRegistered"}
    listed = Reply(content={"value": [said]})
    azure.fault(lambda one: one.path.startswith(f"/subscriptions/{OTHER}/"), listed)
    answer = aiming.fact("provider_registrations")
    states = dict(zip(answer.frame["subscription_id"], answer.frame["registration_state"], strict=True))
    assert states == {rows.identifier("main"): "Registered", OTHER: "NotRegistered"}


def test_subscription_that_a_deployment_aims_at_and_breaks_is_told(azure: AzureStandIn, aiming: Kit) -> None:
    azure.fault(lambda one: one.path.startswith(f"/subscriptions/{OTHER}/"), refused(500))
    answer = aiming.fact("provider_registrations")
    assert answer.state is State.PARTIAL
    assert f"providers of {OTHER}: the service has a problem" in answer.reason


def test_subscription_that_was_named_and_refused_is_told(azure: AzureStandIn, kit: Kit) -> None:
    azure.fault(below("/providers"), refused(403))
    answer = kit.fact("provider_registrations")
    assert (answer.state, len(answer.frame)) == (State.DENIED, 0)


# -- resource providers -----------------------------------------------------------------------------------

NAMESPACES = COLLECTIONS["providers"].namespaces


def provider(namespace: str, **more: Any) -> dict[str, Any]:
    return {"namespace": namespace, "registrationState": "Registered", **more}


def test_providers_of_a_subscription_cost_one_request(azure: AzureStandIn, kit: Kit) -> None:
    listed = [provider(name) for name in ("Microsoft.Storage", *NAMESPACES)]
    azure.fault(below("/providers"), Reply(content={"value": listed}))
    answer = kit.fact("provider_registrations")
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert sorted(answer.frame["namespace"]) == sorted(NAMESPACES)
    assert set(answer.frame["subscription_id"]) == {rows.identifier("main")}
    assert answer.frame["id"].is_unique
    (sent,) = asked(azure, "/providers")
    assert sent.query["$select"] == "namespace,registrationState"


def test_query_of_providers_asks_for_those_that_are_read() -> None:
    text = kql.queries()["provider_registrations"].text
    assert {*re.findall(r'"(Microsoft\.\w+)"', text)} == {*NAMESPACES}


def test_providers_are_read_whole_where_the_service_takes_no_selection(azure: AzureStandIn, kit: Kit) -> None:
    azure.fault(lambda one: "$select" in one.query, refused(400, "InvalidQueryParameter"))
    answer = kit.fact("provider_registrations")
    assert (answer.state, set(answer.frame["registration_state"])) == (State.COMPLETE, {"Registered"})
    assert ["$select" in one.query for one in asked(azure, "/providers")] == [True, False]


def test_providers_come_in_pages_too(azure: AzureStandIn, kit: Kit) -> None:
    for number, name in enumerate(NAMESPACES):
        link = f"{azure.wire.address}/subscriptions/{OTHER}/providers?$skip={number + 1}"
        page = {"value": [provider(name)], "nextLink": link if name != NAMESPACES[-1] else None}
        azure.fault(below("/providers", str(number or "")), Reply(content=page))
    answer = kit.fact("provider_registrations")
    assert (answer.state, sorted(answer.frame["namespace"])) == (State.COMPLETE, sorted(NAMESPACES))
    assert {one.query["$select"] for one in asked(azure, "/providers")} == {"namespace,registrationState"}
    assert not asked(azure, f"/subscriptions/{OTHER}/providers")


def test_published_provider_is_read_though_the_list_was_not_shortened(azure: AzureStandIn, kit: Kit) -> None:
    published = payload("resources_GetProvider")
    fat = published | {"Namespace": "MICROSOFT.COMPUTE"}
    del fat["namespace"]
    azure.fault(below("/providers"), Reply(content={"value": [published, fat]}))
    (found,) = kit.fact("provider_registrations").frame.to_dict("records")
    assert found["namespace"] == "MICROSOFT.COMPUTE"
    assert found["registration_state"] == "Registering"
    assert found["subscription_id"] == rows.identifier("main")


def test_subscription_that_lists_no_provider_takes_nothing_from_the_others(azure: AzureStandIn) -> None:
    kit = estate.live(azure, subscriptions=[rows.identifier("main"), OTHER])
    answer = kit.fact("provider_registrations")
    kit.close()
    assert (answer.state, answer.unseen) == (State.PARTIAL, (OTHER,))
    assert set(answer.frame["subscription_id"]) == {rows.identifier("main")}
    assert f"providers of {OTHER}: nothing is there (404 SubscriptionNotFound" in answer.reason


def test_providers_are_read_of_each_subscription_below_a_management_group(azure: AzureStandIn) -> None:
    main = rows.identifier("main")
    azure.management.groups["mg"] = [main]
    kit = estate.live(azure, subscriptions=["/providers/Microsoft.Management/managementGroups/mg"])
    answer = kit.fact("provider_registrations")
    kit.close()
    assert (answer.state, set(answer.frame["subscription_id"])) == (State.COMPLETE, {main})


def test_management_group_whose_subscriptions_nobody_tells_is_told(azure: AzureStandIn) -> None:
    azure.fault("ResourceGraph", refused(403))
    kit = estate.live(azure, subscriptions=["/providers/Microsoft.Management/managementGroups/mg"])
    answer = kit.fact("provider_registrations")
    kit.close()
    assert (answer.state, len(answer.frame)) == (State.DENIED, 0)
    assert "providers of the management groups: access was refused" in answer.reason


# -- what is not given ------------------------------------------------------------------------------------


def test_without_an_account_nothing_of_it_is_asked_for(azure: AzureStandIn) -> None:
    kit = estate.live(azure, automation_account="")
    answer = kit.fact("update_runs")
    kit.close()
    assert answer.state is State.MISSING
    assert "automation_account is not given, name it in the parameters" in answer.reason
    assert not azure.asked("automationAccounts")


# -- versions ---------------------------------------------------------------------------------------------


def collection_of(path: str) -> str:
    """Return the collection that a path belongs to, by its last words."""
    *_, before, last = path.split("/")
    names = {name.lower(): name for name in COLLECTIONS}
    return names.get(last.lower()) or names[before.lower()]


def test_every_request_names_the_version_that_is_declared(azure: AzureStandIn, kit: Kit) -> None:
    for query in kql.queries().values():
        if query.dialect == "arm":
            assert kit.fact(query.name).state is State.COMPLETE
    kit.kql("savedSearches | count")
    kit.kql("permissions | count")
    sent = [one for one in azure.wire.requests if one.method == "GET"]
    assert {collection_of(one.path) for one in sent} == set(COLLECTIONS)
    for one in sent:
        assert one.query["api-version"] == COLLECTIONS[collection_of(one.path)].version, one.path
    assert not azure.wire.refused


def test_every_object_is_asked_for_once(azure: AzureStandIn, kit: Kit) -> None:
    for _ in range(2):
        for name in (
            "update_configurations",
            "machine_runs",
            "failed_machine_runs",
            "provider_registrations",
        ):
            kit.fact(name)
    paths = [one.path for one in azure.wire.requests if one.method == "GET"]
    assert len(paths) == len(set(paths))


# -- the publisher's own examples -------------------------------------------------------------------------

LISTED: Mapping[str, tuple[str, str]] = {
    "automation_listFailedSoftwareUpdateConfigurationRuns": (
        "softwareUpdateConfigurationRuns",
        "/softwareUpdateConfigurationRuns",
    ),
    "automation_listSoftwareUpdateConfigurationMachineRuns": (MACHINE_RUNS, f"/{MACHINE_RUNS}"),
    "automation_listSoftwareUpdateConfigurations": (
        "softwareUpdateConfigurations",
        "/softwareUpdateConfigurations",
    ),
    "automation_listHybridRunbookWorkerGroup": ("hybridRunbookWorkerGroups", "/hybridRunbookWorkerGroups"),
    "automation_listJobsByAutomationAccount": ("jobs", "/jobs"),
    "operationalinsights_LinkedServicesListByWorkspace": ("linkedServices", "/linkedServices"),
    "operationalinsights_SavedSearchesListByWorkspace": ("savedSearches", "/savedSearches"),
    "operationalinsights_WorkspacesGet": ("workspaces", "/workspaces/law-a"),
}


@pytest.fixture
def small(azure: AzureStandIn) -> Iterator[Kit]:
    """The kit on one workspace."""
    opened = estate.live(azure, workspaces=[rows.workspace_id("law-a")])
    yield opened
    opened.close()


def assert_table_holds(kit: Kit, table: str, objects: list[Mapping[str, Any]]) -> None:
    columns = kql.tables()["arm"][table]
    frame = kit.kql(f"{table} | project {', '.join(columns)}")
    found = [
        {
            name: value
            for name, value in row.items()
            if isinstance(value, (dict, list)) or value not in ("", None)
        }
        for row in frame.to_dict("records")
    ]
    expected = [
        {name: value for name, value in one.items() if name in columns and value is not None}
        for one in objects
    ]
    assert found == expected


@pytest.mark.parametrize("name", LISTED)
def test_published_example_is_read_without_loss(azure: AzureStandIn, small: Kit, name: str) -> None:
    table, end = LISTED[name]
    body = payload(name)
    azure.fault(below(end), Reply(content=body))
    assert_table_holds(small, table, body.get("value", [body]))


def test_published_deployment_takes_the_place_of_its_entry_in_the_list(
    azure: AzureStandIn, small: Kit
) -> None:
    whole = payload("automation_getSoftwareUpdateConfigurationByName")
    listed = {"id": whole["id"], "name": whole["name"], "properties": {"frequency": "Week"}}
    azure.fault(below("/softwareUpdateConfigurations"), Reply(content={"value": [listed]}))
    azure.fault(below(whole["id"]), Reply(content=whole))
    assert_table_holds(small, "softwareUpdateConfigurations", [whole])
    answer = small.fact("update_configurations")
    assert answer.state is State.COMPLETE
    (found,) = answer.frame.to_dict("records")
    update = whole["properties"]["updateConfiguration"]
    assert found["azure_machines"] == update["azureVirtualMachines"]
    assert found["azure_queries"] == update["targets"]["azureQueries"]
    assert found["windows"] == update["windows"]
    assert (found["enabled"], found["frequency"], found["duration"]) == (True, "Week", "PT2H")
    assert found["created"] == pd.Timestamp("2017-10-19T18:54:50.523333Z")


def test_published_worker_is_read_below_its_group(azure: AzureStandIn, small: Kit) -> None:
    groups = payload("automation_listHybridRunbookWorkerGroup")
    worker = payload("automation_getHybridRunbookWorker")
    azure.fault(below("/hybridRunbookWorkerGroups"), Reply(content=groups))
    azure.fault(below(f"{groups['value'][0]['id']}/hybridRunbookWorkers"), Reply(content={"value": [worker]}))
    assert_table_holds(small, "hybridRunbookWorkers", [worker])
    (found,) = small.fact("workers").frame.to_dict("records")
    assert (found["group_name"], found["worker_type"]) == ("TestHybridGroup", "HybridV2")
    assert found["last_seen"] == pd.Timestamp("2018-04-24T16:30:55Z")


def test_published_machine_runs_have_empty_jobs_and_errors(azure: AzureStandIn, small: Kit) -> None:
    body = payload("automation_listSoftwareUpdateConfigurationMachineRuns")
    azure.fault(below(f"/{MACHINE_RUNS}"), Reply(content=body))
    answer = small.fact("machine_runs")
    assert list(answer.frame["job_id"]) == [""] * len(body["value"])
    assert list(answer.frame["error_code"]) == [""] * len(body["value"])
    assert set(answer.frame["duration"]) == {"PT2H"}
    # Its next page lies at the publisher's own host, which is not ours here.
    assert answer.state is State.PARTIAL


def test_published_next_link_is_followed_within_the_collection(azure: AzureStandIn, small: Kit) -> None:
    body = payload("automation_listSoftwareUpdateConfigurationMachineRuns")
    link = body["nextLink"].replace("https://management.azure.com:443", azure.wire.address)
    assert "/softwareUpdateConfigurationRuns?" in link
    azure.fault(below(f"/{MACHINE_RUNS}", ""), Reply(content=body | {"nextLink": link}))
    azure.fault(below(f"/{MACHINE_RUNS}", "100"), Reply(content={"value": [machine_run(3)]}))
    answer = small.fact("machine_runs")
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, len(body["value"]) + 1)
    assert not asked(azure, "/softwareUpdateConfigurationRuns")


def test_published_failed_runs_may_count_no_failure(azure: AzureStandIn, small: Kit) -> None:
    body = payload("automation_listFailedSoftwareUpdateConfigurationRuns")
    azure.fault(below("/softwareUpdateConfigurationRuns"), Reply(content=body | {"nextLink": None}))
    answer = small.fact("update_runs")
    assert answer.state is State.COMPLETE
    assert list(answer.frame["status"]) == ["Failed", "Failed"]
    assert list(answer.frame["failed_count"]) == [0, 0]


def test_published_workspace_without_a_cap_has_none(azure: AzureStandIn, small: Kit) -> None:
    body = payload("operationalinsights_WorkspacesGet")
    azure.fault(below("/workspaces/law-a"), Reply(content=body))
    (found,) = small.fact("workspace_settings").frame.to_dict("records")
    assert (found["customer_id"], found["retention_days"]) == (body["properties"]["customerId"], 30)
    assert pd.isna(found["daily_cap_gb"])
    assert pd.isna(found["next_reset"])


def test_names_of_properties_are_read_in_whatever_case_they_come(azure: AzureStandIn, small: Kit) -> None:
    (example,) = payload("operationalinsights_SavedSearchesListByWorkspace")["value"]
    titled = {name.title(): value for name, value in example.items()}
    azure.fault(below("/savedSearches"), Reply(content={"value": [titled]}))
    assert_table_holds(small, "savedSearches", [example])
    found = small.kql("savedSearches | project category = tostring(properties.Category)")
    assert list(found["category"]) == [" Saved Search Test Category"]
