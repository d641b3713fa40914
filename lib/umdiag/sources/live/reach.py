"""What can be reached, before any analysis: one line for each thing, with what to do where it cannot."""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import Reach, State
from umdiag.queries import kql
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.collections import COLLECTIONS
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.rights import NEEDS, lacking
from umdiag.sources.live.target import group_id, name_of
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute


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
    tables = dict.fromkeys(table for query in queries for table in query.tables)
    for table in filter(azure.captured.__contains__, tables):
        try:
            told = counted(azure.graph.count(f"{table} | project id"), "row")
            reached = True
            yield Reach(what=f"Resource Graph, table {table}", ok=True, told=told)
        except Fault as fault:
            yield Reach(what=f"Resource Graph, table {table}", ok=False, told=fault.reason)
    if not reached:
        return
    try:
        visible = azure.visibility.seen()
    except Fault as fault:
        yield Reach(what="subscriptions", ok=False, told=fault.reason)
        return
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
    if azure.target.workspaces and not azure.target.automation_account:
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
    scopes += [("management group", group_id(group)) for group in target.management_groups]
    for kind, scope in scopes:
        role = NEEDS[kind][0]
        what = f"permissions on {kind} {name_of(scope)}"
        try:
            lacks = lacking(azure.management, kind, scope)
        except Fault as fault:
            yield Reach(what=what, ok=False, told=f"{fault.reason}, the role {role} on {scope} is enough")
            continue
        if lacks:
            told = f"have {role} on {scope} assigned to you, you lack {', '.join(lacks)}"
            yield Reach(what=what, ok=False, told=told)
        else:
            yield Reach(what=what, ok=True, told="suffice")
