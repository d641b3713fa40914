"""One row per machine that a schedule may reach now: does it, and can the schedule be read?"""

from __future__ import annotations

import pandas as pd

from umdiag.model import Partial


def derive(selections: Partial) -> pd.DataFrame:
    """Return machine_key, reached (a living configuration selects the machine, or one that cannot be read;
    null: whether that configuration still exists cannot be told) and readable (a living configuration that
    can be read does).
    """
    unreadable = ~selections["readable"].astype("boolean")
    living = selections["living"].astype("boolean")
    rows = pd.DataFrame(
        {"machine_key": selections["machine_key"], "reached": living | unreadable, "readable": living}
    )
    rows = rows[rows["reached"].fillna(True).astype(bool)]
    rows["doubtful"], rows["reached"] = rows["reached"].isna(), rows["reached"].fillna(False)
    rows["readable"] = rows["readable"].fillna(False)
    told = rows.groupby("machine_key", sort=True)[["reached", "readable", "doubtful"]].any()
    told = told.astype({"reached": "boolean", "readable": "bool"}).reset_index()
    told["reached"] = told["reached"].mask(told["doubtful"] & ~told["reached"])
    return told[["machine_key", "reached", "readable"]]
