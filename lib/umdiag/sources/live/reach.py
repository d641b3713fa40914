"""What can be reached, before any analysis: one line for each thing, with what to do where it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from umdiag.model import Reach, State
from umdiag.queries import kql
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.collections import COLLECTIONS
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.target import name_of
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute

#: Kind of scope → the role that reads it, and the operations the kit asks for there (Azure's built-in roles).
_NEEDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "workspace": (
        "Log Analytics Reader",
        (
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/query/read",
            "Microsoft.OperationalInsights/workspaces/linkedServices/read",
        ),
    ),
    "automation account": (
        "Reader",
        tuple(
            f"Microsoft.Automation/automationAccounts/{part}/read"
            for part in (
                "softwareUpdateConfigurations",
                "softwareUpdateConfigurationRuns",
                "softwareUpdateConfigurationMachineRuns",
                "hybridRunbookWorkerGroups",
                "hybridRunbookWorkerGroups/hybridRunbookWorkers",
                "jobs",
            )
        ),
    ),
    "subscription": (
        "Reader",
        (
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Compute/virtualMachines/read",
            "Microsoft.HybridCompute/machines/read",
        ),
    ),
}


def reach(azure: Azure) -> Iterator[Reach]:
    """Try everything that a report reads, once; yields as it goes."""
    yield Reach(what="sign-in", ok=True, told=f"signed in to {azure.target.cloud.name}")
    yield from _workspaces(azure)
    yield from _graph(azure)
    yield from _management(azure)
    yield from _rights(azure)


def _workspaces(azure: Azure) -> Iterator[Reach]:
    asked = {table for query in kql.queries().values() for table in query.tables}
    lines = azure.logs_health()
    for workspace in azure.target.workspaces:
        name = name_of(workspace)
        of_workspace = [line for line in lines if line.scope == name]
        refused = [
            line for line in of_workspace if line.state not in (State.MISSING, State.COMPLETE, State.EMPTY)
        ]
        if (
            not of_workspace
            or len(refused) == len(of_workspace)
            or all(line.state is State.MISSING for line in of_workspace)
        ):
            told = next((line.note for line in of_workspace), "nothing came")
            yield Reach(what=f"workspace {name}", ok=False, told=_scoped(told, bool(refused), workspace))
            continue
        yield Reach(what=f"workspace {name}", ok=True, told=f"answers through {azure.target.workspace_api}")
        for line in of_workspace:
            if line.table in asked:
                ok = line.state in (State.COMPLETE, State.EMPTY)
                newest = f", newest {to_the_minute(line.newest)}" if line.newest else ""
                told = f"{counted(line.rows, 'row')} in the window{newest}" if ok else line.note
                yield Reach(what=f"table {line.table} of {name}", ok=ok, told=told)


def _graph(azure: Azure) -> Iterator[Reach]:
    queries = [query for query in kql.queries().values() if query.dialect == "graph"]
    reached = False
    for table in dict.fromkeys(table for query in queries for table in query.tables):
        try:
            told = counted(azure.graph.count(f"{table} | project id"), "row")
            reached = True
            yield Reach(what=f"Resource Graph, table {table}", ok=True, told=told)
        except Fault as fault:
            yield Reach(what=f"Resource Graph, table {table}", ok=False, told=fault.reason)
    if not reached:
        return
    subscriptions = next(query for query in queries if query.name == "subscriptions")
    try:
        frame, _ = azure.graph.ask(subscriptions, subscriptions.text)
    except Fault as fault:
        yield Reach(what="subscriptions", ok=False, told=fault.reason)
        return
    visible = set(frame["subscription_id"].str.lower())
    for subscription in azure.target.subscriptions:
        ok = subscription.lower() in visible
        told = (
            "can be seen"
            if ok
            else f"cannot be seen: have Reader on /subscriptions/{subscription} assigned to you"
        )
        yield Reach(what=f"subscription {subscription}", ok=ok, told=told)


def _management(azure: Azure) -> Iterator[Reach]:
    asked = {table for query in kql.queries().values() if query.dialect == "arm" for table in query.tables}
    for table, collection in COLLECTIONS.items():
        if table not in asked or collection.of == "parent":
            continue
        for scope in azure.management.scopes(collection):
            name = f"{table} of {name_of(scope)}"
            try:
                azure.management.probe(collection, scope)
                yield Reach(what=name, ok=True, told="can be read")
            except Fault as fault:
                told = _scoped(fault.reason, fault.state is State.DENIED, scope)
                yield Reach(what=name, ok=False, told=told)
    if not azure.target.automation_account:
        told = "name it in automation_account, else update runs and missed machines are UNKNOWN"
        yield Reach(what="automation account", ok=False, told=told)


def _scoped(told: str, denied: bool, scope: str) -> str:
    return f"{told} (scope {scope})" if denied else told


def _rights(azure: Azure) -> Iterator[Reach]:
    """Compare what the caller may do with what the kit asks for, scope by scope."""
    target = azure.target
    scopes = [("workspace", workspace) for workspace in target.workspaces]
    scopes += [("automation account", target.automation_account)] if target.automation_account else []
    scopes += [("subscription", f"/subscriptions/{subscription}") for subscription in target.subscriptions]
    for kind, scope in scopes:
        role, operations = _NEEDS[kind]
        what = f"permissions on {kind} {name_of(scope)}"
        try:
            content = azure.management.probe(COLLECTIONS["permissions"], scope)
        except Fault as fault:
            yield Reach(what=what, ok=False, told=f"{fault.reason}, the role {role} on {scope} is enough")
            continue
        granted = content.get("value", ()) if isinstance(content, Mapping) else ()
        lacking = [operation for operation in operations if not _allowed(granted, operation)]
        if lacking:
            told = f"have {role} on {scope} assigned to you, you lack {', '.join(lacking)}"
            yield Reach(what=what, ok=False, told=told)
        else:
            yield Reach(what=what, ok=True, told="suffice")


def _allowed(granted: Sequence[Mapping[str, Any]], operation: str) -> bool:
    """Whether one of the granted sets of actions holds an operation and does not take it back."""
    return any(
        _matches(permission.get("actions") or (), operation)
        and not _matches(permission.get("notActions") or (), operation)
        for permission in granted
    )


def _matches(patterns: Sequence[str], operation: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), operation, re.IGNORECASE)
        for pattern in patterns
    )
