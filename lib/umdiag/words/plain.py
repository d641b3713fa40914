"""Turn what judges say into what strict JSON can hold, so that it reads the same wherever it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

import pandas as pd

from umdiag.words.durations import write_duration
from umdiag.words.moments import write_moment


def plain(value: Any) -> Any:
    """Turn a value into what strict JSON can hold: no NaN, no numpy, times as ISO in UTC."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return plain(value.tolist())
    return str(value)
