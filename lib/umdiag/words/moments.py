"""Moments, always in UTC: one form for JSON and parameters, one for readers. Written here only."""

from __future__ import annotations

from datetime import UTC, datetime


def write_moment(moment: datetime) -> str:
    """Write a moment as JSON and parameters hold it: `2026-11-18T06:00:00Z`, fractions where it has some."""
    return _zoned(moment).isoformat().replace("+00:00", "Z")


def to_the_minute(moment: datetime) -> str:
    """Write a moment for readers: `2026-11-18 06:00 UTC`."""
    return f"{_zoned(moment):%Y-%m-%d %H:%M} UTC"


def _zoned(moment: datetime) -> datetime:
    """Return a moment in UTC; one without a zone is in UTC already, as the rows of every source are."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
