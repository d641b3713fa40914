"""One row per start of a run of either service, around which heartbeats are asked for."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.records import TIME
from umdiag.model import Partial


def derive(update_runs: Partial, maintenance_runs: Partial) -> pd.DataFrame:
    """Return start_time, each once, ascending."""
    starts = pd.concat([update_runs["start_time"], maintenance_runs["scheduled"]]).dropna()
    return pd.DataFrame({"start_time": starts.drop_duplicates().sort_values().to_numpy()}).astype(TIME)
