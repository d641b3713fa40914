"""Resource Graph over the socket: every page by its token, every row once, and told where some lack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from servers.azure import AzureStandIn, changed
from servers.wire import Reply, Request
from support import live_estate as estate
from support import snapshot_rows as rows
from support.thinning import one_in
from umdiag.judging.services import deciding_queries
from umdiag.kit import Kit
from umdiag.model import UPDATE_MANAGER, State, Verdict
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.queries.belonging import service_of
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.visibility import Visibility
from umdiag.sources.opening import target_of

PAYLOADS = Path(__file__).parent / "payloads"
GRAPH = {query.name: query for query in kql.queries().values() if query.dialect == "graph"}
MAIN = rows.identifier("main")
GROUP = "/providers/Microsoft.Management/managementGroups/"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def of_graph(request: Request) -> bool:
    return request.path == "/providers/Microsoft.ResourceGraph/resources"


def is_later_page(request: Request) -> bool:
    return of_graph(request) and "$skipToken" in request.content["options"]


def subscription(number: int) -> Mapping[str, Any]:
    """Return one of many rows of `resourcecontainers`; the first is the subscription of the estate."""
    id_ = f"{number:08d}-0000-0000-0000-000000000000" if number else MAIN
    return {
        "id": f"/subscriptions/{id_}",
        "subscription_id": id_,
        "name": f"s{number}",
        "container_type": "microsoft.resources/subscriptions",
        "tenant_id": rows.TENANT,
    }


@pytest.fixture(autouse=True)
def all_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether rows are left out in silence is asked once for all queries (test_vendor_traffic)."""
    monkeypatch.setattr(Visibility, "gaps", lambda self: [])


@pytest.fixture
def kit(azure: AzureStandIn) -> Iterator[Kit]:
    """The kit before 2,500 subscriptions."""
    azure.management.made["resourcecontainers"] = (2500, subscription)
    opened = estate.live(azure)
    yield opened
    opened.close()


@pytest.fixture
def source(azure: AzureStandIn) -> Iterator[Azure]:
    """The source alone, which takes any query."""
    opened = Azure(target_of(from_values(estate.values(azure), folder=None)))
    yield opened
    opened.close()


def sent(azure: AzureStandIn) -> list[Any]:
    return [one.content for one in azure.wire.requests if of_graph(one)]


# -- pages ------------------------------------------------------------------------------------------------


def test_pages_are_asked_for_by_token_and_every_row_comes_once(azure: AzureStandIn, kit: Kit) -> None:
    answer = kit.fact("subscriptions")
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    assert list(answer.frame["name"]) == [f"s{number}" for number in range(2500)]
    pages = [one["options"] for one in sent(azure)]
    assert ["$skipToken" in one for one in pages] == [False, True, True]
    assert all(one["$top"] == 1000 and one["resultFormat"] == "objectArray" for one in pages)
    assert not any("$skip" in one for one in pages)
    assert len({one.get("$skipToken") for one in pages}) == 3


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2000, 2)])
def test_no_page_is_asked_for_after_the_last(azure: AzureStandIn, kit: Kit, count: int, pages: int) -> None:
    azure.management.made["resourcecontainers"] = (count, subscription)
    answer = kit.fact("subscriptions")
    assert (answer.state, len(answer.frame), len(sent(azure))) == (State.COMPLETE, count, pages)


@pytest.mark.parametrize("name", GRAPH)
def test_every_query_can_be_paged(name: str) -> None:
    """Without `id` in its rows the service gives no token; without an order pages may share rows."""
    query = GRAPH[name]
    lines = query.text.strip().splitlines()
    assert next(iter(query.columns)) == "id"
    assert re.search(r"^\| project\s+id,[^|]*\n\| order by id asc$", "\n".join(lines), re.MULTILINE)
    assert not query.parameters


#: The estate is none of Update Manager's: of its tables only those are asked that decide this.
ASKED = [
    name
    for name, query in GRAPH.items()
    if service_of(query.tables) != UPDATE_MANAGER or name in deciding_queries()
]


@pytest.mark.parametrize("name", ASKED)
def test_every_query_is_sent_as_it_stands_in_its_file(azure: AzureStandIn, kit: Kit, name: str) -> None:
    assert kit.fact(name).state is State.COMPLETE
    # Whether Update Manager is looked at asks for more: the machines.
    text = GRAPH[name].text
    (asked,) = [one for one in sent(azure) if one["query"] == text and "$skipToken" not in one["options"]]
    assert asked["subscriptions"] == [MAIN]


def test_version_and_kind_of_content_are_named(azure: AzureStandIn, kit: Kit) -> None:
    kit.fact("subscriptions")
    asked = azure.asked("ResourceGraph")
    assert asked
    for one in asked:
        assert one.query == {"api-version": "2021-03-01"}
        assert one.headers["content-type"].startswith("application/json")


# -- rows that are missing --------------------------------------------------------------------------------


def without_token(page: Any) -> Any:
    return {name: value for name, value in page.items() if name != "$skipToken"}


def refused(status: int, code: str = "said", **headers: str) -> Reply:
    return Reply(status=status, content={"error": {"code": code, "message": "no"}}, headers=headers)


LOSSES: Mapping[str, tuple[Callable[[Request], bool], Any, int, str]] = {
    "token repeats": (
        of_graph,
        changed(lambda page: page | {"$skipToken": "MTAwMA=="}),
        2000,
        "a page repeats itself after 2,000 of 2500 rows",
    ),
    "truncated without a token": (
        of_graph,
        changed(without_token),
        1000,
        "rows are missing after 1,000 of 2500 rows",
    ),
    "truncated, as a truth value": (
        of_graph,
        changed(lambda page: without_token(page) | {"resultTruncated": True}),
        1000,
        "rows are missing after 1,000 of 2500 rows",
    ),
    "no token and no word": (
        of_graph,
        changed(lambda page: without_token(page) | {"resultTruncated": "false"}),
        1000,
        "only 1,000 of 2500 rows came",
    ),
    "later page broken for good": (is_later_page, refused(500), 1000, "after 1,000 rows the service has"),
    "later page refused": (is_later_page, refused(403), 1000, "after 1,000 rows access was refused"),
    "later page is no page": (is_later_page, Reply(content=[]), 1000, "after 1,000 rows the answer holds no"),
    "later page holds no rows": (
        is_later_page,
        changed(lambda page: page | {"data": ["a row"]}),
        1000,
        "holds something other than rows",
    ),
    "not every subscription searched": (
        of_graph,
        lambda good: Reply(content=good.content, headers={"x-ms-tenant-subscription-limit-hit": "true"}),
        2500,
        "not every subscription was searched",
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_rows_that_are_missing_are_told_and_the_others_kept(azure: AzureStandIn, kit: Kit, loss: str) -> None:
    matches, answer, kept, reason = LOSSES[loss]
    azure.fault(matches, answer)
    found = kit.fact("subscriptions")
    assert found.state is State.PARTIAL
    assert len(found.frame) == kept
    assert found.reason.startswith("resourcecontainers in Resource Graph is not complete: ")
    assert reason in found.reason
    assert len(sent(azure)) < 20


@pytest.mark.parametrize("loss", LOSSES)
def test_nothing_is_healthy_that_needs_the_rows_that_are_missing(
    azure: AzureStandIn, kit: Kit, loss: str
) -> None:
    matches, answer, _, reason = LOSSES[loss]
    azure.fault(matches, answer)
    found = rows.diagnose(kit, "cross_tenant_target")
    assert found.verdict is Verdict.UNKNOWN
    assert reason in found.reason


def test_with_all_rows_it_is_healthy(kit: Kit) -> None:
    assert rows.diagnose(kit, "cross_tenant_target").verdict is Verdict.HEALTHY


@pytest.mark.parametrize("count", [0, 7, 2500])
def test_count_of_the_service_is_compared_with_what_came(azure: AzureStandIn, kit: Kit, count: int) -> None:
    azure.management.made["resourcecontainers"] = (count, subscription)
    azure.management.total_shift = 3
    answer = kit.fact("subscriptions")
    assert (answer.state, len(answer.frame)) == (State.PARTIAL, count)
    assert f"only {count:,} of {count + 3} rows came, run again later" in answer.reason


def test_more_rows_than_counted_are_no_loss(azure: AzureStandIn, kit: Kit) -> None:
    """Machines may be made while pages are asked for."""
    azure.management.total_shift = -3
    answer = kit.fact("subscriptions")
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, 2500)


def test_page_that_fails_for_a_moment_costs_no_row(azure: AzureStandIn, kit: Kit) -> None:
    azure.fault(is_later_page, lambda good: Reply(body=good.sent, close_after=100, reset=True), times=2)
    answer = kit.fact("subscriptions")
    assert (answer.state, answer.frame["id"].nunique(), len(answer.frame)) == (State.COMPLETE, 2500, 2500)


SHAPES: Mapping[str, Any] = {
    "rows are null": {"data": None},
    "rows are a text": {"data": "none"},
    "count is a word": {"totalRecords": "many", "resultTruncated": "false"},
    "table without columns": {"data": {"columns": None, "rows": []}},
    "columns without names": {"data": {"columns": [{"type": "string"}], "rows": []}},
    "columns that are texts": {"data": {"columns": ["id"], "rows": []}},
    "table without rows": {"data": {"columns": [], "rows": None}},
    "columns of something else": {"data": {"columns": [{"name": "x", "type": "int"}], "rows": [[1]]}},
    "rows of another length": {"data": {"columns": [{"name": n} for n in subscription(0)], "rows": [["a"]]}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_answer_of_another_shape_is_none(azure: AzureStandIn, kit: Kit, shape: str) -> None:
    azure.fault(of_graph, changed(lambda page: without_token(page) | SHAPES[shape]))
    answer = kit.fact("subscriptions")
    assert (answer.state, len(answer.frame)) == (State.MISSING, 0)
    assert "check that endpoints name the service itself" in answer.reason


# -- quota ------------------------------------------------------------------------------------------------


def test_quota_that_is_used_up_is_waited_for(azure: AzureStandIn, kit: Kit) -> None:
    """No answer says 429: the header that tells of no quota left is obeyed before."""
    azure.management.quota = 2
    answer = kit.fact("subscriptions")
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, 2500)
    asked = azure.asked("ResourceGraph")
    assert [one.status for one in asked] == [200, 200, 200]
    assert asked[2].began - asked[1].ended > 0.9


def test_refusal_for_too_many_requests_is_waited_out_as_its_headers_say(
    azure: AzureStandIn, kit: Kit
) -> None:
    headers = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:01"}
    throttled = Reply(status=429, content=payload("resourcegraph_rate_limiting"), headers=headers)
    azure.fault(of_graph, throttled, times=1)
    assert kit.fact("azure_machines").state is State.COMPLETE
    first, second = azure.asked("ResourceGraph")
    assert second.began - first.ended > 0.9


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": "1"}])
def test_refusal_for_too_many_requests_passes(
    azure: AzureStandIn, kit: Kit, headers: Mapping[str, str]
) -> None:
    azure.fault(of_graph, refused(429, "RateLimiting", **headers), times=2)
    answer = kit.fact("subscriptions")
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, 2500)
    asked = azure.asked("ResourceGraph")
    assert [one.status for one in asked] == [429, 429, 200, 200, 200]
    assert asked[1].began - asked[0].ended >= float(headers.get("Retry-After", 0))


def test_throttling_that_does_not_end_is_told_in_the_services_words(azure: AzureStandIn, kit: Kit) -> None:
    azure.fault(of_graph, Reply(status=429, content=payload("resourcegraph_rate_limiting")))
    answer = kit.fact("subscriptions")
    assert answer.state is State.MISSING
    assert "too many requests (429 RateLimiting Client application has been throttled" in answer.reason
    assert "run again later" in answer.reason
    assert len(sent(azure)) == estate.HASTY.attempts


# -- scopes -----------------------------------------------------------------------------------------------


@pytest.fixture
def wide(azure: AzureStandIn) -> Iterator[Kit]:
    """The kit on 600 subscriptions."""
    named = [MAIN, *(str(subscription(number)["subscription_id"]) for number in range(1, 600))]
    opened = estate.live(azure, subscriptions=named)
    yield opened
    opened.close()


def test_many_subscriptions_are_asked_for_in_groups(azure: AzureStandIn, wide: Kit) -> None:
    answer = wide.fact("azure_machines")
    assert answer.state is State.COMPLETE
    groups = [one["subscriptions"] for one in sent(azure)]
    assert [len(one) for one in groups] == [250, 250, 100]
    assert len({id_ for group in groups for id_ in group}) == 600
    assert sorted(answer.frame["name"]) == sorted(estate.GIVEN["machines"])


def test_row_that_several_groups_bring_stands_once(azure: AzureStandIn, wide: Kit) -> None:
    azure.management.made["resourcecontainers"] = (1500, subscription)
    answer = wide.fact("subscriptions")
    assert len(sent(azure)) == 6
    assert (answer.state, len(answer.frame), answer.frame["id"].is_unique) == (State.COMPLETE, 1500, True)


def in_second_group(request: Request) -> bool:
    return of_graph(request) and subscription(300)["subscription_id"] in request.content["subscriptions"]


def test_group_that_is_refused_takes_nothing_from_the_others(azure: AzureStandIn, wide: Kit) -> None:
    azure.fault(in_second_group, refused(403, "AuthorizationFailed"))
    answer = wide.fact("azure_machines")
    assert answer.state is State.PARTIAL
    assert len(answer.frame) == len(estate.GIVEN["machines"])
    assert "access was refused" in answer.reason
    assert "have Reader on the subscriptions assigned to you" in answer.reason


@pytest.mark.parametrize(("status", "state"), [(403, State.DENIED), (500, State.MISSING)])
def test_all_groups_refused_is_told_as_one_would_be(
    azure: AzureStandIn, wide: Kit, status: int, state: State
) -> None:
    azure.fault(of_graph, refused(status))
    answer = wide.fact("azure_machines")
    assert (answer.state, len(answer.frame)) == (state, 0)


def test_management_group_stands_for_all_subscriptions_below(azure: AzureStandIn) -> None:
    azure.management.groups["mg.prod"] = [MAIN]
    kit = estate.live(azure, subscriptions=[f"{GROUP}mg.prod"])
    answer = kit.fact("azure_machines")
    assert answer.state is State.COMPLETE
    assert sorted(answer.frame["name"]) == sorted(estate.GIVEN["machines"])
    (asked,) = sent(azure)
    assert asked["managementGroups"] == ["mg.prod"]
    assert "subscriptions" not in asked
    kit.close()


def test_management_groups_and_subscriptions_are_never_in_one_request(azure: AzureStandIn) -> None:
    azure.management.groups |= {"one": [MAIN], "two": []}
    kit = estate.live(azure, subscriptions=[f"{GROUP}one", MAIN, f"{GROUP}two"])
    answer = kit.fact("azure_machines")
    assert sorted(answer.frame["name"]) == sorted(estate.GIVEN["machines"])
    scopes = [
        {name: one[name] for name in ("subscriptions", "managementGroups") if name in one}
        for one in sent(azure)
    ]
    assert scopes == [{"subscriptions": [MAIN]}, {"managementGroups": ["one", "two"]}]
    kit.close()


def test_management_group_that_cannot_be_seen_makes_the_answer_partial(azure: AzureStandIn) -> None:
    kit = estate.live(azure, subscriptions=[MAIN, f"{GROUP}secret"])
    azure.fault(lambda one: of_graph(one) and "managementGroups" in one.content, refused(403))
    answer = kit.fact("subscriptions")
    assert answer.state is State.PARTIAL
    assert set(answer.frame["subscription_id"]) == {MAIN}
    assert rows.diagnose(kit, "cross_tenant_target").verdict is Verdict.UNKNOWN
    kit.close()


def test_subscription_that_is_not_asked_for_gives_no_row(azure: AzureStandIn) -> None:
    kit = estate.live(azure, subscriptions=[str(subscription(1)["subscription_id"])])
    answer = kit.fact("azure_machines")
    assert (answer.state, len(answer.frame)) == (State.COMPLETE, 0)
    kit.close()


# -- the publisher's own examples -------------------------------------------------------------------------


def as_table(page: Any, names: list[str]) -> Any:
    """Return a page of these columns as a table; pages of other queries stay as they are."""
    if page["data"] and set(page["data"][0]) != set(names):
        return page
    columns = [{"name": name, "type": "string"} for name in names]
    return page | {
        "data": {"columns": columns, "rows": [[row[name] for name in names] for row in page["data"]]}
    }


@pytest.mark.parametrize("name", one_in(3, GRAPH))
def test_table_format_is_read_as_the_same_rows(azure: AzureStandIn, kit: Kit, name: str) -> None:
    expected = kit.fact(name).frame
    azure.fault(of_graph, changed(lambda page: as_table(page, list(GRAPH[name].columns)[::-1])))
    other = estate.live(azure)
    answer = other.fact(name)
    other.close()
    assert answer.state is State.COMPLETE
    assert list(map(str, answer.frame.to_dict("records"))) == list(map(str, expected.to_dict("records")))


def question(columns: list[str], text: str) -> kql.Query:
    """Return a query of these columns, whatever their names."""
    return replace(GRAPH["subscriptions"], columns=dict.fromkeys(columns, "string"), text=text)


@pytest.mark.parametrize("form", ["table", "objectArray"])
def test_published_formats_are_read(azure: AzureStandIn, source: Azure, form: str) -> None:
    azure.fault(of_graph, Reply(content=payload("resourcegraph_formats")[form]))
    query = question(["name", "type", "location", "subscriptionId"], "resources")
    frame, cuts = source.graph.ask(query, query.text)
    assert frame.to_dict("records") == [
        {
            "name": "veryscaryvm2-nsg",
            "type": "microsoft.network/networksecuritygroups",
            "location": "eastus",
            "subscriptionId": "11111111-1111-1111-1111-111111111111",
        }
    ]
    assert cuts == ["rows are missing after 1 of 47 rows, the service gives no next page"]


def test_published_next_page_is_read_and_its_token_sent_back(azure: AzureStandIn, source: Azure) -> None:
    example = payload("resourcegraph_next_page")
    page = example["responses"]["200"]["body"]
    azure.fault(lambda one: of_graph(one) and not is_later_page(one), Reply(content=page))
    last = without_token(page) | {"data": [], "count": 0, "totalRecords": 3}
    azure.fault(is_later_page, Reply(content=last))
    query = question(["id", "name", "type", "location"], example["parameters"]["query"]["query"])
    frame, cuts = source.graph.ask(query, query.text)
    assert frame.to_dict("records") == page["data"]
    assert cuts == []
    assert [one["options"].get("$skipToken") for one in sent(azure)] == [None, page["$skipToken"]]


def test_published_change_is_read_by_the_query_of_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = payload("resourcegraph_change")
    row = {
        "id": f"/subscriptions/{MAIN}/changes/1",
        "subscriptionId": MAIN,
        "properties": json.dumps(properties),
    }
    rows.write_snapshot(
        tmp_path / "snapshot", {"rows": {"resourcechanges": [row]}, "workspaces": {"law-a": {}}}
    )
    with AzureStandIn(tmp_path / "snapshot", tmp_path) as azure:
        monkeypatch.setenv("UMDIAG_ACCESS_TOKEN", azure.wire.token)
        kit = estate.live(azure)
        answer = kit.fact("resource_changes")
        changes = kit.frame("machine_changes")
        kit.close()
    assert answer.state is State.COMPLETE
    (found,) = answer.frame.to_dict("records")
    assert found["target_id"] == properties["targetResourceId"]
    assert found["changes"] == properties["changes"]
    assert found["changed"] == datetime(2024, 6, 12, 13, 26, 17, 347000, UTC)
    assert (found["change_type"], found["changed_by"], found["client"]) == (
        "Update",
        "john@contoso.com",
        "Azure Portal",
    )
    assert len(changes)
