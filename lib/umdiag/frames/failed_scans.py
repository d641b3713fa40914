"""One row per machine whose newest scan for updates failed, with a code, and that was not assessed since."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.hresults import hresults
from umdiag.frames.shared.recognition import newest, on_machines, wsus_server_of
from umdiag.model import Partial

_OVERDUE = pd.Timedelta(hours=15)


def derive(
    scan_failures: pd.DataFrame,
    machines: Partial,
    identities: Partial,
    summaries: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return the columns of `machines` and failed, code (0x8024402C), wsus_server ("" where it has none,
    null where that cannot be told).

    The next assessment is overdue 15 hours after the last one, or after the first heartbeat of a machine
    that was never assessed; a machine of which that cannot be told is left out. Event rows carry no agent
    id, so a name stands for every machine that bears it.
    """
    failures = newest(on_machines(scan_failures, identities, machines), "failed")
    failures["code"] = hresults(failures["text"])
    rows = machines.merge(failures[["failed", "code"]], left_on="machine", right_index=True)
    known = rows["last_assessed"].notna() | rows["assessed"].eq(False).fillna(False).astype(bool)
    since = rows["last_assessed"].fillna(rows["first_heartbeat"])
    overdue = since.isna() | (pd.Timestamp(asked_at) - since > _OVERDUE)
    later = rows["last_assessed"].isna() | (rows["failed"] > rows["last_assessed"])
    rows = rows[known & overdue & later & (rows["code"] != "")].copy()
    rows["wsus_server"] = wsus_server_of(rows["machine"], summaries, identities, machines)
    return rows.reset_index(drop=True)
