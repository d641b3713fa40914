"""One row per machine whose newest scan for updates failed, with a code, and that was not assessed since."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.codes import first_codes
from umdiag.frames.shared.recognition import newest, on_machines, wsus_servers
from umdiag.frames.shared.text import looked_up

_OVERDUE = pd.Timedelta(hours=15)


def derive(
    scan_failures: pd.DataFrame,
    machines: pd.DataFrame,
    identities: pd.DataFrame,
    summaries: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return the columns of `machines` and failed, code (0x8024402C), wsus_server ("" where it has none).

    The next assessment is overdue 15 hours after the last one, or after the first heartbeat of a machine
    that was never assessed. Event rows carry no agent id, so a name stands for every machine that bears it.
    """
    failures = newest(on_machines(scan_failures, identities, machines), "failed")
    failures["code"] = first_codes(failures["text"])
    rows = machines.merge(failures[["failed", "code"]], left_on="machine", right_index=True)
    since = rows["last_assessed"].fillna(rows["first_heartbeat"])
    overdue = since.isna() | (pd.Timestamp(asked_at) - since > _OVERDUE)
    later = rows["last_assessed"].isna() | (rows["failed"] > rows["last_assessed"])
    rows = rows[overdue & later & (rows["code"] != "")].copy()
    servers = wsus_servers(summaries, identities, machines)
    rows["wsus_server"] = looked_up(rows["machine"], servers).fillna("").astype("str")
    return rows.reset_index(drop=True)
