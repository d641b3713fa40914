"""One row per critical, security, ESM or Defender update that a machine's newest assessment lists."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.text import among, fold, folded
from umdiag.model import Partial

#: Marks that the service cut the list.
_CUT = "truncated_patch_list_id"
_DEFINITION = "2267602"


def derive(needed_patches: Partial, *, asked_at: datetime) -> pd.DataFrame:
    """Return machine_key, update (identity: id, else KB; on Linux the package's name), title, kb (digits),
    patch_id, version, classes (folded, a line each), classification (as written), critical, security (ESM
    left out), esm, definition (KB2267602), cut (a marker: the list is not whole), msrc_severity, published,
    age_days.
    """
    rows = needed_patches.assign(classes=classes_of(needed_patches))
    rows["machine_key"] = folded(rows["machine_id"]).str.rstrip("/")
    rows["kb"] = digits_of(rows["kb"])
    rows["update"] = identity_of(rows)
    rows["title"] = rows["patch_name"].where(rows["patch_name"].str.strip() != "", rows["patch_id"])
    rows["classification"] = [_written(classes) for classes in rows["classifications"]]
    rows["esm"] = rows["classes"].str.contains("esm", regex=False)
    rows["critical"] = rows["classes"].str.contains("critical", regex=False)
    rows["security"] = rows["classes"].str.contains("security", regex=False) & ~rows["esm"]
    rows["definition"] = rows["kb"] == _DEFINITION
    marks = folded(rows["patch_id"]) + folded(rows["patch_name"])
    rows["cut"] = marks.str.contains(_CUT, regex=False)
    age = (pd.Timestamp(asked_at) - rows["published"]) / pd.Timedelta(days=1)
    rows["age_days"] = age.round(1).astype("Float64")
    columns = (
        "machine_key update title kb patch_id version classes classification critical security esm definition"
        " cut msrc_severity published age_days"
    )
    return rows[columns.split()].reset_index(drop=True)


def counted(needed_updates: pd.DataFrame) -> pd.DataFrame:
    """Return how many critical and security updates are listed, by machine_key."""
    listed = needed_updates[~needed_updates["cut"]]
    counts = listed.groupby("machine_key")[["critical", "security"]].sum()
    return counts.astype("Int64")


def cut_lists(machines: pd.DataFrame, needed_updates: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine's list of updates is cut: it says so, or holds fewer than were counted.

    `machines` has the columns of `managed_machines`. Whether ESM updates are counted is not documented.
    """
    listed = needed_updates[~needed_updates["cut"]]
    listed = listed[listed["critical"] | listed["security"] | listed["esm"]]
    number = machines["machine_key"].map(listed["machine_key"].value_counts()).fillna(0)
    fewer = (machines["critical"] + machines["security"] > number).fillna(False).astype(bool)
    return fewer | among(machines["machine_key"], needed_updates["machine_key"][needed_updates["cut"]])


def classes_of(patches: pd.DataFrame) -> pd.Series[str]:
    """Return the classes of each update, folded, a line each; the service writes a list or a word."""
    written = [
        "\n".join(map(fold, classes)) if isinstance(classes, list) else fold(classes)
        for classes in patches["classifications"]
    ]
    return pd.Series(written, index=patches.index, dtype="str")


def digits_of(kbs: pd.Series[str]) -> pd.Series[str]:
    """Return KB numbers without their prefix."""
    return folded(kbs).str.removeprefix("kb").str.strip()


def identity_of(patches: pd.DataFrame) -> pd.Series[str]:
    """Return what an update is known by: of Windows its id, else its KB; of Linux the package's name.

    Linux alone tells a version.
    """
    linux = folded(patches["version"]) != ""
    name, identity = folded(patches["patch_name"]), folded(patches["patch_id"])
    windows = identity.where(identity != "", digits_of(patches["kb"]))
    return name.where(linux & (name != ""), windows.where(windows != "", name)).astype("str")


def _written(classes: object) -> str:
    return ", ".join(map(str, classes)) if isinstance(classes, list) else str(classes or "")
