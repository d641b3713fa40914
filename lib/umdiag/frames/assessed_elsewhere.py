"""One row per machine that Azure Update Manager has a view of, and whether that view can be believed."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.text import folded, letters

#: Update Manager assesses a machine once a day.
BELIEVED_FOR = pd.Timedelta(hours=48)
_SOUND = ("succeeded", "completedwithwarnings", "inprogress")


def derive(patch_assessments: pd.DataFrame, *, asked_at: datetime) -> pd.DataFrame:
    """Return machine_key (folded ARM id), status and last_assessed of the machine's newest assessment there,
    lapsed (it did not succeed, it does not say so or when, or it is older than 48 hours).
    """
    rows = patch_assessments[["machine_id", "status", "last_modified"]]
    rows = rows.rename(columns={"last_modified": "last_assessed"})
    rows = rows.assign(machine_key=folded(rows["machine_id"]).str.rstrip("/"))
    rows = rows.sort_values("last_assessed", na_position="first", kind="stable")
    rows = rows.drop_duplicates("machine_key", keep="last").reset_index(drop=True)
    fresh = rows["last_assessed"] >= pd.Timestamp(asked_at) - BELIEVED_FOR
    rows["lapsed"] = ~(letters(rows["status"]).isin(_SOUND) & fresh)
    return rows[["machine_key", "status", "last_assessed", "lapsed"]]
