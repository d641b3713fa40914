"""How what went wrong is worded: what happened, what to do, and whether to ask again."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from azure.core.exceptions import ServiceRequestError, ServiceResponseError, ServiceResponseTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from umdiag.model import State
from umdiag.sources.live import error_objects, waits
from umdiag.sources.live.faults import (
    Fault,
    NoSuchColumn,
    NoSuchTable,
    TooLarge,
    no_json,
    of_network,
    of_status,
)

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=80)
_PAYLOADS = Path(__file__).parent / "payloads"
BODIES: Mapping[str, Any] = json.loads((_PAYLOADS / "loganalytics_errors.json").read_text(encoding="utf-8"))
THROTTLED = (_PAYLOADS / "resourcegraph_rate_limiting.json").read_bytes()
HTML = b"<!DOCTYPE html>\n<html><head><title>Blocked; by policy</title></head><body>no</body></html>"
ROLE = "Log Analytics Reader on law"
HOST = "api.loganalytics.io"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl"
#: What a reason says to do; one of these words is in each that somebody could act on.
TO_DO = re.compile(r"run again|sign in again|have .+ assigned to you|check (?:the|endpoints)|exempt")


def said(name: str, status: int, **headers: str) -> Fault:
    return of_status(status, headers, json.dumps(BODIES[name]).encode(), role=ROLE)


def is_fit(fault: Fault) -> bool:
    """Whether a reason can stand in a list that is joined by semicolons, on one line of a page."""
    reason = fault.reason
    return bool(reason) and len(reason.splitlines()) == 1 and ";" not in reason and len(reason) < 600


# -- statuses ---------------------------------------------------------------------------------------------


def test_missing_sign_in_is_renewed_once() -> None:
    fault = said("401_no_auth", 401)
    assert (fault.state, fault.again, fault.after, fault.attempts) == (State.DENIED, True, 0, 2)
    assert fault.reason == (
        "the sign-in was not accepted (401 AuthenticationFailed Authentication failed. The 'Authorization' "
        "header is missing.), sign in again with az login and run again"
    )


@pytest.mark.parametrize("name", ["403_bad_token", "403_audience"])
def test_token_refused_with_403_is_a_matter_of_sign_in_not_of_rights(name: str) -> None:
    fault = said(name, 403)
    assert (fault.state, fault.again, fault.attempts) == (State.DENIED, True, 2)
    assert "sign in again with az login" in fault.reason
    assert ROLE not in fault.reason


def test_missing_rights_name_the_role_and_are_not_tried_again() -> None:
    fault = said("403_insufficient", 403)
    assert (fault.state, fault.again) == (State.DENIED, False)
    assert fault.reason == (
        "access was refused (403 InsufficientAccessError The provided credentials have insufficient access "
        f"to perform the requested operation), have {ROLE} assigned to you"
    )


def test_wrong_address_is_missing_and_final() -> None:
    fault = said("404_path", 404)
    assert (fault.state, fault.again, fault.status) == (State.MISSING, False, 404)
    assert "404 PathNotFoundError" in fault.reason
    assert "check the id in the parameters" in fault.reason


def test_refused_query_tells_the_innermost_error() -> None:
    fault = said("400_syntax", 400)
    assert type(fault) is Fault
    assert (fault.again, fault.status) == (False, 400)
    assert fault.reason.startswith("the request was refused (400 SyntaxError Syntax Error), check ")


def test_missing_table_is_told_apart_and_named() -> None:
    fault = said("400_missing_table", 400)
    assert isinstance(fault, NoSuchTable)
    assert (fault.reason, fault.again) == ("there is no table AzureDiagnostics", False)


def test_partial_answer_tells_what_lies_inside() -> None:
    told = error_objects.told(BODIES["200_partial_error_object"])
    assert told.endswith("Failed to resolve scalar expression named 'sourceHealthServiceId'")


def test_throttled_resource_graph_waits_until_its_quota_is_reset() -> None:
    headers = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:05"}
    fault = of_status(429, headers, THROTTLED)
    assert (fault.state, fault.again, fault.after) == (State.MISSING, True, 5)
    assert fault.reason.startswith(
        "too many requests (429 RateLimiting Client application has been throttled"
    )
    assert fault.reason.endswith(", run again later")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", HTML, b"null", b'{"error": {}}', b'{"Message": "An error."}'])
def test_busy_or_broken_service_is_asked_again(status: int, body: bytes) -> None:
    fault = of_status(status, {"Retry-After": "12"}, body, role=ROLE)
    assert (fault.again, fault.after, fault.state) == (True, 12, State.MISSING)
    assert f"({status}" in fault.reason
    assert TO_DO.search(fault.reason)
    assert of_status(status, {}, body).after is None


@pytest.mark.parametrize("asked", ["0", "0.0", "Sun, 06 Nov 1994 08:49:37 GMT"])
def test_wait_of_nothing_is_no_wait_that_was_asked_for(asked: str) -> None:
    assert of_status(503, {"Retry-After": asked}, b"").after is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirection_is_not_followed(status: int) -> None:
    fault = of_status(status, {"Location": "https://attacker.example/"}, HTML)
    assert not fault.again
    assert "is not followed, check the address in endpoints" in fault.reason
    assert "attacker" not in fault.reason


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 409, 410, 418, 429, 500])
def test_page_of_a_proxy_is_not_quoted(status: int) -> None:
    fault = of_status(status, {}, HTML, role=ROLE)
    assert f"({status})" in fault.reason
    assert "<" not in fault.reason


@pytest.mark.parametrize(
    "message",
    [
        "Query result set has exceeded the internal record count limit 500000 (E_QUERY_RESULT_SET_TOO_LARGE)",
        "Query result set has exceeded the internal data size limit 67108864 (E_QUERY_RESULT_SET_TOO_LARGE)",
        "The results of this query exceed the set limit of 64 MB",
        "The query returned more than 500,000 records",
        "Query execution has exceeded the allowed limits (80DA0003): they exceed the set limit of 500000",
        "Partial query failure: Result set too large (80DA0003)",
    ],
)
def test_answer_over_a_limit_is_told_apart(message: str) -> None:
    for status in (400, 413, 500):
        body = {"error": {"code": "BadArgumentError", "innererror": {"code": "x", "@message": message}}}
        assert isinstance(of_status(status, {}, json.dumps(body).encode()), TooLarge)
    assert error_objects.is_too_large(message)


@pytest.mark.parametrize(
    "message",
    [
        "Runaway query (E_RUNAWAY_QUERY). (message: 'memory budget exceeded, over 64 MB')",
        "Query execution lacks memory resources to complete (80DA0007): Partial query failure: Low memory "
        "condition (E_LOW_MEMORY_CONDITION)",
        "Query execution has exceeded the allowed limits (80DA0001): Runaway query",
    ],
)
def test_query_that_takes_too_much_is_not_taken_for_an_answer_that_is_too_large(message: str) -> None:
    body = {"error": {"code": "General_BadRequest", "@message": message}}
    fault = of_status(400, {}, json.dumps(body).encode())
    assert type(fault) is Fault
    assert fault.reason.startswith("the query takes more than the service allows (400 ")
    assert fault.reason.endswith("shorten lookback or run again later")
    assert not error_objects.is_too_large(message)


@pytest.mark.parametrize(
    ("message", "kind", "told"),
    [
        ("Failed to resolve table or column expression named 'Update'", NoSuchTable, "no table Update"),
        (
            "'where' operator: Failed to resolve table or column expression named 'Usage'",
            NoSuchTable,
            "Usage",
        ),
        (
            "'extend' operator: Failed to resolve scalar expression named 'OSFullName'",
            NoSuchColumn,
            "OSFullName",
        ),
        ("Failed to resolve column or scalar expression named 'Approved'", NoSuchColumn, "column Approved"),
        (
            "Failed to resolve table or column or scalar expression named 'Approved'",
            NoSuchColumn,
            "column Approved",
        ),
        ("SEM0529: union: must have at least one operand that can be evaluated", NoSuchTable, "no table"),
    ],
)
def test_column_that_is_absent_is_told_apart_from_a_table(message: str, kind: type, told: str) -> None:
    inner = {"code": "SemanticError", "innererror": {"code": "SEM0100", "message": message}}
    fault = of_status(
        400, {}, json.dumps({"error": {"code": "BadArgumentError", "innererror": inner}}).encode()
    )
    assert type(fault) is kind
    assert told in fault.reason


def test_basic_plan_is_named_with_the_step_that_fits() -> None:
    message = "Query of Basic Logs table is not supported with the API."
    inner = {"code": "UnsupportedApiQueryValidationError", "message": message}
    fault = of_status(
        400, {}, json.dumps({"error": {"code": "BadArgumentError", "innererror": inner}}).encode()
    )
    assert fault.reason.startswith("the table is on the Basic plan (400 UnsupportedApiQueryValidationError ")
    assert "set the table's plan to Analytics" in fault.reason
    assert "endpoints" not in fault.reason


@pytest.mark.parametrize("code", ["NoRegisteredProviderFound", "InvalidApiVersionParameter"])
def test_version_that_is_not_supported_asks_for_a_newer_umdiag(code: str) -> None:
    fault = of_status(400, {}, json.dumps({"error": {"code": code, "message": "not supported"}}).encode())
    assert "does not know the version" in fault.reason
    assert fault.reason.endswith("run again with the newest umdiag")


def test_proxy_that_asks_who_one_is_is_named() -> None:
    error = requests.exceptions.ProxyError(
        "Unable to connect to proxy", OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    )
    for fault in (of_network(ServiceRequestError("failed", error=error), HOST), of_status(407, {}, HTML)):
        assert fault.reason.startswith("the proxy requires a sign-in (407")
        assert "HTTPS_PROXY" in fault.reason
        assert not fault.again


WARNING = {
    "code": "EngineError",
    "innererror": {"message": "dropped", "severity": 3, "severityName": "Warning"},
}
GRAVE = {"code": "EngineError", "innererror": {"message": "lost", "severity": 2, "severityName": "Error"}}


@pytest.mark.parametrize(
    ("details", "harmless"),
    [
        ([WARNING], True),
        ([WARNING, WARNING], True),
        ([WARNING, GRAVE], False),
        ([GRAVE], False),
        ([{"innererror": {"message": "dropped", "severityName": "Warning"}}], True),
        ([{"innererror": {"message": "?", "severity": 3, "severityName": "Error"}}], False),
        ([{"innererror": {"message": "said nothing of it"}}], False),
        ([{"innererror": {"message": "?", "severity": True}}], False),
        ([], False),
    ],
)
def test_error_object_is_as_grave_as_its_gravest_part(details: list[Any], harmless: bool) -> None:
    error = {"code": "PartialError", "message": "There were some errors", "details": details}
    assert error_objects.is_warning(error) == harmless
    assert "dropped" not in error_objects.told(error) or GRAVE not in details


@pytest.mark.parametrize(
    "message",
    ["timestamp = 2021-05-03T07:08:29.5000003Z", "correlationId = 3ac5b91d-500000ab", "x64 MBean not found"],
)
def test_digits_of_times_and_ids_are_no_limit(message: str) -> None:
    assert not error_objects.is_too_large(message)
    fault = of_status(429, {}, json.dumps({"error": {"message": message}}).encode())
    assert (type(fault), fault.again) == (Fault, True)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "Top", "details": [{"code": "Inner", "message": "told"}]}},
        {"error": {"code": "Inner", "message": "told", "details": {"a": 1}}},
        {"error": {"code": "Inner", "message": "told", "details": 5}},
        {"error": {"code": "Inner", "message": "told", "details": ["text"]}},
        {"error": {"code": "Top", "innererror": {"code": "Inner", "innererror": {"message": "told"}}}},
        {"code": "Inner", "message": "told"},
        {"Code": "Inner", "Message": "told"},
    ],
)
def test_code_and_message_are_found_however_they_are_nested(body: Any) -> None:
    reason = of_status(400, {}, json.dumps(body).encode()).reason
    assert reason.startswith("the request was refused (400 Inner told), ")


@pytest.mark.parametrize(
    "body", [b'{"error": null}', b"[]", b"5", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b""]
)
def test_body_that_says_nothing_leaves_the_status(body: bytes) -> None:
    assert of_status(400, {}, body).reason.startswith("the request was refused (400), ")


def test_reason_is_short_whatever_the_service_says() -> None:
    body = {"error": {"message": "line one;\r\nline two\u2028 " + "x" * 10_000}}
    fault = of_status(500, {}, json.dumps(body).encode())
    assert "500 line one, line two x" in fault.reason
    assert is_fit(fault)


def test_token_that_a_service_repeats_is_not_told() -> None:
    for status in (400, 401, 403, 404, 500):
        body = json.dumps({"error": {"code": "Bad", "message": f"wrong: Bearer {TOKEN} (expired)"}}).encode()
        reason = of_status(status, {}, body, role=ROLE).reason
        assert "wrong: Bearer … (expired)" in reason
        assert "c2lnbmF0dXJl" not in reason


@pytest.mark.parametrize(("name", "status"), [(name, int(name[:3])) for name in BODIES if name[:3] != "200"])
def test_reason_of_every_documented_error_is_fit_for_a_list(name: str, status: int) -> None:
    fault = said(name, status)
    assert is_fit(fault)
    assert status == 400 or TO_DO.search(fault.reason)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "innererror", "details", "code", "message", "@message"]), inner
        )
    ),
    max_leaves=8,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "retry-after-ms", "x-ms-retry-after-ms", "x-ms-user-quota-resets-after", "Location"]
    ),
    st.text(max_size=20)
    | st.from_regex(r"\A-?\d{1,8}(\.\d+)?\Z|\A\d+:\d\d:\d\d\Z|\A\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ .{0,5}\Z"),
)


@FIXED
@given(
    status=st.integers(100, 599),
    headers=HEADERS,
    body=st.binary(max_size=60) | JSONS.map(lambda one: json.dumps(one).encode()),
)
def test_any_answer_is_worded(status: int, headers: dict[str, str], body: bytes) -> None:
    fault = of_status(status, headers, body, role=ROLE)
    assert is_fit(fault)
    assert fault.after is None or 0 <= fault.after < 1e12
    assert fault.again or fault.after is None


# -- when to come back ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"RETRY-AFTER-MS": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9),
        ({"x-ms-user-quota-resets-after": "00:00:05"}, 5),
        ({"X-Ms-User-Quota-Resets-After": "01:02:03.5"}, 3723.5),
        ({"Retry-After": "7", "x-ms-user-quota-resets-after": "00:00:05"}, 7),
        ({"Retry-After": "2", "x-ms-user-quota-resets-after": "00:00:05"}, 5),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:01:00 GMT"}, 0),
        ({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "99999999999"}, None),
        ({"x-ms-user-quota-resets-after": "5 seconds"}, None),
        ({}, None),
    ],
)
def test_wait_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert waits.retry_after(headers) == seconds


def test_wait_until_a_date_counts_from_now() -> None:
    then = datetime.now(UTC) + timedelta(hours=1)
    found = waits.retry_after({"Retry-After": format_datetime(then, usegmt=True)})
    assert found is not None
    assert 3500 < found <= 3600


# -- the network ------------------------------------------------------------------------------------------


def chained(*errors: BaseException) -> BaseException:
    """Return the last error, each caused by the one before."""
    for inner, outer in pairwise(errors):
        outer.__cause__ = inner
    return errors[-1]


UNTRUSTED = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
BROKE = "the connection to api.loganalytics.io broke before the answer was complete, check the network"
NETWORK: Mapping[str, tuple[BaseException, str, bool]] = {
    "timeout": (TimeoutError("timed out"), "did not answer in time, run again later", True),
    "read timeout of requests": (requests.ReadTimeout("Read timed out."), "did not answer in time", True),
    "timeout of azure-core": (
        ServiceResponseTimeoutError("HTTPSConnectionPool(host='x', port=443): Read timed out."),
        "did not answer in time",
        True,
    ),
    "certificate": (UNTRUSTED, "certificates in endpoints.ca_bundle", False),
    "certificate in azure-core": (
        ServiceRequestError("Max retries exceeded", error=requests.exceptions.SSLError(UNTRUSTED)),
        "is not trusted or is another host's",
        False,
    ),
    "certificate behind requests": (
        chained(UNTRUSTED, urllib3.exceptions.SSLError("tls"), requests.exceptions.SSLError("tls")),
        "is not trusted or is another host's",
        False,
    ),
    "TLS cut short": (
        requests.exceptions.SSLError(ssl.SSLEOFError(8, "UNEXPECTED_EOF_WHILE_READING")),
        BROKE,
        True,
    ),
    "name": (socket.gaierror(-3, "Temporary failure in name resolution"), "cannot be resolved", True),
    "name in azure-core": (
        ServiceRequestError("Failed to resolve 'x' ([Errno -2] Name or service not known)"),
        "check the network and endpoints",
        True,
    ),
    "reset": (ConnectionResetError(104, "Connection reset by peer"), BROKE, True),
    "reset in azure-core": (ServiceResponseError("('Connection aborted.', …)"), BROKE, True),
    "refused": (requests.ConnectionError(ConnectionRefusedError(111, "refused")), BROKE, True),
    "cut short": (requests.exceptions.ChunkedEncodingError("IncompleteRead(5 bytes read)"), BROKE, True),
    "no body": (ValueError(), BROKE, True),
}


@pytest.mark.parametrize("name", NETWORK)
def test_trouble_of_the_network_is_told_and_tried_again_where_that_helps(name: str) -> None:
    error, words, again = NETWORK[name]
    fault = of_network(error, HOST)
    assert words in fault.reason
    assert HOST in fault.reason
    assert (fault.again, fault.state) == (again, State.MISSING)
    assert is_fit(fault)
    assert TO_DO.search(fault.reason)


def test_unknown_name_is_tried_twice_only() -> None:
    assert of_network(socket.gaierror(-2, "Name or service not known"), HOST).attempts == 2


@pytest.mark.parametrize(
    "error",
    [
        OSError(2, "No such file", "/home/alice/.azure/ca.pem"),
        OSError("invalid path: /home/alice/ca.pem"),
        requests.exceptions.InvalidHeader(f"Invalid header: 'Bearer {TOKEN}'"),
        ServiceRequestError(f"https://x/?token={TOKEN} in /home/alice/x.py"),
    ],
)
def test_words_of_libraries_are_not_repeated(error: BaseException) -> None:
    reason = of_network(error, HOST).reason
    assert "alice" not in reason
    assert "eyJ" not in reason


def test_errors_that_cause_each_other_are_followed_once() -> None:
    one, other = ValueError("one"), TimeoutError("other")
    one.__context__, other.__context__ = other, one
    assert "in time" in of_network(one, HOST).reason


@pytest.mark.parametrize(
    ("body", "what"),
    [(HTML, "a web page"), (b"  \n<x/>", "a web page"), (b"OK", "something that is not JSON")],
)
def test_page_in_place_of_an_answer_is_a_proxys(body: bytes, what: str) -> None:
    fault = no_json(body, HOST)
    assert fault.reason.startswith(f"{HOST} answered with {what}: a proxy or firewall")
    assert fault.reason.endswith(f"exempt {HOST}")
    assert fault.again
    assert is_fit(fault)


WORDERS: list[Callable[[str], Fault]] = [Fault, TooLarge, NoSuchTable]


@pytest.mark.parametrize("fault", WORDERS)
def test_every_reason_becomes_one_line_without_semicolons(fault: Callable[[str], Fault]) -> None:
    assert "one, two three" in fault("one;\n two\t\u2028three").reason
    assert "one, two" in str(fault("one; two"))
