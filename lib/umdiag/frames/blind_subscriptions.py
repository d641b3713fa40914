"""One row per subscription with machines: are its patch rows hidden from the reader?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import among, folded, letters, subscriptions_of
from umdiag.model import Partial

#: Of so many machines, or runs, that should have left rows not one did: rows are not shown.
_ENOUGH = 5
RAN = ("completed", "succeeded", "noupdatespending")


def derive(
    estate: pd.DataFrame,
    patch_assessments: pd.DataFrame | None,
    patch_installations: pd.DataFrame | None,
    schedule_runs: pd.DataFrame | None,
    schedule_machine_runs: pd.DataFrame | None,
    selections: Partial | None,
) -> pd.DataFrame:
    """Return subscription, for_assessments, for_installations, for_runs (null: cannot be told).

    Rights to patch rows are given apart from rights to machines, and Resource Graph leaves out in silence
    what its reader may not read.
    """
    keys = sorted({*estate["subscription"], *_of(schedule_machine_runs, "resource_id")} - {""})
    rows = pd.DataFrame({"subscription": pd.Series(keys, dtype="str")})
    periodic = estate["subscription"][surely(estate["on"]) & estate["periodic"]].value_counts()
    subscription = rows["subscription"]
    enough = (subscription.map(periodic).fillna(0) >= _ENOUGH).astype("boolean")
    rows["for_assessments"] = _blind(subscription, enough, patch_assessments, "machine_id")
    ran = _ran(schedule_runs, schedule_machine_runs)
    enough = (subscription.map(ran).fillna(0) >= _ENOUGH).astype("boolean")
    runs_seen = schedule_runs is not None and schedule_machine_runs is not None
    enough = enough if runs_seen else enough.mask(~enough)
    rows["for_installations"] = _blind(subscription, enough, patch_installations, "machine_id")
    lacking = among(subscription, _lacking(schedule_runs, schedule_machine_runs, selections)).astype(
        "boolean"
    )
    lacking = lacking if runs_seen and selections is not None else lacking.mask(~lacking)
    rows["for_runs"] = _blind(subscription, lacking, schedule_machine_runs, "resource_id")
    nothing = rows["for_assessments"] & ~subscription.isin(
        [*_of(schedule_machine_runs, "resource_id"), *_of(patch_installations, "machine_id")]
    )
    for column in ("for_installations", "for_runs"):
        rows[column] |= nothing
    return rows


def _blind(
    subscription: pd.Series[Any], enough: pd.Series[bool], table: pd.DataFrame | None, column: str
) -> pd.Series[bool]:
    """Say where rows should be and none is."""
    is_blind = enough & ~among(subscription, _of(table, column))
    return is_blind.mask(is_blind.fillna(True)) if table is None else is_blind


def _of(table: pd.DataFrame | None, column: str) -> set[str]:
    return set() if table is None else set(subscriptions_of(table[column]).unique())


def _ran(runs: pd.DataFrame | None, machine_runs: pd.DataFrame | None) -> pd.Series[int]:
    """Count by subscription the machine runs that succeeded, of runs that succeeded."""
    if runs is None or machine_runs is None:
        return pd.Series(dtype="int64")
    succeeded = run_keys(runs)[letters(runs["status"]).isin(RAN)]
    taken = machine_runs[letters(machine_runs["status"]).isin(RAN) & among(run_keys(machine_runs), succeeded)]
    return subscriptions_of(taken["resource_id"]).value_counts()


def _lacking(
    runs: pd.DataFrame | None, machine_runs: pd.DataFrame | None, selections: pd.DataFrame | None
) -> set[str]:
    """Return the subscriptions of machines selected by configurations whose runs took more than was seen."""
    if runs is None or machine_runs is None or selections is None:
        return set()
    seen = run_keys(machine_runs).value_counts()
    more = runs[runs["total"].fillna(0) > run_keys(runs).map(seen).fillna(0)]
    keys = folded(more["configuration_id"]).str.rstrip("/")
    chosen = selections["machine_key"][among(selections["configuration_key"], keys)]
    return set(subscriptions_of(chosen).unique())


def run_keys(rows: pd.DataFrame) -> pd.Series[str]:
    """Return the folded id of the run that each row belongs to."""
    return folded(rows["run_id"]).str.rstrip("/")
