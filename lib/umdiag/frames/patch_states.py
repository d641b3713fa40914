"""One row per machine that Azure Update Manager assessed: its newest assessment, and what it counted."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.error_texts import error_texts
from umdiag.frames.shared.text import folded, letters
from umdiag.model import Partial

SUCCEEDED = ("succeeded", "completedwithwarnings")
_COUNTED = (
    "update_rollup",
    "feature_pack",
    "service_pack",
    "definition",
    "tools",
    "updates",
    "other",
)
_MACHINE = r"/providers/microsoft\.(?:compute/virtualmachines|hybridcompute/machines)/[^/]+$"


def derive(patch_assessments: Partial) -> pd.DataFrame:
    """Return machine_key, status (letters, folded), succeeded, in_progress, known (its status is one that
    the service documents), assessed, started, critical, security, missing_other (null: not counted),
    reboot_pending, patch_service, os_type, texts (codes and messages of its errors, a line each).

    Counts are those of an assessment that succeeded, null where it carries none.
    """
    rows = patch_assessments.assign(machine_key=folded(patch_assessments["machine_id"]).str.rstrip("/"))
    rows = rows[rows["machine_key"].str.contains(_MACHINE, regex=True)]
    rows["assessed"] = rows["last_modified"].fillna(rows["started"])
    # Of two rows of one time the id decides, else the order of rows would.
    rows = rows.sort_values(["assessed", "id"], na_position="first", kind="stable")
    rows = rows.drop_duplicates("machine_key", keep="last").reset_index(drop=True)
    rows["status"] = letters(rows["status"])
    rows["succeeded"] = rows["status"].isin(SUCCEEDED)
    rows["in_progress"] = rows["status"] == "inprogress"
    rows["known"] = rows["succeeded"] | rows["in_progress"] | (rows["status"] == "failed")
    rows["texts"] = error_texts(rows["error_code"], rows["error_message"], rows["error_details"])
    rows["os_type"] = folded(rows["os_type"])
    counts = _counts(rows)
    columns = (
        "machine_key status succeeded in_progress known assessed started critical security missing_other"
        " reboot_pending patch_service os_type texts"
    )
    return rows.assign(**counts)[columns.split()]


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return critical, security and missing_other of each row; a class that is absent beside others is 0."""
    told = rows[["critical", "security", *_COUNTED]]
    there = told.notna().any(axis=1)
    counts = pd.DataFrame(
        {
            "critical": rows["critical"].fillna(0).where(there),
            "security": rows["security"].fillna(0).where(there),
            "missing_other": rows[list(_COUNTED)].fillna(0).sum(axis=1).where(there),
        }
    ).astype("Int64")
    return counts.where(rows["succeeded"])
