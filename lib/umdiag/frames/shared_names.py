"""One row per computer name that heartbeats of several identities have."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.sharing import shared


def derive(heartbeats: pd.DataFrame) -> pd.DataFrame:
    """Return the column `name`, folded and sorted: what `shared_identities` asks for, over all workspaces."""
    return shared(heartbeats[heartbeats["source_computer_id"] != ""])
