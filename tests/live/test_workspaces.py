"""Workspaces over the socket, both ways to ask: every row as it was sent, and told where rows are missing."""

from __future__ import annotations

import getpass
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from azure.core.credentials import AccessToken

from servers.azure import AzureStandIn, changed
from servers.logs import frames
from servers.wire import Reply, Request
from support import live_estate as estate
from support import snapshot_rows as rows
from support.thinning import one_in
from umdiag.errors import QueryError, SourceError
from umdiag.kit import Kit
from umdiag.model import State, Verdict
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.sources.live import slices as live_slices
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.kusto import KustoApi
from umdiag.sources.live.parts import Part
from umdiag.sources.live.signin import SignIn
from umdiag.sources.live.target import CLOUDS, Target
from umdiag.sources.live.web import trusted
from umdiag.sources.opening import target_of

PAYLOADS = Path(__file__).parent / "payloads"
APIS = ("monitor", "kusto")
LIMITS = {
    "monitor": ("umdiag.sources.live.monitor.MOST_ROWS", "most_rows"),
    "kusto": ("umdiag.sources.live.kusto.SILENT_LIMIT", "silent_limit"),
}


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def open_kit(azure: AzureStandIn, api: str, *names: str, **parameters: Any) -> Kit:
    """Open the kit on some of the workspaces, all if none is named."""
    ids = [rows.workspace_id(name) for name in names or estate.WORKSPACES]
    return estate.live(azure, workspace_api=api, workspaces=ids, **parameters)


@pytest.fixture
def kit(azure: AzureStandIn, request: pytest.FixtureRequest) -> Iterator[Kit]:
    """The kit on all workspaces by the API that the test names."""
    opened = open_kit(azure, request.getfixturevalue("api"))
    yield opened
    opened.close()


@pytest.fixture
def one(azure: AzureStandIn, request: pytest.FixtureRequest) -> Iterator[Kit]:
    """The kit on the workspace law-b alone."""
    opened = open_kit(azure, request.getfixturevalue("api"), "law-b")
    yield opened
    opened.close()


def asks(name: str) -> Callable[[Request], bool]:
    """Match the requests of one query of the package, whole or in slices."""
    return lambda request: kql.queries()[name].title in request.text


def of_logs(request: Request) -> bool:
    return bool(request.text) and "ResourceGraph" not in request.path


def sorted_rows(frame: pd.DataFrame) -> list[str]:
    return sorted(map(str, frame.to_dict("records")))


def error(status: int, code: str) -> Reply:
    return Reply(status=status, content={"error": {"code": code, "message": f"said {code}"}})


# -- rows that are missing --------------------------------------------------------------------------------

ONE_ERROR = {
    "error": {"code": "Failed", "message": "outer", "@message": "The shard is gone", "@permanent": False}
}


def last_frame(**said: Any) -> Callable[[Reply], Reply]:
    return changed(lambda sent: [*sent[:-1], sent[-1] | said])


def completion(level: int) -> Callable[[Reply], Reply]:
    def change(sent: Any) -> Any:
        status = sent[3]
        names = [column["ColumnName"] for column in status["Columns"]]
        told = dict.fromkeys(names, "") | {
            "Level": level,
            "EventTypeName": "Trouble",
            "Payload": "a node fell",
        }
        row = [told[name] for name in names]
        return [*sent[:3], status | {"Rows": [*status["Rows"], row]}, *sent[4:]]

    return changed(change)


WARNING = payload("loganalytics_errors")["200_partial_error_object"]
PARTIAL_ERROR = json.loads(
    json.dumps(WARNING).replace('"severity": 3', '"severity": 2').replace('"Warning"', '"Error"')
)
LOSSES: Mapping[str, tuple[str, Callable[[Reply], Reply], str]] = {
    "errors in the last frame": (
        "kusto",
        last_frame(HasErrors=True, OneApiErrors=[ONE_ERROR]),
        "only a part was answered (Failed The shard is gone)",
    ),
    "errors without words": ("kusto", last_frame(HasErrors=True), "(no reason is given)"),
    "cancelled": ("kusto", last_frame(Cancelled=True), "(no reason is given)"),
    "no last frame": ("kusto", changed(lambda sent: sent[:-1]), "the last frame is missing"),
    "critical": ("kusto", completion(1), "only a part was answered (Trouble a node fell)"),
    "error": ("kusto", completion(2), "only a part was answered (Trouble a node fell)"),
    "error beside the tables": (
        "monitor",
        changed(lambda sent: sent | {"error": PARTIAL_ERROR}),
        "only a part was answered (-2133196790 'extend' operator: Failed to resolve scalar expression",
    ),
}


@pytest.mark.parametrize("loss", one_in(2, LOSSES))
def test_answer_that_says_it_is_not_whole_is_partial(azure: AzureStandIn, loss: str) -> None:
    api, change, reason = LOSSES[loss]
    kit = open_kit(azure, api, "law-b")
    azure.fault(asks("heartbeats"), change)
    answer = kit.fact("heartbeats")
    assert (answer.state, answer.unseen, len(answer.frame)) == (State.PARTIAL, (), 4)
    assert answer.reason.startswith("Heartbeat of law-b is not complete: ")
    assert reason in answer.reason
    assert "run again later or shorten lookback" in answer.reason
    assert not kit.seen("heartbeats").whole
    kit.close()


@pytest.mark.parametrize("loss", one_in(3, LOSSES))
def test_nothing_is_healthy_that_needs_an_answer_that_is_not_whole(azure: AzureStandIn, loss: str) -> None:
    api, change, reason = LOSSES[loss]
    kit = open_kit(azure, api, "law-a")
    azure.fault(asks("scan_failures"), change)
    found = rows.diagnose(kit, "assessment_failed")
    kit.close()
    assert found.verdict is Verdict.UNKNOWN
    assert reason in found.reason or "query was refused" in found.reason


@pytest.mark.parametrize(
    ("api", "change"),
    [("monitor", changed(lambda sent: sent | {"error": WARNING})), ("kusto", completion(3))],
)
def test_warning_beside_whole_rows_takes_nothing_from_them(
    azure: AzureStandIn, api: str, change: Callable[[Reply], Reply]
) -> None:
    kit = open_kit(azure, api, "law-b")
    azure.fault(of_logs, change)
    answer = kit.fact("heartbeats")
    assert (answer.state, answer.reason, len(answer.frame)) == (State.COMPLETE, "", 4)
    assert {line.state for line in kit.health() if line.table == "Heartbeat"} == {State.COMPLETE}
    kit.close()


@pytest.mark.parametrize("api", one_in(2, APIS))
def test_with_all_rows_it_is_healthy(azure: AzureStandIn, api: str) -> None:
    kit = open_kit(azure, api, "law-a")
    assert rows.diagnose(kit, "assessment_failed").verdict is Verdict.HEALTHY
    kit.close()


def test_error_among_the_rows_leaves_none(azure: AzureStandIn) -> None:
    def change(sent: Any) -> Any:
        table = sent[2]
        return [*sent[:2], table | {"Rows": [*table["Rows"], {"OneApiErrors": [ONE_ERROR]}]}, *sent[3:]]

    kit = open_kit(azure, "kusto", "law-b")
    azure.fault(asks("heartbeats"), changed(change))
    answer = kit.fact("heartbeats")
    kit.close()
    assert (answer.state, len(answer.frame)) == (State.MISSING, 0)
    assert "the query was refused" in answer.reason
    assert "The shard is gone" in answer.reason


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kusto_query_partial_results_defer_is_true", "exceeds a limit of the service"),
        ("kusto_query_partial_results_defer_is_false", "Query execution has exceeded the allowed limits"),
    ],
)
def test_published_answer_with_errors_never_passes_for_a_whole_one(
    azure: AzureStandIn, name: str, told: str
) -> None:
    kit = open_kit(azure, "kusto", "law-b")
    azure.fault(of_logs, Reply(content=payload(name)))
    with pytest.raises(QueryError, match=told):
        kit.kql("range x from 1 to 10 step 1")
    kit.close()


def test_published_answer_without_rows_is_one(azure: AzureStandIn) -> None:
    kit = open_kit(azure, "kusto", "law-b")
    azure.fault(of_logs, Reply(content=payload("kusto_zero_results")))
    frame = kit.kql("print '' | take 0")
    kit.close()
    assert (list(frame), len(frame)) == (["print_0"], 0)


# -- errors -----------------------------------------------------------------------------------------------

ERRORS = payload("loganalytics_errors")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("name", "state", "told"),
    [
        ("400_syntax", State.MISSING, "the request was refused (400 SyntaxError Syntax Error)"),
        ("400_missing_table", State.MISSING, "there is no table AzureDiagnostics"),
        ("401_no_auth", State.DENIED, "the sign-in was not accepted (401 AuthenticationFailed"),
        ("403_bad_token", State.DENIED, "the sign-in was not accepted (403 InvalidAuthenticationToken"),
        (
            "403_audience",
            State.DENIED,
            "the sign-in was not accepted (403 InvalidAuthenticationTokenAudience",
        ),
        ("403_insufficient", State.DENIED, "access was refused (403 InsufficientAccessError"),
        ("404_path", State.MISSING, "nothing is there (404 PathNotFoundError"),
    ],
)
def test_documented_error_is_told_alike_on_both_ways(
    azure: AzureStandIn, one: Kit, api: str, name: str, state: State, told: str
) -> None:
    azure.fault(asks("heartbeats"), Reply(status=int(name[:3]), content=ERRORS[name]))
    answer = one.fact("heartbeats")
    assert (answer.state, len(answer.frame)) == (state, 0)
    assert f"Heartbeat of law-b: {told}" in answer.reason


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("status", [200, 204])
def test_answer_of_nothing_is_none(azure: AzureStandIn, one: Kit, api: str, status: int) -> None:
    azure.fault(asks("heartbeats"), Reply(status=status, body=b""))
    answer = one.fact("heartbeats")
    assert (answer.state, len(answer.frame)) == (State.MISSING, 0)
    told = {200: "something that is not JSON", 204: "the workspace may hold no data at all"}
    assert told[status] in answer.reason or (api == "kusto" and status == 200)
    assert "check " in answer.reason or "exempt " in answer.reason


# -- values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_truth_value_that_is_not_known_stays_so(azure: AzureStandIn, api: str) -> None:
    """Linux has no approvals: read as false they would be updates that nobody approved."""
    kit = open_kit(azure, api, "law-a")
    updates = kit.fact("latest_updates").frame
    kit.close()
    approved = dict(zip(updates["computer"], updates["approved"], strict=True))
    assert approved["a-linux"] is pd.NA
    assert updates["approved"].dtype == "boolean"


def with_seven_digits(sent: Any) -> Any:
    return json.loads(re.sub(r"(T\d\d:\d\d:\d\d)Z", r"\1.1234567Z", json.dumps(sent)))


@pytest.mark.parametrize("api", APIS)
def test_times_with_seven_digits_keep_six(azure: AzureStandIn, one: Kit, api: str) -> None:
    expected = one.fact("heartbeats").frame
    azure.fault(asks("heartbeats"), changed(with_seven_digits))
    other = open_kit(azure, api, "law-b")
    found = other.fact("heartbeats")
    other.close()
    assert found.state is State.COMPLETE
    for name, type_ in kql.queries()["heartbeats"].columns.items():
        if type_ == "datetime":
            moved = expected[name] + pd.Timedelta(microseconds=123456)
            assert list(found.frame[name]) == list(moved)
            assert str(found.frame[name].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("name", ["heartbeats", "latest_updates", "usage_hours", "scan_failures"])
def test_both_ways_bring_the_same_rows(azure: AzureStandIn, name: str) -> None:
    both = []
    for api in APIS:
        kit = open_kit(azure, api)
        answer = kit.fact(name)
        kit.close()
        assert answer.state is State.COMPLETE
        both.append(sorted_rows(answer.frame))
    assert both[0]
    assert both[0] == both[1]


# -- limits of one answer ---------------------------------------------------------------------------------


def limit(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, api: str, most: int) -> None:
    """Let the stand-in send so many rows at most, and the client know it."""
    constant, setting = LIMITS[api]
    monkeypatch.setattr(constant, most)
    setattr(azure.logs, setting, most)


def asked_for(azure: AzureStandIn, name: str) -> list[Request]:
    return [request for request in azure.wire.requests if asks(name)(request)]


def part_of(azure: AzureStandIn, api: str, name: str) -> Part:
    """Ask law-b for one query alone: the count of its tables, which is short, does not come before."""
    given = estate.values(azure, workspace_api=api, workspaces=[rows.workspace_id("law-b")])
    source = Azure(target_of(from_values(given, folder=None)))
    lookback = timedelta(days=3)
    source.look_at(rows.ASKED_AT, lookback)
    query = kql.queries()[name]
    text = kql.bind(query, {"asked_at": rows.ASKED_AT, "lookback": lookback})
    try:
        (part,) = source.workspaces.ask(query, text, source.window).values()
    finally:
        source.close()
    return part


@pytest.mark.parametrize("api", one_in(2, APIS))
@pytest.mark.parametrize(("name", "most"), [("usage_hours", 150)])
def test_answer_over_the_limit_comes_whole_in_slices(
    azure: AzureStandIn, one: Kit, monkeypatch: pytest.MonkeyPatch, api: str, name: str, most: int
) -> None:
    expected = one.fact(name)
    assert len(expected.frame) > most
    limit(azure, monkeypatch, api, most)
    azure.wire.requests.clear()
    azure.wire.most_at_once.clear()
    other = open_kit(azure, api, "law-b")
    found = other.fact(name)
    other.close()
    assert (found.state, found.reason) == (State.COMPLETE, "")
    assert sorted_rows(found.frame) == sorted_rows(expected.frame)
    assert len(asked_for(azure, name)) == 17
    assert max(azure.wire.most_at_once.values()) <= 5


@pytest.mark.parametrize("api", one_in(2, APIS))
def test_slice_that_stays_too_large_is_told(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setattr(live_slices, "_MOST", 16)
    limit(azure, monkeypatch, api, 1)
    part = part_of(azure, api, "heartbeats")
    assert part.frame is not None
    assert len(part.frame) == 3  # of four machines two lie in one slice
    assert part.cut.startswith("the answer exceeds a limit of the service (1 rows came)")
    assert len(asked_for(azure, "heartbeats")) == 17


@pytest.mark.parametrize("api", one_in(2, APIS))
@pytest.mark.parametrize(("most", "requests"), [(4, 17), (5, 1)])
def test_only_an_answer_that_reaches_the_limit_is_sliced(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, api: str, most: int, requests: int
) -> None:
    """Exactly so many rows as the limit allows may be a cut answer: nothing in it would tell."""
    limit(azure, monkeypatch, api, most)
    part = part_of(azure, api, "heartbeats")
    assert part.frame is not None
    assert (len(part.frame), part.cut) == (4, "")
    assert len(asked_for(azure, "heartbeats")) == requests


def too_many_bytes(sent: Any) -> Any:
    """Cut an answer as the service does that has reached 64 MB."""
    code = "E_QUERY_RESULT_SET_TOO_LARGE"
    message = f"Query result set has exceeded the internal data size limit 67108864 ({code})"
    if isinstance(sent, list):
        fault = {"error": {"code": "LimitsExceeded", "@message": message}}
        table = sent[2] | {"Rows": sent[2]["Rows"][:1]}
        return [*sent[:2], table, sent[3], sent[4] | {"HasErrors": True, "OneApiErrors": [fault]}]
    (table,) = sent["tables"]
    inner = {"code": "-2133196797", "message": message}
    return {
        "tables": [table | {"rows": table["rows"][:1]}],
        "error": PARTIAL_ERROR | {"details": [{"code": "EngineError", "innererror": inner}]},
    }


@pytest.mark.parametrize("api", APIS)
def test_answer_of_too_many_bytes_comes_whole_in_slices(azure: AzureStandIn, one: Kit, api: str) -> None:
    expected = one.fact("heartbeats")
    whole = asks("heartbeats")
    azure.fault(lambda sent: whole(sent) and "hash_md5" not in sent.text, changed(too_many_bytes))
    other = open_kit(azure, api, "law-b")
    found = other.fact("heartbeats")
    other.close()
    assert (found.state, found.reason) == (State.COMPLETE, "")
    assert sorted_rows(found.frame) == sorted_rows(expected.frame)


@pytest.mark.parametrize("api", one_in(2, APIS))
def test_answer_that_cannot_be_sliced_is_partial_and_nothing_healthy(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    kit = open_kit(azure, api, "law-a")
    assert rows.diagnose(kit, "machine_disconnected").verdict is Verdict.HEALTHY
    kit.close()
    known: Any = kql.queries()
    monkeypatch.setitem(known, "heartbeats", replace(known["heartbeats"], slices=""))
    azure.fault(asks("heartbeats"), changed(too_many_bytes))
    kit = open_kit(azure, api, "law-a")
    answer = kit.fact("heartbeats")
    found = rows.diagnose(kit, "machine_disconnected")
    kit.close()
    assert (answer.state, len(answer.frame)) == (State.PARTIAL, 1)
    assert "the answer exceeds a limit of the service (1 rows came), shorten lookback" in answer.reason
    assert found.verdict is Verdict.UNKNOWN


# -- manners ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_requests_name_the_kit_and_nobody_who_runs_it(azure: AzureStandIn, kit: Kit, api: str) -> None:
    kit.fact("heartbeats")
    kit.fact("subscriptions")
    names = {getpass.getuser(), Path(sys.argv[0]).name, "pytest", "__main__"}
    assert azure.wire.requests
    for request in azure.wire.requests:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        assert not [value for value in headers.values() if names & set(value.replace("/", " ").split())]
        if api == "kusto" and request.path.endswith("/v2/rest/query"):
            assert headers["x-ms-app"].startswith("umdiag/")
            assert headers["x-ms-user"] == "umdiag"
        else:
            assert headers["user-agent"].startswith("umdiag/")


@pytest.mark.parametrize("api", APIS)
def test_five_queries_at_a_time_are_asked_of_a_workspace(
    azure: AzureStandIn, kit: Kit, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    kit.kql("Heartbeat | count")
    azure.wire.most_at_once.clear()
    monkeypatch.setattr(azure.wire, "_latency", 0.05)
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda _: kit.kql("Heartbeat | count"), range(24)))
    at_once = list(azure.wire.most_at_once.values())
    assert len(at_once) == 3
    assert all(1 < most <= 5 for most in at_once), at_once


@pytest.mark.parametrize("api", APIS)
def test_free_question_is_answered_from_all_workspaces(azure: AzureStandIn, kit: Kit, api: str) -> None:
    frame = kit.kql("Heartbeat | distinct Computer")
    assert sorted(frame["Computer"]) == sorted(estate.GIVEN["machines"])


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("UpdateSummary | take 1", "there is no table UpdateSummary"),
        ("Heartbeat | where (", "the request was refused"),
        ("resources | take 1", "ask Resource Graph in the portal"),
    ],
)
def test_free_question_that_cannot_be_answered_says_why(
    azure: AzureStandIn, kit: Kit, api: str, text: str, told: str
) -> None:
    azure.logs.never_existed = {name: {"UpdateSummary"} for name in estate.WORKSPACES}
    with pytest.raises(QueryError, match=told):
        kit.kql(text)


# -- tokens -----------------------------------------------------------------------------------------------


class Issuer:
    """In place of azure-identity's chain: what it issues can change."""

    def __init__(self) -> None:
        self.token = "first"
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken(self.token, 4_000_000_000)


@pytest.fixture
def issuer(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """The chain that issues what the services accept."""
    made = Issuer()
    monkeypatch.setattr("umdiag.sources.live.signin.DefaultAzureCredential", lambda **options: made)
    azure.wire.token = made.token
    return made


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("status", [401, 403])
def test_token_that_is_no_longer_accepted_is_renewed(
    azure: AzureStandIn, issuer: Issuer, api: str, status: int
) -> None:
    kit = open_kit(azure, api, credential="chain")
    assert kit.fact("heartbeats").state is State.COMPLETE
    azure.wire.token = issuer.token = "second"
    stale = Reply(status=status, content=ERRORS["403_bad_token"])
    azure.fault(lambda sent: sent.headers["authorization"] == "Bearer first", stale)
    azure.wire.requests.clear()
    for name in ("scan_failures", "subscriptions", "update_runs"):
        assert (kit.fact(name).state, kit.fact(name).reason) == (State.COMPLETE, "")
    kit.close()
    used = [request.headers["authorization"] for request in azure.wire.requests]
    assert {"Bearer first", "Bearer second"} == set(used)
    assert issuer.scopes.count(issuer.scopes[0]) == 2


@pytest.mark.parametrize("api", APIS)
def test_identity_is_asked_for_one_token_for_each_service(
    azure: AzureStandIn, issuer: Issuer, api: str
) -> None:
    kit = open_kit(azure, api, credential="chain")
    for name in ("heartbeats", "scan_failures", "subscriptions"):
        kit.fact(name)
    kit.close()
    logs = {"monitor": "https://api.loganalytics.io", "kusto": "https://kusto.kusto.windows.net"}[api]
    assert sorted(issuer.scopes) == sorted([f"{logs}/.default", "https://management.azure.com/.default"])


@pytest.mark.parametrize("api", APIS)
def test_given_token_that_ends_in_the_middle_is_named_and_nothing_healthy(
    azure: AzureStandIn, kit: Kit, api: str
) -> None:
    for name in ("heartbeats", "workspace_settings"):
        assert kit.fact(name).state is State.COMPLETE
    azure.wire.token = "another"
    kit.fetch()
    for answer in kit.rows():
        if answer.name not in ("heartbeats", "workspace_settings"):
            assert answer.state is State.DENIED, answer.name
            assert "the sign-in was not accepted (401" in answer.reason
            assert "a-token" not in answer.reason
    assert Verdict.HEALTHY not in estate.verdicts(kit).values()


# -- the newest row ---------------------------------------------------------------------------------------

COLUMNS = [("table_name", "string"), ("row_count", "long"), ("newest", "datetime")]
NEWEST = {"law-a": "2024-03-14T01:00:00Z", "law-b": "2024-03-14T02:00:00Z", "law-c": "2024-03-14T03:00:00Z"}


def counts(azure: AzureStandIn, name: str, reply: Reply) -> None:
    """Answer the count of a workspace's tables."""
    ids = (rows.workspace_id(name).lower(), rows.identifier(name))
    azure.fault(lambda sent: "row_count" in sent.text and any(one in sent.path.lower() for one in ids), reply)


def counted(api: str, *lines: list[Any]) -> Reply:
    if api == "kusto":
        return Reply(content=frames(COLUMNS, list(lines)))
    columns = [{"name": name, "type": type_} for name, type_ in COLUMNS]
    return Reply(content={"tables": [{"name": "PrimaryResult", "columns": columns, "rows": list(lines)}]})


@pytest.mark.parametrize("api", one_in(2, APIS))
@pytest.mark.parametrize(
    ("refused", "hour"), one_in(2, [(("law-c", "law-b"), 1), (("law-a",), 3), ((), 3), (("law-c",), 2)])
)
def test_latest_is_the_newest_row_of_all_workspaces_that_answer(
    azure: AzureStandIn, api: str, refused: tuple[str, ...], hour: int
) -> None:
    for name, newest in NEWEST.items():
        good = counted(
            api, ["Heartbeat", 5, "2024-03-01T00:00:00Z"], ["Update", 1, newest], ["Event", 0, None]
        )
        counts(azure, name, error(403, "InsufficientAccessError") if name in refused else good)
    kit = open_kit(azure, api, asked_at="latest")
    assert kit.asked_at == datetime(2024, 3, 14, hour, tzinfo=UTC)
    answer = kit.fact("heartbeats")
    kit.close()
    assert answer.unseen == tuple(sorted(refused))
    assert all(name in answer.reason for name in refused)


@pytest.mark.parametrize("api", APIS)
def test_latest_of_workspaces_that_all_refuse_says_so(azure: AzureStandIn, api: str) -> None:
    azure.fault(of_logs, error(403, "InsufficientAccessError"))
    with pytest.raises(
        SourceError, match=r"^asked_at latest: .*law-a: access was refused .*have Log Analytics"
    ):
        open_kit(azure, api, asked_at="latest")


@pytest.mark.parametrize("api", APIS)
def test_latest_of_empty_workspaces_says_so(azure: AzureStandIn, api: str) -> None:
    for name in NEWEST:
        counts(azure, name, counted(api))
    with pytest.raises(SourceError, match="hold no rows at all, set the parameter asked_at"):
        open_kit(azure, api, asked_at="latest")


# -- clouds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cloud", "addresses"),
    [
        ("public", ("ade.loganalytics.io", "api.loganalytics.io", "management.azure.com")),
        ("usgov", ("adx.monitor.azure.us", "api.loganalytics.us", "management.usgovcloudapi.net")),
        ("china", ("adx.monitor.azure.cn", "api.loganalytics.azure.cn", "management.chinacloudapi.cn")),
    ],
)
def test_every_cloud_is_asked_at_its_own_addresses(cloud: str, addresses: tuple[str, ...]) -> None:
    given = estate.values(source="azure", cloud=cloud)
    target = target_of(from_values(given, folder=None))
    assert (target.kusto, target.monitor, target.management) == tuple(f"https://{one}" for one in addresses)
    kusto_of(target).close()


def kusto_of(target: Target) -> KustoApi:
    sign_in = SignIn(replace(target, credential="token"), {"UMDIAG_ACCESS_TOKEN": "t"})
    return KustoApi(target, sign_in, verify=trusted(""))


@pytest.mark.parametrize("cloud", ["usgov", "china"])
def test_workspace_address_of_another_cloud_is_refused(cloud: str) -> None:
    target = target_of(from_values(estate.values(source="azure", cloud=cloud), folder=None))
    foreign = replace(target, cloud=replace(CLOUDS[cloud], kusto=CLOUDS["public"].kusto))
    with pytest.raises(
        SourceError, match=f"ade.loganalytics.io is not a Kusto endpoint of .* {foreign.cloud.name}"
    ):
        kusto_of(foreign)
