"""What can be reached, before any analysis: one line for each thing, with what to do where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from umdiag.model import Reach, ReachGroup, State, TableHealth
from umdiag.queries import kql
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.collections import COLLECTIONS, Collection
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.health import MACHINES, UNSHOWN
from umdiag.sources.live.hidden import HIDDEN
from umdiag.sources.live.rights import NEEDS, granted_in, lacking
from umdiag.sources.live.target import group_id, name_of
from umdiag.sources.live.visibility import missing
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute

_of_graph = partial(Reach, group=ReachGroup.RESOURCE_GRAPH)
_of_permissions = partial(Reach, group=ReachGroup.PERMISSIONS)


def reach(azure: Azure) -> Iterator[Reach]:
    """Try everything that a report reads, once; yields as it goes."""
    yield Reach(
        group=ReachGroup.SIGN_IN, what="sign-in", ok=True, told=f"signed in to {azure.target.cloud.name}"
    )
    yield from _workspaces(azure)
    yield from _graph(azure)
    yield from _management(azure)
    yield from _rights(azure)


def _workspaces(azure: Azure) -> Iterator[Reach]:
    asked = {table for query in kql.queries().values() for table in query.tables}
    lines = azure.logs_health()
    said = partial(Reach, group=ReachGroup.WORKSPACES)
    if azure.target.automation_account and not azure.target.workspaces:
        told = "name them in workspaces, else what machines report and need is UNKNOWN"
        yield said(what="workspaces", ok=False, told=told)
    answering: list[TableHealth] = []
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
            yield said(what=f"workspace {name}", ok=False, told=_scoped(told, bool(refused), workspace))
            continue
        yield said(what=f"workspace {name}", ok=True, told=f"answers through {azure.target.workspace_api}")
        answering += [line for line in of_workspace if line.table in asked]
    for line in sorted(answering, key=lambda line: line.table):
        ok = line.state in (State.COMPLETE, State.EMPTY)
        newest = f", newest {to_the_minute(line.newest)}" if line.newest else ""
        told = f"{counted(line.rows, 'row')} in the window{newest}" if ok else line.note
        what = f"table {line.table} of {line.scope}"
        yield Reach(group=ReachGroup.TABLES, what=what, ok=ok, told=told, table=line)


def _graph(azure: Azure) -> Iterator[Reach]:
    queries = [query for query in kql.queries().values() if query.dialect == "graph"]
    rows: dict[str, int] = {}
    tables = dict.fromkeys(table for query in queries for table in query.tables)
    for table in filter(azure.captured.__contains__, tables):
        try:
            rows[table] = azure.graph.count(f"{table} | project id")
            yield _of_graph(what=f"Resource Graph, table {table}", ok=True, told=counted(rows[table], "row"))
        except Fault as fault:
            yield _of_graph(what=f"Resource Graph, table {table}", ok=False, told=fault.reason)
    if not rows:
        return
    yield from _hidden(azure, rows)
    try:
        visible = azure.visibility.seen()
    except Fault as fault:
        yield _of_graph(what="subscriptions", ok=False, told=fault.reason)
        return
    for subscription in azure.target.subscriptions:
        ok = subscription.lower() in visible
        told = (
            "can be seen"
            if ok
            else f"cannot be seen: have Reader on /subscriptions/{subscription} assigned to you"
        )
        yield _of_graph(what=f"subscription {subscription}", ok=ok, told=told)


def _hidden(azure: Azure, rows: Mapping[str, int]) -> Iterator[Reach]:
    """Say of rows that a role may leave out in silence whether they are there, and whose rights lack."""
    try:
        machines = azure.graph.count(kql.queries()[MACHINES].text)
    except Fault:
        return
    for hidden in HIDDEN:
        if not rows.keys() >= {*hidden.tables}:
            continue
        found = sum(rows[table] for table in hidden.tables)
        blind = azure.visibility.blind(hidden.every_operation)
        seen = f"machines are seen, {hidden.name} are not" if machines else f"no {hidden.name} are seen"
        if blind:
            seen = f"{hidden.name} are not seen in every subscription" if found else seen
            fixes = ", ".join(missing(lacks, scope) for (_, scope), lacks in blind.items())
            yield _of_graph(what=hidden.name, ok=False, told=f"{seen}: {fixes}")
        elif found or not machines:
            yield _of_graph(what=hidden.name, ok=True, told=f"{counted(found, 'row')} can be seen")
        elif azure.visibility.rights_are_known:
            told = f"{seen}, though your permissions are sufficient: {UNSHOWN}, or {hidden.none}"
            yield _of_graph(what=hidden.name, ok=True, told=told)
        else:
            told = f"have a role with {' and '.join(hidden.every_operation)} assigned to you"
            yield _of_graph(what=hidden.name, ok=False, told=f"{seen}: {told}, or {hidden.none}")


def _management(azure: Azure) -> Iterator[Reach]:
    asked = {table for query in kql.queries().values() if query.dialect == "arm" for table in query.tables}
    wanted = {
        table: collection
        for table, collection in COLLECTIONS.items()
        if table in asked and collection.of != "parent"
    }
    yield from _collections(azure, wanted, ReachGroup.AUTOMATION_ACCOUNT)
    if azure.target.workspaces and not azure.target.automation_account:
        told = "name it in automation_account, else update runs and missed machines are UNKNOWN"
        yield Reach(group=ReachGroup.AUTOMATION_ACCOUNT, what="automation account", ok=False, told=told)
    yield from _collections(azure, wanted, ReachGroup.RESOURCE_MANAGER)


def _collections(azure: Azure, wanted: Mapping[str, Collection], group: ReachGroup) -> Iterator[Reach]:
    """Try those of the Automation account, or all others."""
    for table, collection in wanted.items():
        if (collection.of == "account") is not (group is ReachGroup.AUTOMATION_ACCOUNT):
            continue
        for scope in azure.management.scopes(collection):
            name = f"{table} of {name_of(scope)}"
            try:
                azure.management.probe(collection, scope)
                yield Reach(group=group, what=name, ok=True, told="can be read")
            except Fault as fault:
                told = _scoped(fault.reason, fault.state is State.DENIED, scope)
                yield Reach(group=group, what=name, ok=False, told=told)


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
        role, operations = NEEDS[kind]
        what = f"permissions on {kind} {name_of(scope)}"
        try:
            lacks = lacking(granted_in(azure.management, scope), operations)
        except Fault as fault:
            yield _of_permissions(
                what=what, ok=False, told=f"{fault.reason}, the role {role} on {scope} is enough"
            )
            continue
        if lacks:
            told = f"have {role} on {scope} assigned to you, you lack {', '.join(lacks)}"
            yield _of_permissions(what=what, ok=False, told=told)
        else:
            yield _of_permissions(what=what, ok=True, told="suffice")
