"""How long an answer asks to wait before the next request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = (("retry-after-ms", 1000.0), ("x-ms-retry-after-ms", 1000.0), ("retry-after", 1.0))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to wait, None if it does not say.

    Resource Graph says it twice, by Retry-After and by when its quota is reset: the longer one counts.
    """
    folded = {name.lower(): value.strip() for name, value in headers.items()}
    asked, reset = _asked(folded), quota_reset(folded)
    return reset if asked is None else max(asked, reset or 0.0) if reset else asked


def quota_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until Resource Graph's quota is full again, None if the answer does not say."""
    told = {name.lower(): value for name, value in headers.items()}.get("x-ms-user-quota-resets-after", "")
    clock = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", told)
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3]) if clock else None


def _asked(headers: Mapping[str, str]) -> float | None:
    for name, unit in _SECONDS:
        value = headers.get(name, "")
        if re.fullmatch(r"\d{1,7}(\.\d+)?", value):
            return float(value) / unit
        if value and (until := _date(value)):
            # By the clock of who says it: ours may be minutes off.
            now = _date(headers.get("date", "")) or datetime.now(UTC)
            return max(0.0, (until - now).total_seconds())
    return None


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
