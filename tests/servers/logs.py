"""Workspaces: Kusto v2 frames and the Log Analytics query API, both from the same rows."""

from __future__ import annotations

import re
from typing import Any

from servers.rows import Answer, SnapshotRows
from servers.wire import Reply, Request

_KUSTO = re.compile(
    r"(?P<id>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.operationalinsights/workspaces/(?P<name>[^/]+))"
    r"/v2/rest/query",
    re.IGNORECASE,
)
_MONITOR = re.compile(r"/v1/workspaces/(?P<customer>[0-9a-f-]{36})/query", re.IGNORECASE)
_MONITOR_BY_ID = re.compile(r"/v1(?P<id>/subscriptions/.+/workspaces/[^/]+)/query", re.IGNORECASE)


class Logs:
    """Answers for every workspace of a snapshot."""

    def __init__(self, rows: SnapshotRows) -> None:
        self._rows = rows
        self.restore()

    def restore(self) -> None:
        """Answer everything again."""
        #: Workspace name → tables that it never had.
        self.never_existed: dict[str, set[str]] = {}
        self.most_rows = 500_000
        #: What the Kusto route cuts an answer to without a word; None: nothing.
        self.silent_limit: int | None = None

    def answer(self, request: Request) -> Reply | None:
        """Answer a query in the protocol of its path."""
        if request.method != "POST":
            return None
        if match := _KUSTO.fullmatch(request.path):
            content = request.content if isinstance(request.content, dict) else {}
            if str(content.get("db", "")).lower() != match["name"].lower() or "csl" not in content:
                return _error(400, "BadRequest", "no such database")
            return self._kusto(match["id"], str(content["csl"]))
        customer = _MONITOR.fullmatch(request.path)
        by_id = _MONITOR_BY_ID.fullmatch(request.path)
        if not customer and not by_id:
            return None
        if not isinstance(request.content, dict) or "query" not in request.content:
            return Reply(body=b"")  # as documented: success, and nothing in it
        known = {value: key for key, value in self._rows.workspaces.items()}
        id_ = known.get(customer["customer"].lower()) if customer else str(by_id and by_id["id"]).lower()
        return self._monitor(id_ or "", str(request.content["query"]))

    def _rows_of(self, id_: str, text: str) -> Answer | Reply:
        customer = self._rows.workspaces.get(id_.lower())
        if customer is None:
            words = "The provided credentials have insufficient access to perform the requested operation"
            return _error(403, "InsufficientAccessError", words)
        try:
            return self._rows.of_workspace(
                customer, text, self.never_existed.get(id_.rpartition("/")[2].lower(), ())
            )
        except LookupError as missing:
            message = (
                f"'where' operator: Failed to resolve table or column expression named '{missing.args[0]}'"
            )
            semantic = {"code": "SemanticError", "message": "A semantic error occurred."}
            inner = {**semantic, "innererror": {"code": "SEM0100", "message": message}}
            return _error(400, "BadArgumentError", "The request had some invalid properties", inner)
        except ValueError as error:
            inner = {"code": "SyntaxError", "message": str(error)}
            return _error(400, "BadArgumentError", "The request had some invalid properties", inner)

    def _monitor(self, id_: str, text: str) -> Reply:
        found = self._rows_of(id_, text)
        if isinstance(found, Reply):
            return found
        columns, rows = found
        table = {
            "name": "PrimaryResult",
            "columns": [{"name": name, "type": type_} for name, type_ in columns],
            "rows": rows[: self.most_rows],
        }
        content: dict[str, Any] = {"tables": [table]}
        if len(rows) > self.most_rows:
            message = (
                "Query result set has exceeded the internal record count limit (E_QUERY_RESULT_SET_TOO_LARGE)"
            )
            inner = {"code": "-2133196797", "message": message, "severity": 2, "severityName": "Error"}
            content["error"] = {
                "code": "PartialError",
                "message": "There were some errors when processing your query.",
                "details": [{"code": "EngineError", "message": "Something went wrong.", "innererror": inner}],
            }
        return Reply(content=content)

    def _kusto(self, id_: str, text: str) -> Reply:
        found = self._rows_of(id_, text)
        if isinstance(found, Reply):
            return found
        columns, rows = found
        return Reply(
            content=frames(columns, rows if self.silent_limit is None else rows[: self.silent_limit])
        )


def frames(columns: list[tuple[str, str]], rows: list[list[Any]]) -> list[dict[str, Any]]:
    """Return an answer as Kusto v2 frames."""
    status = [
        ("Timestamp", "datetime"),
        ("ClientRequestId", "string"),
        ("ActivityId", "guid"),
        ("SubActivityId", "guid"),
        ("ParentActivityId", "guid"),
        ("Level", "int"),
        ("LevelName", "string"),
        ("StatusCode", "int"),
        ("StatusCodeName", "string"),
        ("EventType", "int"),
        ("EventTypeName", "string"),
        ("Payload", "string"),
    ]
    none = "00000000-0000-0000-0000-000000000000"
    done = ["2024-01-01T00:00:00Z", "r", none, none, none, 4, "Info", 0, "S_OK (0)", 4, "QueryInfo", "{}"]
    properties = [("TableId", "int"), ("Key", "string"), ("Value", "dynamic")]
    return [
        {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"},
        _table(0, "QueryProperties", "@ExtendedProperties", properties, [[1, "Visualization", "{}"]]),
        _table(1, "PrimaryResult", "PrimaryResult", columns, rows),
        _table(2, "QueryCompletionInformation", "QueryCompletionInformation", status, [done]),
        {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False},
    ]


def _table(
    number: int, kind: str, name: str, columns: list[tuple[str, str]], rows: list[list[Any]]
) -> dict[str, Any]:
    return {
        "FrameType": "DataTable",
        "TableId": number,
        "TableKind": kind,
        "TableName": name,
        "Columns": [{"ColumnName": column, "ColumnType": type_} for column, type_ in columns],
        "Rows": rows,
    }


def _error(status: int, code: str, message: str, inner: Any = None) -> Reply:
    error = {"code": code, "message": message} | ({"innererror": inner} if inner else {})
    return Reply(status=status, content={"error": error})
