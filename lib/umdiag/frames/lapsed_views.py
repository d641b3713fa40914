"""One row per connected machine of which Azure Update Manager alone has a view, which cannot be believed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.model import Partial


def derive(machines: Partial, *, asked_at: datetime, stale_after: timedelta) -> pd.DataFrame:
    """Return the columns of `machines`."""
    only_there = machines["lapsed"] & machines["assessed"].eq(False)
    connected = machines["last_heartbeat"] >= pd.Timestamp(asked_at) - pd.Timedelta(stale_after)
    return machines[surely(only_there) & connected].reset_index(drop=True)
