"""Say who a machine is, in the words of a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from umdiag.scenarios.evidence import subject

__all__ = ["listed", "subject", "unknown_states", "with_updates"]
_SHOWN = 25


def with_updates(machines: pd.DataFrame, updates: pd.DataFrame) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each machine that has rows in `updates` with these rows, most urgent first."""
    order = updates.sort_values(["critical", "security", "age_days"], ascending=False, kind="stable")
    present = order[order["machine"].isin(machines["machine"])]
    concerned = machines[machines["machine"].isin(present["machine"])]
    rows: dict[int, list[Any]] = {machine: [] for machine in concerned["machine"]}
    for row in present.itertuples():
        rows[row.machine].append(row)
    for machine in concerned.itertuples():
        yield machine, rows[machine.machine]


def listed(updates: Sequence[Any], *more: str) -> dict[str, Any]:
    """Return updates as evidence: how many, and the first of them with what identifies each, and `more`."""
    columns = ("title", "kb", "product", "product_version", "classification", "published", *more)
    shown = [{column: getattr(update, column) for column in columns} for update in updates[:_SHOWN]]
    return {
        "count": len(updates),
        "updates": [
            {key: value for key, value in update.items() if pd.notna(value) and value} for update in shown
        ],
    }


def unknown_states(machines: pd.DataFrame) -> str:
    """Say of how many of these machines of the logs the state could not be told ("": of none)."""
    unknown = int((machines["state"] == "unknown").sum())
    return f"the state of {unknown:,} of {len(machines):,} machines is unknown" if unknown else ""
