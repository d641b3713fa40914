"""One row per machine whose newest scan for updates failed, with a code, and that was not assessed since."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.codes import first_codes
from umdiag.frames.shared.recognition import newest, of_update_management, on_machines, wsus_server_of
from umdiag.frames.shared.text import looked_up
from umdiag.model import Partial

_OVERDUE = pd.Timedelta(hours=15)


def derive(
    scan_failures: pd.DataFrame,
    machines: Partial,
    identities: Partial,
    assessments: pd.DataFrame | None,
    summaries: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return the columns of `machines` and failed, code (0x8024402C), wsus_server ("" where it has none,
    null where that cannot be told).

    The next assessment is overdue 15 hours after the last one, or after the first heartbeat of a machine
    that was never assessed, by what either table of assessments tells. Event rows carry no agent
    id, so a name stands for every machine that bears it.
    """
    failures = newest(on_machines(scan_failures, identities, machines), "failed")
    failures["code"] = first_codes(failures["text"])
    rows = of_update_management(machines).merge(
        failures[["failed", "code"]], left_on="machine", right_index=True
    )
    last_assessed = looked_up(rows["machine"], identities.groupby("machine")["last_assessed"].max())
    known = last_assessed.notna() | (assessments is not None) | (summaries is not None)
    since = last_assessed.fillna(rows["first_heartbeat"])
    never_heard = surely_not(rows["heard"])
    overdue = (since.isna() & never_heard) | (pd.Timestamp(asked_at) - since > _OVERDUE)
    later = last_assessed.isna() | (rows["failed"] > last_assessed)
    rows = rows[known & overdue & later & (rows["code"] != "")].copy()
    rows["wsus_server"] = wsus_server_of(rows["machine"], summaries, identities, machines)
    return rows.reset_index(drop=True)
