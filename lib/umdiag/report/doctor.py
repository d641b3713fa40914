"""Say, before any analysis, what can be reached and what to do about the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from umdiag.errors import SourceError
from umdiag.model import Reach, ReachGroup, State, TableHealth
from umdiag.parameters import Parameters
from umdiag.queries import kql
from umdiag.sources import Source
from umdiag.sources.opening import open_source, target_of
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute


def examine(parameters: Parameters) -> Iterator[Reach]:
    """Yield what a report would read, one thing at a time, as it is tried.

    Raises ParameterError for parameters that turn out to be wrong.
    """
    if parameters.source == "azure":
        yield from _azure(parameters)
        return
    source = open_source(parameters)
    try:
        yield from _snapshot(source)
    finally:
        source.close()


def _azure(parameters: Parameters) -> Iterator[Reach]:
    from umdiag.sources.live.azure import Azure
    from umdiag.sources.live.reach import reach

    try:
        azure = Azure(target_of(parameters))
    except SourceError as error:
        yield Reach(group=ReachGroup.SIGN_IN, what="sign-in", ok=False, told=str(error))
        return
    try:
        asked_at = parameters.asked_at
        if asked_at == "latest":
            try:
                asked_at = azure.newest()
            except SourceError as error:
                yield Reach(group=ReachGroup.SIGN_IN, what="newest row", ok=False, told=str(error))
                asked_at = None
        azure.look_at(asked_at or azure.clock(), parameters.lookback)
        yield from reach(azure)
    finally:
        azure.close()


def together(reached: Iterable[Reach]) -> Iterator[Reach]:
    """Yield what was reached, of a table that several workspaces answer one line for all of them."""
    lines = list(reached)
    answered: dict[str, list[TableHealth]] = {}
    for reach in lines:
        if reach.ok and reach.table:
            answered.setdefault(reach.table.table, []).append(reach.table)
    for reach in lines:
        same = answered.get(reach.table.table, []) if reach.ok and reach.table else []
        if len(same) < 2:
            yield reach
        elif reach.table is same[0]:
            newest = max((line.newest for line in same if line.newest), default=None)
            told = f"{counted(sum(line.rows for line in same), 'row')} of {len(same)} workspaces"
            told += f", newest {to_the_minute(newest)}" if newest else ""
            yield replace(reach, what=f"table {same[0].table}", told=told)


def _snapshot(source: Source) -> Iterator[Reach]:
    order = list(ReachGroup)
    lines = sorted(source.health(), key=lambda line: (order.index(_group(line.table)), line.table))
    for line in lines:
        ok = line.state in (State.COMPLETE, State.EMPTY)
        told = counted(line.rows, "row") if ok else line.note or line.state.value
        what = f"table {line.table}" + (f" of {line.scope}" if line.scope != "workspace" else "")
        yield Reach(group=_group(line.table), what=what, ok=ok, told=told, table=line)


def _group(table: str) -> ReachGroup:
    """Return where a table of a snapshot comes from."""
    known = kql.tables()
    if table in known["graph"]:
        return ReachGroup.RESOURCE_GRAPH
    return ReachGroup.RESOURCE_MANAGER if table in known["arm"] else ReachGroup.TABLES
