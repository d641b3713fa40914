"""Report rows of machines: one finding a machine, the newest row of its first cause in front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from umdiag.frames.shared.text import fold
from umdiag.model import UPDATE_MANAGEMENT, Cause
from umdiag.scenarios.evidence import or_none


class OfMachine(NamedTuple):
    """The cause on a machine that comes first, the keys of the others, its newest row and all others."""

    cause: Cause
    also: list[str]
    row: Any
    others: list[Any]


def by_machine(
    *tables: pd.DataFrame | None, causes: Sequence[Cause], otherwise: Cause | None = None
) -> Iterator[OfMachine]:
    """Yield what is to be said of each machine with rows in `tables`; machines of two services are one by
    their ARM id. Rows have machine (−1: not in the logs), machine_key, arm_key, start_time, and a column for
    each cause that they can have. `otherwise` stands only where nothing else fits any of them.
    """
    rows = [row for table in tables if table is not None for row in table.itertuples()]
    rows.sort(key=lambda row: (pd.notna(row.start_time), row.start_time), reverse=True)
    by_key: dict[str, list[Any]] = {}
    for row in rows:
        by_key.setdefault(_key(row), []).append(row)
    for rows in by_key.values():
        fits = [{cause.key for cause in causes if or_none(getattr(row, cause.key, None))} for row in rows]
        order = [cause for cause in causes if any(cause.key in fit for fit in fits)]
        if not order and otherwise is None:
            continue
        cause = order[0] if order else otherwise
        assert cause is not None
        place = next((place for place, fit in enumerate(fits) if cause.key in fit), 0)
        yield OfMachine(
            cause, [other.key for other in order[1:]], rows[place], [*rows[:place], *rows[place + 1 :]]
        )


def of_logs(rows: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Add to rows of the logs (column machine) whose they are, as `by_machine` wants it."""
    who = machines[["machine", "computer", "subject_id", "arm_key", "environment"]]
    return rows.merge(who, on="machine").assign(service=UPDATE_MANAGEMENT, machine_key="")


def _key(row: Any) -> str:
    if arm_key := fold(row.arm_key):
        return arm_key
    return f"machine {row.machine}" if row.machine >= 0 else str(row.machine_key)
