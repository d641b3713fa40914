"""One row per running machine of Azure that belongs to Update Management and sent no row at all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.text import after_last, among, before_first, folded
from umdiag.frames.system_workers import has_worker
from umdiag.frames.targets import named_by
from umdiag.model import Adding

_NETBIOS = 15


def derive(
    estate: pd.DataFrame,
    identities: pd.DataFrame,
    machines: pd.DataFrame,
    managed: pd.DataFrame,
    system_workers: Adding | None,
    targets: Adding | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return machine_key, computer (last segment of the ARM id), subject_id, os_type, power, created, worker
    (null: cannot be told), named_by (list of update configurations, null likewise).

    Machines created inside the window are left out, and those that Azure Update Manager manages, or of which
    that cannot be told.
    Raises Inconclusive where neither workers nor update configurations tell which machines belong.
    """
    if system_workers is None and targets is None:
        raise Inconclusive(
            "neither workers nor update deployments could be read: which machines should report is unknown"
        )
    start = pd.Timestamp(asked_at) - pd.Timedelta(lookback)
    elsewhere = managed["machine_key"][~surely_not(managed["managed"])]
    rows = estate[
        surely(estate["on"])
        & ~(estate["created"] > start)
        & ~among(estate["machine_key"], elsewhere)
        & ~logged(estate, identities, machines)
    ].copy()
    rows["arm_key"] = rows["machine_key"]
    rows["computer"] = after_last(rows["resource_id"].str.rstrip("/"), "/")
    rows["name"] = folded(rows["computer"])
    rows["worker"] = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    if system_workers is not None:
        rows["worker"] = has_worker(rows, system_workers).astype("boolean")
    rows["named_by"] = named_by(rows, targets)
    rows = rows[surely(rows["worker"]) | rows["named_by"].map(bool)]
    rows = rows.rename(columns={"resource_id": "subject_id", "operating_system": "os_type"})
    columns = [
        "machine_key", "computer", "subject_id", "os_type", "power", "created", "worker", "named_by",
    ]  # fmt: skip
    return rows[columns].reset_index(drop=True)


def logged(estate: pd.DataFrame, identities: pd.DataFrame, machines: pd.DataFrame) -> pd.Series[bool]:
    """Whether a row of the logs is of each resource: by ARM id, by name for rows of machines without one."""
    by_id = among(estate["machine_key"], machines["arm_key"]) | among(
        estate["machine_key"], folded(identities["resource_id"]).str.rstrip("/")
    )
    bare = machines["machine"][machines["arm_key"] == ""]
    names = identities["name"][among(identities["machine"], bare)]
    # A computer may write its name with its domain, and Windows cuts it after 15 characters.
    plain = pd.concat([names, before_first(names, ".")]).unique()
    name = folded(estate["name"])
    return by_id | among(name, plain) | among(name.str.slice(0, _NETBIOS), plain)
