"""Say who a machine is, in the words of a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.scenarios.evidence import refuse_nobody, subject

__all__ = ["listed", "refuse_unknown", "subject", "with_updates"]
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


def refuse_unknown(machines: pd.DataFrame, *further: str) -> None:
    """Raise Inconclusive where there is no machine, or some whose state could not be told, and for what
    `further` says ("": nothing).
    """
    refuse_nobody(machines)
    unknown = int((machines["state"] == "unknown").sum())
    states = f"the state of {unknown:,} of {len(machines):,} machines is unknown" if unknown else ""
    if reasons := [reason for reason in (states, *further) if reason]:
        raise Inconclusive("; ".join(reasons))
