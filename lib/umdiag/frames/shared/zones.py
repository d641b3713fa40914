"""Tell the moments of wall clocks in time zones that Azure writes by their Windows names.

Which IANA zone a Windows name stands for is the Unicode consortium's list (CLDR windowsZones), kept by babel;
the rules of the zones are those of the system, else of the package tzdata.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from umdiag.frames.shared.text import fold

#: Years that a clock may show; beyond them a moment in UTC may not be a date at all.
_YEARS = range(1900, 9999)


@cache
def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of a Windows name, in any case; None if there is none of that name."""
    iana = _windows_names().get(fold(name))
    return ZoneInfo(iana) if iana else None


def read_clock(text: object) -> datetime | None:
    """Read a wall time such as "2026-11-28 22:00"; None if it is none, or of a year out of all bounds."""
    try:
        wall = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None
    return wall.replace(tzinfo=None) if wall and wall.year in _YEARS else None


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC at which a clock in `zone` shows `wall`, as RFC 5545 (3.3.5) decides it.

    Of two moments at which it shows it (clocks went back) the first; where it never does (clocks went
    forward) the moment that lies as long after the change as `wall` lies after the time of the change.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


@cache
def _windows_names() -> dict[str, str]:
    return {fold(name): iana for name, iana in get_global("windows_zone_mapping").items()}
