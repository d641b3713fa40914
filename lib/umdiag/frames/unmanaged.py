"""One row per connected machine that was never assessed and does not wait for its configuration."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.text import among
from umdiag.model import Partial


def derive(unassessed: Partial, stuck: Partial) -> pd.DataFrame:
    """Return the columns of `unassessed` and the reasons solution_not_enabled and worker_not_registered
    beside its quota_reached; null where they cannot be told.

    A machine that may be waiting for its configuration, though it cannot be told, is left out.
    """
    rows = unassessed[~among(unassessed["machine"], stuck["machine"])].reset_index(drop=True)
    rows["solution_not_enabled"] = ~rows["solution"]
    rows["worker_not_registered"] = ~rows["worker"]
    return rows
