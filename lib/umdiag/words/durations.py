"""Durations as people write them: `14d`, `36h`, `90m`, `1d12h`. Read and written here only."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = (("days", "d", 86_400), ("hours", "h", 3_600), ("minutes", "m", 60), ("seconds", "s", 1))
_PARTS = r"\s*".join(rf"(?:(?P<{name}>\d+)\s*{unit})?" for name, unit, _ in _UNITS)
_DURATION = re.compile(rf"(?P<sign>[+-]?)(?=\d){_PARTS}", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_EXPECTED = "expected a duration like 14d, 36h or 90m"


def read_duration(text: str) -> timedelta:
    """Return the length that a text means: numbers with a unit (d, h, m, s), the larger units first.

    A sign may stand before it. Raises ValueError, whose text follows what was read: `is not a duration, …`.
    """
    written = text.strip()
    match = _DURATION.fullmatch(written)
    if match is None or not any(match.group(*(name for name, _, _ in _UNITS))):
        problem = "has no unit" if _NUMBER.fullmatch(written) else "is not a duration"
        raise ValueError(f"{problem}, {_EXPECTED}")
    try:
        length = timedelta(**{name: int(match[name] or 0) for name, _, _ in _UNITS})
    except (OverflowError, ValueError):  # more days, or more digits, than Python counts
        raise ValueError(f"is too long, {_EXPECTED}") from None
    return -length if match["sign"] == "-" else length


def write_duration(length: timedelta) -> str:
    """Write a length, to the second, in the largest unit that fits: `14d`, `36h`, `90m`, `5s`."""
    seconds = round(length.total_seconds())
    for _, unit, size in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return "0s"
