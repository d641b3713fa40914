"""Build a frame from records in dtypes that hold even where there are no records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

TIME = "datetime64[us, UTC]"


def typed(records: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per record with these columns in these dtypes."""
    frame = pd.DataFrame(list(records), columns=list(columns), dtype="object")
    for name, dtype in columns.items():
        column = pd.to_datetime(frame[name], utc=True) if dtype == TIME else frame[name]
        frame[name] = column.fillna("").astype("str") if dtype == "str" else column.astype(dtype)
    return frame
