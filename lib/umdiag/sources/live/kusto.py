"""A workspace through its Kusto endpoint, by azure-kusto-data, with what that client hides looked at."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import (
    KustoError,
    KustoMultiApiError,
    KustoThrottlingError,
    KustoTokenParsingError,
)
from azure.kusto.data.kusto_trusted_endpoints import MatchRule, well_known_kusto_endpoints
from urllib3.exceptions import HTTPError

from umdiag.errors import SourceError
from umdiag.sources.live.answers import Answer
from umdiag.sources.live.error_objects import ERROR_LEVEL, is_too_large, is_warning, told
from umdiag.sources.live.faults import (
    Fault,
    TooLarge,
    no_json,
    of_network,
    of_status,
    partly,
    refused,
    strange,
)
from umdiag.sources.live.signin import SignIn
from umdiag.sources.live.target import Target, name_of
from umdiag.sources.live.web import APPLICATION, session

#: What this route was seen to send at most, without a word (azure-kusto-spark issue 289).
SILENT_LIMIT = 5_000
MOST_ROWS = 500_000
#: Where below its cluster's address the client posts queries.
_PATH = "v2/rest/query"
#: Parts of an ARM id that the documented cluster address writes small.
_PARTS = re.compile(r"/resourceGroups/|/providers/[^/]+/workspaces/", re.IGNORECASE)


class KustoApi:
    """Asks each workspace as a Kusto cluster of its own; one client for each."""

    def __init__(self, target: Target, sign_in: SignIn, *, verify: ssl.SSLContext) -> None:
        self._target = target
        self._sign_in = sign_in
        self._verify = verify
        self._lock = threading.Lock()
        self._clients: dict[str, KustoClient] = {}
        host = urlsplit(target.kusto).hostname or ""
        if "kusto" in target.endpoints:  # named by the user: trusted like the hosts the client knows
            well_known_kusto_endpoints.add_trusted_hosts([MatchRule(host, True)], False)
        try:
            well_known_kusto_endpoints.validate_trusted_endpoint(target.kusto, target.cloud.authority)
        except KustoError:
            raise SourceError(f"{host} is not a Kusto endpoint of the cloud {target.cloud.name}") from None

    @staticmethod
    def address(target: Target, workspace: str, customer_id: str) -> str:
        """Return where a workspace's queries are posted to; it is known by its ARM id alone."""
        return f"{_cluster(target, workspace)}/{_PATH}"

    def ask(self, workspace: str, customer_id: str, text: str, *, left: float) -> Answer:
        """Return the rows of one query text. Raises Fault."""
        ends = time.monotonic() + left
        client = self._client(workspace)
        try:
            frames = client.execute_streaming_query(
                name_of(workspace), text, timedelta(seconds=left), _properties(left)
            ).streamed_data
            return _answer(frames, ends)
        except Fault:
            raise
        except KustoMultiApiError as error:
            raise refused(str(error)) from None
        except (KustoError, KustoThrottlingError, HTTPError, requests.RequestException, OSError) as error:
            raise self._worded(error) from None
        except Exception as error:  # noqa: BLE001 - the client's parser raises bare Exception for a broken body
            raise self._worded(error) from None

    def close(self) -> None:
        """Let connections go; a request under way fails."""
        with self._lock:
            for client in self._clients.values():
                client.close()

    def _client(self, workspace: str) -> KustoClient:
        with self._lock:
            if workspace not in self._clients:
                audience = self._target.cloud.kusto_audience
                builder = KustoConnectionStringBuilder.with_token_provider(
                    _cluster(self._target, workspace), lambda: self._sign_in.token(audience, workspace)
                )
                client = KustoClient(builder)
                # The client has no setting for certificates, and words what a service answered so that
                # status, headers and the inner error are lost: its session is our own.
                client._session.close()
                client._session = session(self._verify)
                client._session.hooks["response"].append(self._look)
                self._clients[workspace] = client
            return self._clients[workspace]

    def _look(self, response: requests.Response, **_: Any) -> None:
        """Raise what an answer without success says; the client passes it on as a cause."""
        if response.status_code != 200:
            headers = dict(response.headers)
            role = f"Log Analytics Reader on {name_of(self._arm_id(response.url))}"
            advice = self._sign_in.advice()
            fault = of_status(response.status_code, headers, response.content, role=role, advice=advice)
            self._sign_in.refused(self._target.cloud.kusto_audience, fault, self._arm_id(response.url))
            raise fault
        self._sign_in.accepted(self._target.cloud.kusto_audience, self._arm_id(response.url))
        if "html" in response.headers.get("Content-Type", "").lower():
            raise no_json(response.content, urlsplit(response.url).netloc)

    def _arm_id(self, url: str) -> str:
        path = urlsplit(url).path.lower()
        return next(
            (workspace for workspace in self._target.workspaces if workspace.lower() in path), "the workspace"
        )

    def _worded(self, error: BaseException) -> Fault:
        cause: BaseException | None = error
        while cause is not None:
            for part in (cause, *cause.args):
                if isinstance(part, Fault):
                    return part
            cause = cause.__cause__ or cause.__context__
        return of_network(error, urlsplit(self._target.kusto).netloc)


def _cluster(target: Target, workspace: str) -> str:
    return f"{target.kusto}{quote(_PARTS.sub(lambda part: part[0].lower(), workspace))}"


def _properties(left: float) -> ClientRequestProperties:
    properties = ClientRequestProperties()
    properties.application = APPLICATION
    properties.user = "umdiag"  # else the name of whoever runs this
    properties.set_option(ClientRequestProperties.request_timeout_option_name, timedelta(seconds=int(left)))
    properties.set_option(ClientRequestProperties.results_defer_partial_query_failures_option_name, True)
    return properties


def _answer(frames: Any, ends: float) -> Answer:
    """Read the frames of one answer to the end: the last one tells whether the rows are all."""
    columns: dict[str, str] = {}
    rows: list[list[Any]] = []
    problems: list[str] = []
    seen_rows = complete = False
    for frame in _until_last(frames):
        _refuse_late(ends)
        kind = frame["FrameType"].name
        if kind == "DataTable" and frame["TableKind"] == "PrimaryResult":
            columns, seen_rows = (
                {column["ColumnName"]: column["ColumnType"] for column in frame["Columns"]},
                True,
            )
            for row in frame["Rows"]:
                rows.append(row)
                _refuse_late(ends)
        elif kind == "DataTable" and frame["TableKind"] == "QueryCompletionInformation":
            problems += _told_by_levels(frame)
        elif kind == "DataSetCompletion":
            complete = True
            if frame.get("HasErrors") or frame.get("Cancelled"):
                errors = frame.get("OneApiErrors") or [{"error": {"message": "no reason is given"}}]
                problems += [told(error) for error in errors if not is_warning(error)]
    if any(map(is_too_large, problems)) or len(rows) >= MOST_ROWS or len(rows) == SILENT_LIMIT:
        raise TooLarge(f"{len(rows):,} rows came", columns=columns, rows=rows)
    if problems:
        if not rows:
            raise refused(problems[0])
        return Answer(columns=columns, rows=rows, cut=partly(problems[0]))
    if not seen_rows:
        raise strange("the answer holds no table of rows", again=True)
    cut = "" if complete else partly("the last frame is missing, which says whether all rows came")
    return Answer(columns=columns, rows=rows, cut=cut)


def _refuse_late(ends: float) -> None:
    if time.monotonic() > ends:
        raise Fault("the rows did not all come in time, run again later", again=True)


def _until_last(frames: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield frames up to the last one; the client itself takes the end of the answer for a broken body."""
    rows_came = False
    while True:
        try:
            frame = next(frames)
        except (StopIteration, KustoTokenParsingError):
            if rows_came:
                return  # all rows were read, but nothing says that they are all
            raise
        rows_came = rows_came or frame.get("TableKind") == "PrimaryResult"
        yield frame
        if frame["FrameType"].name == "DataSetCompletion":
            return


def _told_by_levels(frame: Mapping[str, Any]) -> list[str]:
    names = [column["ColumnName"] for column in frame["Columns"]]
    told_rows = [dict(zip(names, row, strict=False)) for row in frame["Rows"]]
    return [
        f"{line.get('EventTypeName') or ''} {line.get('Payload') or line.get('StatusCodeName') or ''}".strip()
        for line in told_rows
        if isinstance(line.get("Level"), int) and line["Level"] <= ERROR_LEVEL
    ]
