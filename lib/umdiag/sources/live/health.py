"""The data-health block of live Azure: what each table of each scope holds, or why nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from umdiag.model import State, TableHealth
from umdiag.queries import kql
from umdiag.sources.live.hidden import hidden_in
from umdiag.sources.live.objects import Objects
from umdiag.sources.live.parts import Part
from umdiag.sources.live.target import name_of
from umdiag.sources.live.visibility import GraphAnswer

#: The query whose rows are the machines.
MACHINES = "azure_machines"
#: Why Resource Graph may show machines and nothing else of them, to whom his rights suffice.
UNSHOWN = "their subscription is delegated (Azure Lighthouse), which Update Manager does not support"
_NO_TABLE = "this workspace has no such table, send it such rows (the first makes the table) or leave it out"


def of_workspaces(volumes: Mapping[str, Part], cuts: Mapping[tuple[str, str], str]) -> Iterator[TableHealth]:
    """Yield a line for each table and workspace; `cuts` (table, workspace) say of which rows are missing."""
    for table in kql.tables()["workspace"]:
        for workspace, part in volumes.items():
            name = name_of(workspace)
            if part.frame is None:
                state = part.fault.state if part.fault else State.MISSING
                yield _line(table, name, state, 0, part.fault.reason if part.fault else "")
                continue
            if fault := part.refused.get(table):
                yield _line(table, name, fault.state, 0, fault.reason)
                continue
            found = part.frame[part.frame["table_name"] == table]
            if found.empty:
                yield _line(table, name, State.MISSING, 0, _NO_TABLE)
                continue
            cut = cuts.get((table, workspace), "") or part.cut
            state = State.PARTIAL if cut else State.COMPLETE
            newest = found["newest"].iloc[0]
            yield _line(table, name, state, int(found["row_count"].iloc[0]), cut, newest)


def of_graph(answers: Mapping[str, GraphAnswer]) -> Iterator[TableHealth]:
    """Yield a line for each table that the queries (by name) ask; rows are the most that one returned.

    Where machines are seen, a table of what befell them that holds no row at all is told as such.
    """
    machines = bool(len(answers[MACHINES][0])) if MACHINES in answers else False
    tables = dict.fromkeys(table for name in answers for table in kql.queries()[name].tables)
    for table in tables:
        of_table = [answer for name, answer in answers.items() if table in kql.queries()[name].tables]
        _, state, reason = next(
            (answer for answer in of_table if answer[1] is not State.COMPLETE), of_table[0]
        )
        rows = max(len(frame) for frame, _, _ in of_table)
        if machines and not rows and not reason and (hidden := hidden_in(table)):
            reason = f"machines are seen, {hidden.name} are not: {UNSHOWN}, or {hidden.none}"
        yield _line(table, "Resource Graph", state, rows, reason)


def of_objects(objects: Objects) -> Iterator[TableHealth]:
    """Yield a line for each collection that was read so far."""
    for table in objects.known():
        state, reason = objects.state(table)
        yield _line(table, "Azure Resource Manager", state, len(objects.read(table).objects), reason)


def _line(
    table: str, scope: str, state: State, rows: int, note: str, newest: pd.Timestamp | None = None
) -> TableHealth:
    shown = State.EMPTY if state is State.COMPLETE and not rows else state
    known = newest is not None and not pd.isna(newest)
    return TableHealth(
        table=table,
        scope=scope,
        state=shown,
        rows=rows,
        newest=newest.to_pydatetime() if newest is not None and known else None,
        note=note,
    )
