"""One row per machine that Azure Update Manager assessed: its newest assessment, and what it counted."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.error_texts import error_texts
from umdiag.frames.shared.text import fold, folded, letters
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


def derive(patch_assessments: Partial, needed_patches: pd.DataFrame | None) -> pd.DataFrame:
    """Return machine_key, status (letters, folded), succeeded, in_progress, known (its status is one that
    the service documents), assessed, started, critical, security, missing_other (null: not counted),
    reboot_pending, patch_service, os_type, texts (codes and messages of its errors, a line each).

    Counts are those of an assessment that succeeded. Where it carries none, the updates that it lists are
    counted, ESM left out; where `needed_patches` was not seen either, they are null.
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
    counts = _counts(rows, needed_patches)
    columns = (
        "machine_key status succeeded in_progress known assessed started critical security missing_other"
        " reboot_pending patch_service os_type texts"
    )
    return rows.assign(**counts)[columns.split()]


def _counts(rows: pd.DataFrame, needed_patches: pd.DataFrame | None) -> pd.DataFrame:
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
    if needed_patches is not None and not there.all():
        listed = _listed(needed_patches)
        for column in ("critical", "security"):
            counts[column] = counts[column].fillna(
                listed[column].reindex(rows["machine_key"]).set_axis(rows.index)
            )
    return counts.where(rows["succeeded"])


def _listed(needed_patches: pd.DataFrame) -> pd.DataFrame:
    """Return how many critical and security updates each machine's newest assessment lists."""
    classes = classes_of(needed_patches)
    grave = pd.DataFrame(
        {
            "machine_key": folded(needed_patches["machine_id"]).str.rstrip("/"),
            "critical": classes.str.contains("critical", regex=False),
            "security": classes.str.contains("security", regex=False) & ~_extended(classes),
        }
    )
    return grave.groupby("machine_key")[["critical", "security"]].sum().astype("Int64")


def classes_of(patches: pd.DataFrame) -> pd.Series[str]:
    """Return the classes of each update, folded, in one text; the service writes a list or a word."""
    written = [
        "\n".join(map(fold, classes)) if isinstance(classes, list) else fold(classes)
        for classes in patches["classifications"]
    ]
    return pd.Series(written, index=patches.index, dtype="str")


def _extended(classes: pd.Series[str]) -> pd.Series[bool]:
    return classes.str.contains("esm", regex=False)
