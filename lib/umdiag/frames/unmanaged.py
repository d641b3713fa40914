"""One row per connected machine that was never assessed and does not wait for its configuration."""

from __future__ import annotations

import pandas as pd


def derive(unassessed: pd.DataFrame, stuck: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `unassessed`, quota_told (its quota_reached, null: not known), and the reasons
    quota_reached, solution_not_enabled, worker_not_registered as plain booleans.
    """
    rows = unassessed[~unassessed["machine"].isin(stuck["machine"])].reset_index(drop=True)
    rows["quota_told"] = rows["quota_reached"]
    rows["quota_reached"] = rows["quota_reached"].fillna(False).astype(bool)
    rows["solution_not_enabled"] = ~rows["solution"]
    rows["worker_not_registered"] = ~rows["worker"].fillna(True).astype(bool)
    return rows
