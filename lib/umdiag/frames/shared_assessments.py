"""One row per computer name that update rows of several identities have."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.sharing import shared


def derive(assessments: pd.DataFrame) -> pd.DataFrame:
    """Return the column `name`, folded and sorted: of these the queries of updates tell every state."""
    return shared(assessments)
