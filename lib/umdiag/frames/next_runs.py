"""One row per active maintenance configuration: when it starts next, and how many machines it will patch."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import looked_up
from umdiag.model import Partial


def derive(
    configurations: Partial, occurrences: Partial, next_run_machines: Partial, *, asked_at: datetime
) -> pd.DataFrame:
    """Return configuration_key, configuration_id, configuration (its name), recur_every, time_zone,
    recurrence_known, start (null: not known, or none in the next 31 days), end, machines (it selects), taken
    (of them the run will patch).
    """
    living = configurations[configurations["living"]].rename(columns={"name": "configuration"})
    columns = ["configuration_key", "configuration_id", "configuration", "recur_every", "time_zone"]
    rows = living[[*columns, "recurrence_known"]].reset_index(drop=True)
    ahead = occurrences[occurrences["start"] > asked_at].drop_duplicates("configuration_key")
    ahead = ahead.set_index("configuration_key")[["start", "end"]].astype(TIME)
    selected = next_run_machines[next_run_machines["selected"]].groupby("configuration_key")["taken"]
    rows["start"] = looked_up(rows["configuration_key"], ahead["start"])
    rows["end"] = looked_up(rows["configuration_key"], ahead["end"])
    for column, counts in (("machines", selected.size()), ("taken", selected.sum())):
        rows[column] = looked_up(rows["configuration_key"], counts.astype("Int64")).fillna(0)
    return rows.sort_values(["start", "configuration"], ignore_index=True)
