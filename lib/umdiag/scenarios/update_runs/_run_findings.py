"""Report machine runs: one finding a machine, the newest run of its first cause in front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.model import Cause
from umdiag.scenarios.evidence import SHOWN, fitting, portal, told


def by_machine(
    rows: pd.DataFrame, causes: Sequence[Cause], otherwise: Cause | None = None
) -> Iterator[tuple[Cause, list[str], Any, list[Any]]]:
    """Yield of each machine the cause that comes first, the keys of the others, its newest run of that
    cause, and its other runs. `otherwise` stands only where nothing else fits any of them.
    """
    by_key: dict[str, list[Any]] = {}
    for run in rows.sort_values("start_time", ascending=False, kind="stable").itertuples():
        by_key.setdefault(str(run.machine) if run.machine >= 0 else run.machine_key, []).append(run)
    for runs in by_key.values():
        fits = {run.Index: fitting(run, causes) for run in runs}
        order = [cause for cause in causes if any(cause in fit for fit in fits.values())]
        if not order and otherwise is None:
            continue
        cause = order[0] if order else otherwise
        assert cause is not None
        shown = next((run for run in runs if cause in fits[run.Index]), runs[0])
        yield (
            cause,
            [cause.key for cause in order[1:]],
            shown,
            [run for run in runs if run.Index != shown.Index],
        )


def described(run: Any, others: Sequence[Any]) -> dict[str, Any]:
    """Return a machine run as evidence, with the same machine's other runs of this kind."""
    shown = told(run, "run_id", "configuration", "start_time", "end_time", "error_code", "error_message")
    account = run.id.lower().partition("/softwareupdateconfigurationmachineruns/")[0]
    return shown | {
        "portal": portal(run.id[: len(account)], "updateManagement"),
        "other_runs": [told(other, "run_id", "configuration", "start_time") for other in others[:SHOWN]],
    }


def refuse_no_runs(machine_run_outcomes: pd.DataFrame) -> None:
    """Raise Inconclusive where no machine run was found in the window."""
    if machine_run_outcomes.empty:
        raise Inconclusive("no machine run of an update deployment was found in the window")
