"""A workspace through the Log Analytics query API, by azure-monitor-query."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from azure.core.rest import HttpRequest
from azure.monitor.query import LogsQueryClient

from umdiag.sources.live.answers import Answer
from umdiag.sources.live.error_objects import is_too_large, is_warning, told
from umdiag.sources.live.faults import TooLarge, partly, refused, strange
from umdiag.sources.live.target import Target, name_of
from umdiag.sources.live.web import Web

#: Documented limit of one answer (azure-monitor limits, read 2026-11-22).
MOST_ROWS = 500_000
_LONGEST_WAIT = 600
_VERSION = "v1"


class MonitorApi:
    """Asks a workspace by its customer id, or by its ARM id where that is all that is known.

    The client's own `query_workspace` takes an empty answer for a success without tables; the request is
    sent through the client and its JSON read here.
    """

    def __init__(self, web: Web) -> None:
        self._web = web
        self._client = LogsQueryClient(
            _Unused(),
            endpoint=web.address,
            api_version=_VERSION,
            transport=web.transport,
            policies=web.policies,
        )

    @staticmethod
    def address(target: Target, workspace: str, customer_id: str) -> str:
        """Return where a workspace's queries are posted to."""
        return f"{target.monitor}/{_VERSION}{_path(workspace, customer_id)}"

    def ask(self, workspace: str, customer_id: str, text: str, *, left: float) -> Answer:
        """Return the rows of one query text. Raises Fault."""
        path = quote(_path(workspace, customer_id))
        wait = max(1, int(min(left, _LONGEST_WAIT)))
        request = HttpRequest("POST", path, json={"query": text}, headers={"Prefer": f"wait={wait}"})
        role = f"Log Analytics Reader on {name_of(workspace)}"
        content, _ = self._web.answer(self._client.send_request, request, left=left, role=role)
        return _answer(content)

    def close(self) -> None:
        """Let connections go."""
        self._client.close()


def _path(workspace: str, customer_id: str) -> str:
    return f"/workspaces/{customer_id}/query" if customer_id else f"{workspace}/query"


def _answer(content: Any) -> Answer:
    error = content.get("error") if isinstance(content, dict) else None
    tables = content.get("tables") if isinstance(content, dict) else None
    if error and not tables:
        raise refused(told(error))
    if not tables:
        raise strange("the answer holds no table of rows", again=True)
    try:
        table = next((table for table in tables if table.get("name") == "PrimaryResult"), tables[0])
        columns = {str(column["name"]): str(column.get("type", "")) for column in table["columns"]}
        rows = list(table["rows"])
    except (AttributeError, KeyError, TypeError):
        raise strange("the answer holds no table of rows") from None
    grave = bool(error) and not is_warning(error)
    if len(rows) >= MOST_ROWS or (grave and is_too_large(told(error))):
        raise TooLarge(f"{len(rows):,} rows came", columns=columns, rows=rows)
    return Answer(columns=columns, rows=rows, cut=partly(told(error)) if grave else "")


class _Unused:
    """The client wants a credential; the pipeline that it is given signs in by itself."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise NotImplementedError
