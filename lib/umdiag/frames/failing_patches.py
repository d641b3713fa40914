"""One row per machine and needed critical or security update that failed in two or more installations."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.needed_updates import classes_of, identity_of
from umdiag.frames.shared.error_causes import deciding_codes, error_causes
from umdiag.frames.shared.text import folded, letters
from umdiag.model import Partial

_INSTALLATIONS = 2
_OF_INSTALLATION = (
    "machine_key", "installation_id", "run_key", "started", "texts", "computer", "subject_id", "arm_key",
    "os_type", "service", "machine",
)  # fmt: skip


def derive(
    judged_installations: Partial,
    uninstalled_patches: Partial,
    needed_updates: Partial,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return machine_key, machine (−1: no log needs to know it), computer, subject_id, arm_key, os_type,
    service, update, title, kb, installations (how many of the window it failed in), runs (list of their runs,
    oldest first; "": without a schedule), last_failed, and of the newest of them texts, cause (the key of its
    error cause, other_hresult where it shows none), code.
    """
    now = pd.Timestamp(asked_at)
    tried = judged_installations[list(_OF_INSTALLATION)]
    tried = tried[(tried["started"] > now - pd.Timedelta(lookback)) & (tried["started"] <= now)]
    failed = uninstalled_patches[letters(uninstalled_patches["installation_state"]) == "failed"]
    failed = failed.assign(
        installation_id=folded(failed["installation_id"]).str.rstrip("/"), update=identity_of(failed)
    )
    classes = classes_of(failed)
    failed = failed[classes.str.contains("critical|security", regex=True)]
    failed = failed[["installation_id", "update"]].drop_duplicates()
    needed = needed_updates[["machine_key", "update", "title", "kb"]]
    needed = needed.drop_duplicates(["machine_key", "update"])
    rows = failed.merge(tried, on="installation_id").merge(needed, on=["machine_key", "update"])
    rows = rows.sort_values(["started", "installation_id"], kind="stable")
    keys = ["machine_key", "update"]
    by_update = rows.groupby(keys)["installation_id"]
    rows = rows.assign(installations=by_update.transform("nunique"))
    rows = rows[rows["installations"] >= _INSTALLATIONS]
    runs = rows.groupby(keys)["run_key"].agg(list).rename("runs")
    newest = rows.drop_duplicates(keys, keep="last").merge(runs, on=keys)
    cause = error_causes(newest["texts"])
    newest = newest.assign(
        cause=cause.where(cause != "", "other_hresult"),
        code=deciding_codes(newest["texts"]),
        last_failed=newest["started"],
    )
    return newest.drop(columns=["installation_id", "run_key", "started"]).reset_index(drop=True)
