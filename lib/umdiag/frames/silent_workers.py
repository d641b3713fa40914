"""One row per connected machine whose hybrid runbook worker has not been seen for an hour."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.text import among, looked_up
from umdiag.frames.system_workers import has_worker, workers_of
from umdiag.model import Partial

_CONNECTED = pd.Timedelta(minutes=30)
#: The portal calls a worker disconnected from then on.
_SEEN = pd.Timedelta(hours=1)


def derive(machines: Partial, system_workers: pd.DataFrame, *, asked_at: datetime) -> pd.DataFrame:
    """Return the columns of `machines`, worker_seen (the newest time at which one of its system workers says
    it was seen) and silent: true, or null where a worker does not say, or the workspace is silent, so that
    it cannot be told whether the machine is connected.

    Machines that Azure Update Manager assesses are left out, and those of which that cannot be told.
    """
    now = pd.Timestamp(asked_at)
    silenced = surely(machines["silenced"])
    here = surely_not(machines["update_manager"])
    rows = machines[((machines["last_heartbeat"] >= now - _CONNECTED) | silenced) & here]
    answering = system_workers["last_seen"] >= now - _SEEN
    rows = rows[has_worker(rows, system_workers[~answering])]
    workers = workers_of(rows, system_workers)
    newest = workers.groupby("machine")["last_seen"].max()
    rows = rows.assign(worker_seen=looked_up(rows["machine"], newest))
    rows = rows[~(rows["worker_seen"] >= now - _SEEN)]
    unsaid = among(rows["machine"], workers["machine"][workers["last_seen"].isna()])
    sure = pd.Series(True, index=rows.index, dtype="boolean")
    return rows.assign(silent=sure.mask(unsaid | silenced[rows.index])).reset_index(drop=True)
