"""Azure Resource Graph: pages by token, counted, within its quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from umdiag.model import State
from umdiag.queries.kql import Query
from umdiag.sources.live.answers import Answer, frame_of, rows_of
from umdiag.sources.live.faults import Fault, strange
from umdiag.sources.live.gates import Gate
from umdiag.sources.live.manners import Manners
from umdiag.sources.live.target import Target
from umdiag.sources.live.waits import quota_reset
from umdiag.sources.live.web import Web

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_VERSION = {"api-version": "2021-03-01"}
_PAGE = 1000
#: Of fewer rows no answer is too large in bytes (16 MB).
_SMALLEST_PAGE = 10
_TOO_MANY_BYTES = "ResponsePayloadTooLarge"
#: Subscriptions in one request: fewer than 300 are advised (Resource Graph throttling, read 2026-11-22).
_SUBSCRIPTIONS = 250
_ROLE = "Reader on the subscriptions"


class ResourceGraph:
    """Asks Resource Graph for all rows of a query in the scope of one investigation."""

    def __init__(self, web: Web, target: Target, manners: Manners) -> None:
        self._web = web
        self._manners = manners
        self._gate = Gate(manners.limits.graph_queries, manners.limits.graph_rate, first_alone=True)
        self.scopes = _scopes(target)

    @staticmethod
    def address(target: Target) -> str:
        """Return where every query is posted to."""
        return f"{target.management}{_PATH}?{urlencode(_VERSION)}"

    def ask(self, query: Query, text: str) -> tuple[pd.DataFrame, list[str]]:
        """Return the rows of a query that projects `id` and is ordered by it, and why they are not all.

        What came before a page failed is kept. Raises Fault where nothing came.
        """
        frames: list[pd.DataFrame] = []
        cuts: list[str] = []
        faults: list[Fault] = []
        for scope in self.scopes:
            try:
                for frame, cut in self._pages(query, text, scope):
                    frames.append(frame)
                    cuts += [cut] if cut else []
            except Fault as fault:
                faults.append(fault)
                cuts.append(fault.reason)
        if faults and not frames:
            raise next((fault for fault in faults if fault.state is State.DENIED), faults[0])
        rows = pd.concat(frames, ignore_index=True)
        return rows.drop_duplicates("id", ignore_index=True) if len(self.scopes) > 1 else rows, cuts

    def count(self, text: str) -> int:
        """Return how many rows a query has, asking for one."""
        return sum(_total(self._page(text, scope, "", 1)) for scope in self.scopes)

    def _pages(
        self, query: Query, text: str, scope: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[pd.DataFrame, str]]:
        came, tokens = 0, {""}
        token, top = "", _PAGE
        while True:
            try:
                page = self._page(text, scope, token, top)
            except Fault as fault:
                if _TOO_MANY_BYTES in fault.said and top > _SMALLEST_PAGE:
                    top //= 2
                    continue
                if not came:
                    raise
                yield (
                    frame_of(query.columns, Answer(columns=query.columns, rows=[]), query.name),
                    f"after {came:,} rows {fault.reason}",
                )
                return
            frame = _frame(query, page)
            came += len(frame)
            of_all = f"{came:,} of {page.get('totalRecords')} rows"
            token = str(page.get("$skipToken") or "")
            cut = ""
            if token and token in tokens:
                cut = f"a page repeats itself after {of_all}, run again later"
            elif not token and str(page.get("resultTruncated", "false")).lower() == "true":
                cut = f"rows are missing after {of_all}, the service gives no next page"
            elif not token and came < _total(page):
                cut = f"only {of_all} came, run again later"
            elif page.get("limit_hit"):
                cut = "not every subscription was searched, name fewer in subscriptions"
            yield frame, cut
            if not token or token in tokens:
                return
            tokens.add(token)

    def _page(self, text: str, scope: Mapping[str, Sequence[str]], token: str, top: int) -> Mapping[str, Any]:
        options: dict[str, Any] = {"$top": top, "resultFormat": "objectArray"}
        if token:
            options["$skipToken"] = token
        content = {**scope, "query": text, "options": options}

        def once(left: float) -> Mapping[str, Any]:
            page, headers = self._web.ask(
                "POST", _PATH, left=left, parameters=_VERSION, content=content, role=_ROLE
            )
            if headers.get("x-ms-user-quota-remaining", "").strip() == "0":
                self._gate.close(min(quota_reset(headers) or 0, self._manners.limits.longest_pause))
            if not isinstance(page, dict) or "data" not in page:
                raise strange("the answer holds no rows", again=True)
            limit_hit = headers.get("x-ms-tenant-subscription-limit-hit", "").lower() == "true"
            return {**page, "limit_hit": limit_hit}

        return self._manners.carry_out(once, self._gate)


def _scopes(target: Target) -> list[Mapping[str, Sequence[str]]]:
    """Split what is asked into requests: subscriptions in groups, management groups apart from them."""
    named = target.subscriptions
    scopes: list[Mapping[str, Sequence[str]]] = [
        {"subscriptions": list(named[start : start + _SUBSCRIPTIONS])}
        for start in range(0, len(named), _SUBSCRIPTIONS)
    ]
    if target.management_groups:
        scopes.append({"managementGroups": list(target.management_groups)})
    return scopes


def _frame(query: Query, page: Mapping[str, Any]) -> pd.DataFrame:
    data = page["data"]
    try:
        if isinstance(data, dict):  # the table format, which older clients get
            columns = {column["name"]: column.get("type", "") for column in data["columns"]}
            answer = Answer(columns=columns, rows=list(data["rows"]))
        else:
            answer = Answer(columns=query.columns, rows=rows_of(data, list(query.columns)))
    except (AttributeError, KeyError, TypeError):
        raise strange("the answer holds something other than rows") from None
    return frame_of(query.columns, answer, query.name)


def _total(page: Mapping[str, Any]) -> int:
    try:
        return int(page.get("totalRecords") or 0)
    except (TypeError, ValueError):
        raise strange("the answer does not say how many rows there are") from None
