"""Azure Resource Manager and Resource Graph, from the snapshot's objects and graph tables."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from servers import errors
from servers.objects import LISTED, TABLES, rest, selected
from servers.rows import SnapshotRows
from servers.wire import Reply, Request

_ACCOUNT = (
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.automation/automationaccounts/[^/]+"
)
_WORKSPACE = (
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.operationalinsights/workspaces/[^/]+"
)
_LISTS = {
    rf"{_ACCOUNT}/(?P<table>softwareUpdateConfigurations|softwareUpdateConfigurationRuns|"
    r"softwareUpdateConfigurationMachineRuns|hybridRunbookWorkerGroups|jobs)": "",
    rf"{_ACCOUNT}/hybridRunbookWorkerGroups/[^/]+/(?P<table>hybridRunbookWorkers)": "",
    rf"{_WORKSPACE}/(?P<table>linkedServices|savedSearches)": "",
    r"/subscriptions/[^/]+/(?P<table>providers)": "",
}
_SINGLE = {
    rf"{_ACCOUNT}/softwareUpdateConfigurations/[^/]+": "softwareUpdateConfigurations",
    rf"{_ACCOUNT}/jobs/[^/]+": "jobs",
    _WORKSPACE: "workspaces",
}
_PERMISSIONS = re.compile(r"(?P<scope>.+)/providers/Microsoft\.Authorization/permissions", re.IGNORECASE)
_GROUPS = "/providers/microsoft.management/managementgroups/"
_SINCE = re.compile(r"properties/(\w+) ge (\S+)")
_PAGE = 100


class Management:
    """GET of objects and collections, POST of Resource Graph queries."""

    def __init__(self, rows: SnapshotRows) -> None:
        self._rows = rows
        self.address = ""
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self.restore()

    def restore(self) -> None:
        """Answer everything again."""
        self.denied: list[str] = []
        #: Subscriptions below each management group.
        self.groups: dict[str, list[str]] = {}
        #: Resource Graph queries a second; None: any number.
        self.quota: int | None = None
        self.total_shift = 0
        #: Subscriptions that the caller may read; None: all.
        self.visible: set[str] | None = None
        #: Tables of which the caller's role shows no row.
        self.hidden: set[str] = set()
        #: Reads of a subscription at once, and how many more a second; None: any number.
        self.bucket: tuple[int, float] | None = None
        self._levels: dict[str, tuple[float, float]] = {}
        self._asked: deque[float] = deque()
        #: name → (number of rows, row by number), for tables too large to hold.
        self.made: dict[str, tuple[int, Callable[[int], Mapping[str, Any]]]] = {}

    def answer(self, request: Request) -> Reply | None:
        """Answer one request of either service."""
        if request.path.lower() == "/providers/microsoft.resourcegraph/resources":
            return self._graph(request) if request.method == "POST" else None
        if request.method != "GET" or not request.path.lower().startswith(("/subscriptions", _GROUPS)):
            return None
        if "api-version" not in request.query:
            return errors.error(
                400, "MissingApiVersionParameter", "The api-version query parameter is required."
            )
        if any(request.path.lower().startswith(one.lower()) for one in self.denied):
            words = f"The client does not have authorization to perform action over scope '{request.path}'."
            return errors.error(403, "AuthorizationFailed", words)
        if request.path.lower().startswith(_GROUPS):
            return self._permissions(request.path)
        subscription = request.path.split("/")[2].lower()
        if self.visible is not None and subscription not in self.visible:
            words = f"The client does not have authorization over scope '/subscriptions/{subscription}'."
            return errors.error(403, "AuthorizationFailed", words)
        if self._is_empty(subscription):
            return errors.subscription_throttled(subscription)
        return self._object(request) or self._list(request) or self._permissions(request.path)

    def _list(self, request: Request) -> Reply | None:
        for pattern in _LISTS:
            if match := re.fullmatch(pattern, request.path, re.IGNORECASE):
                break
        else:
            return None
        table = next(one for one in TABLES if one.lower() == match["table"].lower())
        objects = self._below(table).get(request.path.lower(), [])
        if table == "providers" and not objects:  # each lists every provider, registered or not
            return errors.error(404, "SubscriptionNotFound", f"{request.path} could not be found.")
        if select := request.query.get("$select"):
            objects = [selected(one, select) for one in objects]
        if since := _SINCE.search(request.query.get("$filter", "")):
            objects = [one for one in objects if str(one["properties"].get(since[1], "9")) >= since[2]]
        if table in LISTED:
            objects = [LISTED[table](one) for one in objects]
        start = int(request.query.get("$skip", 0))
        content: dict[str, Any] = {"value": objects[start : start + _PAGE]}
        if start + _PAGE < len(objects):
            version = request.query["api-version"]
            # As the publisher's examples have it: the port, a parameter of nobody's, and the place as it is.
            address = self.address if ":" in self.address.removeprefix("https://") else f"{self.address}:443"
            # The publisher's slip: the next page of machine runs names the path of runs.
            path = request.path.replace("MachineRuns", "Runs")
            # And leaves out the filter that was asked with.
            content["nextLink"] = f"{address}{path}?api-version={version}&_=1518738&$skip={start + _PAGE}"
        return Reply(content=content)

    @cache  # noqa: B019 - a stand-in lives as long as its test
    def _below(self, table: str) -> Mapping[str, list[dict[str, Any]]]:
        """Return a table's objects by the (folded) path of the collection they lie in."""
        found: dict[str, list[dict[str, Any]]] = {}
        with self._building:
            for one in self._rows.objects(table):
                found.setdefault(str(one["id"]).lower().rpartition("/")[0], []).append(rest(one))
        return found

    def _object(self, request: Request) -> Reply | None:
        for pattern, table in _SINGLE.items():
            if re.fullmatch(pattern, request.path, re.IGNORECASE):
                for one in self._below(table).get(request.path.lower().rpartition("/")[0], []):
                    if one["id"].lower() == request.path.lower():
                        return Reply(content=one)
                return errors.error(404, "ResourceNotFound", f"{request.path} was not found.")
        return None

    def _permissions(self, path: str) -> Reply | None:
        match = _PERMISSIONS.fullmatch(path)
        if not match:
            return None
        own = [
            one
            for one in self._rows.objects("permissions")
            if str(one["id"]).lower() == match["scope"].lower()
        ]
        sets = own or self._rows.objects("permissions")[:1]
        value = [{name: json.loads(one[name] or "[]") for name in ("actions", "notActions")} for one in sets]
        return Reply(content={"value": value})

    # -- Resource Graph ---------------------------------------------------------------------------

    def _graph(self, request: Request) -> Reply:
        if "application/json" not in request.headers.get("content-type", ""):
            return errors.error(500, "InternalServerError", "Encountered internal server error.")
        content = request.content if isinstance(request.content, dict) else {}
        headers = self._quota()
        if headers is None:
            return errors.graph_throttled()
        text = str(content.get("query", ""))
        if re.search(r"^\s*let\b|leftanti", text, re.MULTILINE):
            return errors.graph_error(
                400, "BadRequest", "Please provide below info", "ParserFailure", "let is not supported"
            )
        if not self._sees(content):
            return errors.graph_error(
                403,
                "Forbidden",
                "Please provide below info",
                "AccessDenied",
                "Access to the scope is denied.",
            )
        options = content.get("options") or {}
        top = min(int(options.get("$top", 100)), 1000)
        try:
            start = int(base64.b64decode(options["$skipToken"])) if options.get("$skipToken") else 0
        except ValueError:
            return errors.error(400, "BadRequest", "The skip token is not valid.")
        try:
            columns, total, rows = self._rows_of(content, text, start, top)
        except LookupError as unknown:
            said = f"Table {unknown} is invalid, unsupported or disallowed."
            return errors.graph_error(
                400, "BadRequest", "Please provide below info", "DisallowedLogicalTableName", said
            )
        data: Any = [dict(zip(columns, row, strict=True)) for row in rows]
        page: dict[str, Any] = {
            "totalRecords": total + self.total_shift,
            "count": len(rows),
            "data": data,
            "facets": [],
            "resultTruncated": "true" if start + len(rows) < total else "false",
        }
        if start + len(rows) < total and "id" in columns:
            page["$skipToken"] = base64.b64encode(str(start + len(rows)).encode()).decode()
        return Reply(content=page, headers=headers)

    def _rows_of(
        self, content: Mapping[str, Any], text: str, start: int, top: int
    ) -> tuple[list[str], int, list[list[Any]]]:
        named = next((name for name in self.made if re.search(rf"^{name}\b", text, re.MULTILINE)), None)
        if named:
            total, row = self.made[named]
            made = [row(number) for number in range(start, min(start + top, total))]
            return list(made[0]) if made else ["id"], total, [list(one.values()) for one in made]
        wanted = content.get("subscriptions")
        if groups := content.get("managementGroups"):
            wanted = [one for group in groups for one in self.groups.get(group, ())]
        if self.visible is not None:  # what one may not read is left out, without a word
            known = wanted if wanted is not None else sorted(self.visible)
            wanted = [one for one in known if one.lower() in self.visible]
        if self._tables(text) & self.hidden:
            wanted = []
        columns, rows = self._rows.of_subscriptions(wanted, text)
        dynamic = [number for number, (_, type_) in enumerate(columns) if type_ == "dynamic"]
        page = [list(row) for row in rows[start : start + top]]
        for row in page:
            for number in dynamic:
                row[number] = json.loads(row[number]) if isinstance(row[number], str) else row[number]
        return [name for name, _ in columns], len(rows), page

    @staticmethod
    def _tables(text: str) -> set[str]:
        """Return what a query asks: the table at its beginning."""
        return set(re.findall(r"^(\w+) *(?:\||$)", text, re.MULTILINE))

    def _sees(self, content: Mapping[str, Any]) -> bool:
        """Whether the caller may read any of the subscriptions that a request names."""
        named = content.get("subscriptions") or ()
        return self.visible is None or not named or any(one.lower() in self.visible for one in named)

    def _is_empty(self, subscription: str) -> bool:
        """Count a read of a subscription; whether its bucket holds none any more."""
        if self.bucket is None:
            return False
        capacity, a_second = self.bucket
        with self._lock:
            now = time.monotonic()
            level, counted = self._levels.get(subscription, (float(capacity), now))
            level = min(capacity, level + (now - counted) * a_second)
            self._levels[subscription] = (level - 1 if level >= 1 else level, now)
        return level < 1

    def _quota(self) -> dict[str, str] | None:
        """Count a request of this second; None: one too many."""
        if self.quota is None:
            return {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}
        with self._lock:
            now = time.monotonic()
            while self._asked and self._asked[0] < now - 1:
                self._asked.popleft()
            if len(self._asked) >= self.quota:
                return None
            self._asked.append(now)
            left = self.quota - len(self._asked)
        return {"x-ms-user-quota-remaining": str(left), "x-ms-user-quota-resets-after": "00:00:01"}
