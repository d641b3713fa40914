"""One row per machine that waits for Update Management to be configured, with every reason that fits."""

from __future__ import annotations

import pandas as pd

REASONS = ("duplicate_computer_name", "cloned_image", "communication_blocked")


def derive(namesakes: pd.DataFrame, unassessed: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `machines`, same_name, same_agent, and duplicate_computer_name, cloned_image,
    communication_blocked (a new machine with solution and worker, never assessed, and no quota explains it).

    Machines of Azure Update Manager are left out.
    """
    blocked = unassessed[
        unassessed["is_new"]
        & unassessed["solution"]
        & unassessed["worker"].fillna(False).astype(bool)
        & ~unassessed["quota_reached"].fillna(False).astype(bool)
    ]
    rows = machines[~machines["update_manager"]].merge(namesakes, on="machine", how="left")
    for reason in REASONS[:2]:
        rows[reason] = rows[reason].eq(True)
    rows["communication_blocked"] = rows["machine"].isin(blocked["machine"])
    rows = rows[rows[list(REASONS)].any(axis=1)].reset_index(drop=True)
    for column in ("same_name", "same_agent"):
        rows[column] = [one if isinstance(one, list) else [] for one in rows[column]]
    return rows
