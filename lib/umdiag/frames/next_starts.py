"""One row per machine that a schedule will patch: which starts next, and when."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import looked_up
from umdiag.model import Partial


def derive(
    selections: Partial, occurrences: Partial, configurations: Partial, *, asked_at: datetime
) -> pd.DataFrame:
    """Return machine_key, next_start, configuration_key, schedule (its name): of the schedules in force that
    select the machine now, the one that starts first within the next 31 days.
    """
    ahead = occurrences[occurrences["start"] > pd.Timestamp(asked_at)]
    first = ahead.groupby("configuration_key")["start"].min()
    rows = selections[surely(selections["living"])]
    rows = rows[["machine_key", "configuration_key"]].assign(
        next_start=looked_up(rows["configuration_key"], first),
        schedule=looked_up(
            rows["configuration_key"], configurations.set_index("configuration_key")["name"]
        ).astype("str"),
    )
    rows = rows.dropna(subset=["next_start"])
    order = rows.sort_values(["machine_key", "next_start", "schedule"], kind="stable")
    order = order.drop_duplicates("machine_key")
    return order[["machine_key", "next_start", "configuration_key", "schedule"]].reset_index(drop=True)
