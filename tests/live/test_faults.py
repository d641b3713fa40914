"""Whatever a service does, over the socket: nothing is lost, nothing unseen is called healthy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any

import pandas as pd
import pytest

from servers import errors
from servers.azure import AzureStandIn
from servers.wire import Reply, Request
from support import live_estate as estate
from support import snapshot_rows as rows
from support.thinning import one_in
from umdiag.kit import Kit
from umdiag.model import State, Verdict
from umdiag.queries import kql
from umdiag.scenarios import scenario


@dataclass(frozen=True)
class Service:
    """One of the services: what its requests look like, and how the kit asks for it."""

    matches: Callable[[Request], bool]
    parameters: Mapping[str, str]
    facts: tuple[str, ...]


_GRAPH = tuple(name for name, query in kql.queries().items() if query.dialect == "graph")
_LOGS = ("heartbeats", "latest_updates", "scan_failures", "operation_events", "usage_hours")
SERVICES = {
    "monitor": Service(lambda one: one.path.startswith("/v1/"), {"workspace_api": "monitor"}, _LOGS),
    "kusto": Service(lambda one: one.path.endswith("/v2/rest/query"), {"workspace_api": "kusto"}, _LOGS),
    "graph": Service(lambda one: "ResourceGraph" in one.path, {}, _GRAPH),
    "management": Service(
        lambda one: one.method == "GET", {}, ("update_configurations", "workers", "automation_jobs")
    ),
}


def error(status: int, code: str, **headers: str) -> Reply:
    return Reply(status=status, content={"error": {"code": code, "message": f"said {code}"}}, headers=headers)


FAULTS: Mapping[str, Reply | Callable[[Reply], Reply]] = {
    "401": error(401, "AuthenticationFailed"),
    "403": error(403, "InsufficientAccessError"),
    "404": error(404, "PathNotFoundError"),
    "429 with Retry-After": error(429, "TooManyRequests", **{"Retry-After": "0"}),
    "429 without Retry-After": error(429, "TooManyRequests"),
    "500": error(500, "InternalServerError"),
    "502": error(502, "BadGateway"),
    "503": error(503, "ServiceUnavailable"),
    "504": error(504, "GatewayTimeout"),
    "500 without a body": Reply(status=500, body=b""),
    "connection reset in the middle": lambda good: Reply(body=good.sent, close_after=40, reset=True),
    "body cut short": lambda good: Reply(body=good.sent, close_after=len(good.sent) - 3),
    "JSON that is none": lambda good: Reply(body=good.sent[:30] + b"???"),
    "JSON of another kind": Reply(content=["something", {"else": 1}]),
    "nothing": Reply(body=b""),
    "HTML": Reply(body=b"<html><body>Sign in</body></html>", headers={"Content-Type": "text/html"}),
    "a redirect": Reply(status=302, body=b"", headers={"Location": "https://127.0.0.1:1/elsewhere"}),
    "an error beside success": error(200, "InternalServerError"),
    "Basic plan": errors.basic_plan(),
    "no table": errors.unresolved("Heartbeat"),
    "no column": errors.unresolved("Computer", column=True),
    "a syntax error": errors.syntax("?"),
    "504 of a query": errors.timed_out(),
    "429 of Resource Graph": errors.graph_throttled(quick=True),
    "429 of a subscription": errors.subscription_throttled("main", after="0.01"),
    "no api-version": error(400, "NoRegisteredProviderFound"),
    "407": Reply(status=407, body=b"<html>Proxy</html>"),
}
#: Only workspaces have tables and columns of their own.
_OF_TABLES = ("Basic plan", "no table", "no column")
MATRIX = [
    (name, fault)
    for name in SERVICES
    for fault in FAULTS
    if name in ("monitor", "kusto") or fault not in _OF_TABLES
]
#: Of these the same request may succeed a moment later.
PASSING = (
    "504 of a query",
    "429 of Resource Graph",
    "429 of a subscription",
    "429 with Retry-After",
    "429 without Retry-After",
    "500",
    "502",
    "503",
    "504",
    "500 without a body",
    "connection reset in the middle",
    "body cut short",
    "JSON that is none",
    "nothing",
    "HTML",
)


TO_DO = "|".join(
    (
        "run again",
        "put a fresh token",
        "sign in",
        "assigned to you",
        "check ",
        "exempt",
        "endpoints",
        "shorten lookback",
        "leave the workspace",
        "automation_account",
        "HTTPS_PROXY",
        "set the table's plan",
    )
)


#: What is judged is the same by both ways to a workspace (test_workspaces has what they answer).
BY_ONE_WAY = ["monitor", pytest.param("kusto", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def offline(estate_folder: Any) -> Iterator[Kit]:
    values = estate.values(source="snapshot", snapshot=str(estate_folder))
    kit = Kit(estate.from_values(values, folder=None))
    kit.fetch()
    yield kit
    kit.close()


def test_much_is_wrong_in_this_estate(offline: Kit) -> None:
    assert {name for name, verdict in estate.verdicts(offline).items() if verdict is Verdict.PROBLEM} == set(
        estate.WRONG
    )


@pytest.fixture
def kit(azure: AzureStandIn, request: pytest.FixtureRequest) -> Iterator[Kit]:
    """The kit on the stand-in, with the parameters of the service that a test is about."""
    opened = estate.live(azure, **SERVICES[request.getfixturevalue("name")].parameters)
    yield opened
    opened.close()


def tried(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Return each service and fault with the facts that it is tried on: all of them where there is time; else
    one after the other, of every fourth pair, so that each service and each fault is met.
    """
    pairs = list(pairs)
    services, faults = (list(dict.fromkeys(parts)) for parts in zip(*pairs, strict=True))
    some = [pair for pair in pairs if (services.index(pair[0]) + faults.index(pair[1])) % 4 == 0]
    turns = {name: cycle(service.facts) for name, service in SERVICES.items()}
    every = {name: service.facts for name, service in SERVICES.items()}
    return [
        *(pytest.param(*pair, (next(turns[pair[0]]),), id="-".join(pair)) for pair in some),
        *(
            pytest.param(*pair, every[pair[0]], id="-".join([*pair, "all"]), marks=pytest.mark.slow)
            for pair in pairs
        ),
    ]


@pytest.mark.parametrize(("name", "fault", "facts"), tried(MATRIX))
def test_a_service_that_fails_is_named_with_what_to_do(
    azure: AzureStandIn, kit: Kit, name: str, fault: str, facts: tuple[str, ...]
) -> None:
    azure.fault(SERVICES[name].matches, FAULTS[fault])
    for fact in facts:
        answer = kit.fact(fact)
        assert answer.state in (State.MISSING, State.DENIED), (fact, answer.state)
        assert answer.frame.empty
        assert_told(answer.reason)
        assert (answer.state is State.DENIED) == (fault in ("401", "403"))


@pytest.mark.parametrize(("name", "fault", "facts"), tried(product(SERVICES, PASSING)))
def test_a_fault_that_passes_costs_no_row(
    azure: AzureStandIn, offline: Kit, kit: Kit, name: str, fault: str, facts: tuple[str, ...]
) -> None:
    azure.fault(SERVICES[name].matches, FAULTS[fault], times=3)
    for fact in facts:
        answer, expected = kit.fact(fact), offline.fact(fact)
        assert (answer.state, answer.reason) == (State.COMPLETE, "")
        assert rows_of(answer.frame) == rows_of(expected.frame)


def rows_of(frame: pd.DataFrame) -> list[str]:
    return sorted(map(str, frame.to_dict("records")))


@pytest.mark.parametrize(
    "fault",
    one_in(4, ["403", "500", "body cut short", "HTML"]),
)
@pytest.mark.parametrize(
    "name",
    one_in(4, ["monitor", "graph", "kusto", "management"]),
)
def test_nothing_becomes_healthy_while_a_service_fails(
    azure: AzureStandIn, offline: Kit, kit: Kit, name: str, fault: str
) -> None:
    azure.fault(SERVICES[name].matches, FAULTS[fault])
    kit.fetch()
    assert_honest(kit, offline)


@pytest.mark.slow  # each fault of each service that passes is tried alone above
@pytest.mark.parametrize("name", ["monitor", "kusto"])
def test_faults_of_all_services_that_pass_change_nothing(
    azure: AzureStandIn, offline: Kit, kit: Kit, name: str
) -> None:
    for fault in ("429 without Retry-After", "429 with Retry-After", "503", "500", "body cut short"):
        azure.fault(lambda one: True, FAULTS[fault], times=1)
    kit.fetch()
    assert estate.told(kit.diagnoses()) == estate.told(offline.diagnoses())
    assert kit.machine_table().equals(offline.machine_table())


@pytest.mark.parametrize("api", BY_ONE_WAY)
def test_one_workspace_of_three_that_refuses_takes_nothing_from_the_others(
    azure: AzureStandIn, offline: Kit, api: str
) -> None:
    refused = rows.workspace_id("law-b").lower()
    customer = rows.identifier("law-b")
    azure.fault(lambda one: refused in one.path.lower() or customer in one.path, FAULTS["403"])
    with estate.looked_at(azure, workspace_api=api) as kit:
        assert_honest(kit, offline)
        beats = kit.fact("heartbeats")
        assert (beats.state, beats.unseen) == (State.PARTIAL, ("law-b",))
        assert set(beats.frame["workspace_id"]) == {rows.identifier("law-a"), rows.identifier("law-c")}
        assert "law-b" in beats.reason
        assert "law-a" not in beats.reason
        assert beats.reason.startswith("workspace law-b: access was refused (403 ")
        assert beats.reason.endswith("have Log Analytics Reader on law-b assigned to you")
        mine, all_ = estate.told(kit.diagnoses()), estate.told(offline.diagnoses())
        for name in ("machine_non_compliant", "machine_stuck_configuring", "scheduled_run_missed_machine"):
            expected = [
                (one.subject, one.cause) for one in all_[name][2] if not one.subject.name.startswith("b-")
            ]
            assert [(one.subject, one.cause) for one in mine[name][2]] == expected, name
            assert "law-b" in mine[name][1]
        silent = {
            line.scope for line in kit.health() if line.table == "Heartbeat" and line.state is State.DENIED
        }
        assert silent == {"law-b"}
        of_b = [one for told in mine.values() for one in told[2] if one.subject.name.startswith("b-")]
        assert [one.cause for one in of_b] == ["unknown"]
        assert "law-b" in str(of_b[0].evidence["not_checked"])


@pytest.mark.parametrize("api", BY_ONE_WAY)
def test_half_a_workspace_is_not_judged(azure: AzureStandIn, offline: Kit, api: str) -> None:
    """A workspace that tells of heartbeats and refuses updates must not look like machines never assessed."""
    customer, name = rows.identifier("law-a"), "law-a/v2"
    azure.fault(
        lambda one: (customer in one.path or name in one.path.lower()) and "\nUpdate\n" in f"\n{one.text}\n",
        FAULTS["403"],
    )
    with estate.looked_at(azure, workspace_api=api) as kit:
        assert kit.fact("assessments").unseen == ()
        assert_honest(kit, offline)
        found = kit.diagnosis("machine_not_in_update_management")
        assert found.verdict is Verdict.UNKNOWN
        assert not found.findings


@pytest.mark.slow  # test_vendor_traffic has the answers
@pytest.mark.parametrize("api", ["monitor", "kusto"])
def test_a_table_that_never_existed_is_named(azure: AzureStandIn, offline: Kit, api: str) -> None:
    azure.logs.never_existed["law-c"] = {"Update", "UpdateSummary"}
    with estate.looked_at(azure, workspace_api=api) as kit:
        answer = kit.fact("assessments")
        assert answer.state is State.PARTIAL
        assert re.search(r"Update of law-c: there is no table Update", answer.reason)
        lines = {(line.table, line.scope): line for line in kit.health()}
        assert lines["Update", "law-c"].state is State.MISSING
        assert lines["Update", "law-a"].state is State.COMPLETE
        assert lines["Heartbeat", "law-c"].state is State.COMPLETE
        assert_honest(kit, offline)


def test_a_server_that_is_too_slow_is_given_up_in_time(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    hasty = replace(estate.HASTY, query=0.3, attempts=2)
    monkeypatch.setattr("umdiag.sources.live.azure.Limits", lambda: hasty)
    azure.fault(lambda one: "ScanFail" in one.text or "EventID == 25" in one.text, slow)
    azure.fault(
        lambda one: "ResourceGraph" in one.path, lambda good: Reply(content=good.content, trickle=0.3)
    )
    kit = estate.live(azure)
    try:
        for fact in ("scan_failures", "azure_machines"):
            answer = kit.fact(fact)
            assert answer.state is State.MISSING
            assert "in time" in answer.reason or "within" in answer.reason
            assert_told(answer.reason)
    finally:
        kit.close()


def slow(good: Reply) -> Reply:
    return Reply(content=good.content, seconds=1)


@pytest.mark.parametrize("api", ["monitor", "kusto"])
def test_a_certificate_of_another_host_is_not_trusted(
    azure: AzureStandIn, estate_folder: Any, tmp_path: Any, api: str
) -> None:
    with AzureStandIn(estate_folder, tmp_path, host="elsewhere.example") as other:
        with estate.looked_at(other, workspace_api=api) as kit:
            for rows_ in kit.rows():
                assert rows_.state is not State.COMPLETE
                assert_told(rows_.reason)
            assert "certificate" in kit.fact("heartbeats").reason
            assert not any(verdict is Verdict.HEALTHY for verdict in estate.verdicts(kit).values())
        assert not other.wire.requests


def test_a_certificate_of_an_unknown_authority_is_not_trusted(azure: AzureStandIn) -> None:
    endpoints = {key: value for key, value in azure.endpoints.items() if key != "ca_bundle"}
    with estate.looked_at(azure, endpoints=endpoints) as kit:
        assert "endpoints.ca_bundle" in kit.fact("heartbeats").reason
        assert "endpoints.ca_bundle" in kit.fact("azure_machines").reason
    assert not azure.wire.requests


def assert_told(reason: str) -> None:
    """Every reason is one line that names what it is about and what to do, and gives nothing away."""
    assert reason
    assert "\n" not in reason
    assert re.search(TO_DO, reason), reason
    assert "a-token" not in reason
    assert "/tmp" not in reason


def assert_honest(kit: Kit, offline: Kit) -> None:
    """What is wrong may become unknown, never healthy; what is healthy was seen whole."""
    for diagnosis in kit.diagnoses():
        if diagnosis.verdict is Verdict.HEALTHY:
            assert offline.diagnosis(diagnosis.scenario).verdict is Verdict.HEALTHY
            unseen = [fact for fact in scenario(diagnosis.scenario).rests.symptom if not kit.fact(fact).whole]
            assert not unseen, diagnosis.scenario
        if diagnosis.verdict is Verdict.UNKNOWN:
            assert diagnosis.reason
    known = {
        (one.scenario, found.subject, found.cause) for one in offline.diagnoses() for found in one.findings
    }
    for one in kit.diagnoses():
        for found in one.findings:
            if found.cause != "unknown" and not found.evidence.get("not_checked"):
                assert (one.scenario, found.subject, found.cause) in known, (one.scenario, found)
