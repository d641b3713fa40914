"""What would be sent, and how much each query would read, before anything is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from umdiag.errors import SourceError
from umdiag.queries import kql
from umdiag.queries.kql import Query
from umdiag.sources.live.azure import SPARE, Azure
from umdiag.sources.live.collections import COLLECTIONS, absent_parameter, asked_with
from umdiag.sources.live.graph import ResourceGraph
from umdiag.sources.live.kusto import KustoApi
from umdiag.sources.live.monitor import MonitorApi
from umdiag.sources.live.parts import Window, reasons_of
from umdiag.sources.live.target import Target, group_id
from umdiag.sources.live.visibility import SUBSCRIPTIONS
from umdiag.sources.live.volumes import volumes_text

_USAGE_COLUMNS = {"data_type": "string", "megabytes": "real"}
#: `_LogOperation` is a function over this table.
_BILLED_AS: Mapping[str, str] = {"_LogOperation": "Operation"}


def counting(target: Target, window: Window) -> Iterator[str]:
    """Yield what counts the rows of every table of every workspace, for the data-health block."""
    yield from _of_workspaces(target)
    yield volumes_text(window).rstrip()


def addresses(target: Target, query: Query, window: Window) -> Iterator[str]:
    """Yield the requests by which a query's rows come, one line each."""
    if query.dialect == "logs":
        yield from _of_workspaces(target) if target.workspaces else ("nothing: workspaces is not given",)
    elif query.dialect == "graph":
        scope = [f"subscription {subscription}" for subscription in target.subscriptions]
        scope += [f"management group {group}" for group in target.management_groups]
        yield f"POST {ResourceGraph.address(target)}"
        yield f"  for {', '.join(scope)}"
        if query.name != SUBSCRIPTIONS:
            yield from _collection(target, "permissions", window, "graph")
    else:
        for table in query.tables:
            yield from _collection(target, table, window)


def _of_workspaces(target: Target) -> Iterator[str]:
    api = KustoApi if target.workspace_api == "kusto" else MonitorApi
    for workspace in target.workspaces:
        yield f"POST {api.address(target, workspace, f'<customer id of {workspace}>')}"


def _collection(target: Target, table: str, window: Window, of: str = "") -> Iterator[str]:
    collection = COLLECTIONS[table]
    version = f"?api-version={collection.version}"
    asked = "".join(f"&{name}={text}" for name, text in asked_with(collection, window.start - SPARE).items())
    if not of and (absent := absent_parameter(collection, target)):
        yield f"nothing: {absent} is not given"
        return
    scopes = {
        "account": [target.automation_account],
        "workspace": list(target.workspaces),
        "subscription": [f"/subscriptions/{subscription}" for subscription in target.subscriptions],
        "graph": [
            *(f"/subscriptions/{subscription}" for subscription in target.subscriptions),
            *map(group_id, target.management_groups),
        ],
        "parent": [f"{target.automation_account}/{collection.parent}/<each>"],
    }[of or collection.of]
    if collection.of == "subscription":
        scopes += [f"/subscriptions/<each of management group {group}>" for group in target.management_groups]
    for scope in scopes:
        yield f"GET {target.management}{scope}{collection.path}{version}{asked}"
        if collection.whole:
            yield f"GET {target.management}{scope}{collection.path}/<each>{version}"


def volumes(azure: Azure) -> dict[str, float]:
    """Return the megabytes of each table in the window, over all workspaces, asking `Usage` alone.

    Raises SourceError where a workspace does not say.
    """
    start, end = (
        kql.literal(moment, "datetime", "") for moment in (azure.window.start, azure.window.asked_at)
    )
    text = (
        f"Usage\n| where TimeGenerated > {start} and TimeGenerated <= {end}\n"
        "| summarize megabytes = sum(Quantity) by DataType\n| project data_type = DataType, megabytes\n"
    )
    found: dict[str, float] = {}
    parts = azure.workspaces.ask_once(text, _USAGE_COLUMNS, "Usage")
    for _, reason in reasons_of(parts, ("Usage",)):
        raise SourceError(reason)
    for part in parts.values():
        if part.frame is None:
            continue
        for data_type, megabytes in zip(part.frame["data_type"], part.frame["megabytes"], strict=True):
            found[data_type] = found.get(data_type, 0.0) + float(megabytes)
    return found


def reads(query: Query, megabytes: Mapping[str, float]) -> float | None:
    """Return the megabytes that a log query would look through, None for what is no log query.

    A table that is read in several places of a text counts each time; columns that it leaves aside count too,
    so this is an upper bound.
    """
    if query.dialect != "logs":
        return None
    return sum(
        megabytes.get(_BILLED_AS.get(table, table), 0.0) * _places(query, table) for table in query.tables
    )


def _places(query: Query, table: str) -> int:
    lines: Sequence[str] = [line for line in query.text.splitlines() if not line.startswith("//")]
    return max(1, sum(line.split("= ")[-1].strip() == table for line in lines))
