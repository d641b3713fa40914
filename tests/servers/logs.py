"""Workspaces: Kusto v2 frames and the Log Analytics query API, both from the same rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from servers import errors
from servers.rows import Answer, SnapshotRows
from servers.wire import Reply, Request
from umdiag.queries import kql

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
        #: Workspace name → columns (table, column) that it never had.
        self.absent: dict[str, set[tuple[str, str]]] = {}
        #: Workspace name → tables on the Basic plan.
        self.basic: dict[str, set[str]] = {}
        #: Workspace name → tables that take longer than a query may.
        self.slow: dict[str, set[str]] = {}
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
                return errors.error(400, "BadRequest", "no such database")
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
            return errors.error(403, "InsufficientAccessError", words)
        name = id_.rpartition("/")[2].lower()
        named = _named(text)
        if named & self.basic.get(name, set()):
            return errors.basic_plan()
        if named & self.slow.get(name, set()):
            return errors.timed_out()
        missing, absent = self.never_existed.get(name, set()), self.absent.get(name, set())
        if lacking := _read_of(text, {(table, column) for table, column in absent if table in named}):
            return errors.unresolved(lacking[0], column=True)
        try:
            return self._rows.of_workspace(customer, text, missing, absent)
        except LookupError as gone:
            return errors.unresolved(str(gone.args[0]))
        except ValueError as error:
            return errors.syntax(str(error))

    def _left_out(self, id_: str, text: str) -> list[str]:
        """Return the tables that a fuzzy union went on without."""
        gone = self.never_existed.get(id_.rpartition("/")[2].lower(), set()) | self._unknown()
        return sorted(_named(text) & gone) if "isfuzzy=true" in text else []

    def _unknown(self) -> set[str]:
        return set(kql.tables()["workspace"]) - self._rows.tables

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
        if left_out := self._left_out(id_, text):
            content["error"] = errors.dropped(left_out[0])
        if len(rows) > self.most_rows:
            content["error"] = errors.too_large(self.most_rows)
        return Reply(content=content, zipped=True)

    def _kusto(self, id_: str, text: str) -> Reply:
        found = self._rows_of(id_, text)
        if isinstance(found, Reply):
            return found
        columns, rows = found
        # Its nulls of text and of dynamics are empty texts.
        empty = [type_ in ("string", "dynamic") for _, type_ in columns]
        rows = [
            ["" if value is None and blank else value for value, blank in zip(row, empty, strict=True)]
            for row in rows
        ]
        sent = rows if self.silent_limit is None else rows[: self.silent_limit]
        warnings = [f"Failed to resolve table expression named '{one}'" for one in self._left_out(id_, text)]
        return Reply(content=frames(columns, sent, warnings))


def _named(text: str) -> set[str]:
    """Return the tables that a text names outside of its comments and strings."""
    return set(re.findall(r"\w+", _plain(text))) & set(kql.tables()["workspace"])


def _read_of(text: str, absent: set[tuple[str, str]]) -> list[str]:
    """Return which of these columns a text reads without supplying them itself."""
    plain = _plain(text)
    supplied = set(re.findall(r"(\w+) = ", " ".join(re.findall(r"(?m)^\| extend (.+);$", plain))))
    return [column for _, column in sorted(absent) if column in set(re.findall(r"\w+", plain)) - supplied]


def _plain(text: str) -> str:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    return re.sub(r'"[^"]*"', "", lines)


def frames(
    columns: list[tuple[str, str]], rows: list[list[Any]], warnings: Sequence[str] = ()
) -> list[dict[str, Any]]:
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
    warned = [[*done[:5], 3, "Warning", *done[7:10], "Warning", message] for message in warnings]
    properties = [("TableId", "int"), ("Key", "string"), ("Value", "dynamic")]
    return [
        {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"},
        _table(0, "QueryProperties", "@ExtendedProperties", properties, [[1, "Visualization", "{}"]]),
        _table(1, "PrimaryResult", "PrimaryResult", columns, rows),
        _table(2, "QueryCompletionInformation", "QueryCompletionInformation", status, [*warned, done]),
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
