"""Turn what judges say into what strict JSON can hold, so that it reads the same wherever it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import pandas as pd


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
        return iso(value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return plain(value.tolist())
    return str(value)


def duration(length: timedelta) -> str:
    """Write a duration as parameters do: `14d`, `36h`, `90m`, `5s`."""
    seconds = length.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{seconds}s"


def iso(moment: datetime) -> str:
    """Write a moment in UTC, with Z."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat().replace("+00:00", "Z")
