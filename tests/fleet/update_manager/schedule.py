"""Tell when configurations start: moments in UTC of a rhythm in wall time."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from fleet.model import HOUR
from fleet.update_manager.model import Configuration

ZONES = {
    "UTC": "UTC", "W. Europe Standard Time": "Europe/Berlin", "GMT Standard Time": "Europe/London",
    "Eastern Standard Time": "America/New_York", "Singapore Standard Time": "Asia/Singapore",
}  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLACES = ("first", "second", "third", "fourth")


def moment_of(wall: datetime, zone: str) -> int:
    """Return the moment of a wall time."""
    return int(wall.replace(tzinfo=ZoneInfo(ZONES[zone])).astimezone(UTC).timestamp())


def wall_of(moment: int, zone: str) -> datetime:
    """Return the wall time of a moment."""
    return datetime.fromtimestamp(moment, ZoneInfo(ZONES[zone])).replace(tzinfo=None)


def expiry(configuration: Configuration) -> int | None:
    """Return when a configuration expires."""
    expires = configuration.expires
    return None if expires is None or expires.year == 9999 else moment_of(expires, configuration.zone)


def living(configuration: Configuration, asked: int) -> bool:
    """Tell whether a configuration is there and has not expired."""
    end = expiry(configuration)
    return not configuration.gone and (end is None or end > asked)


def occurrences(configuration: Configuration, since: int, until: int) -> list[int]:
    """Return the starts of a configuration between two moments, the first left out, in order."""
    end = expiry(configuration)
    last = until if end is None else min(until, end - 1)
    first = max(since + 1, moment_of(configuration.starts, configuration.zone))
    if first > last:
        return []
    return [at for at in _starts(configuration, first, last) if first <= at <= last]


def _starts(configuration: Configuration, first: int, last: int) -> Iterator[int]:
    """Yield starts around two moments."""
    match = re.fullmatch(r"(\d*)(Hour|Day|Week|Month)s?(?: (.*))?", configuration.every)
    if match is None:
        raise ValueError(configuration.every)
    step, unit, rest = int(match[1] or 1), match[2], match[3] or ""
    start = configuration.starts
    if unit == "Hour":
        begun = moment_of(start, configuration.zone)
        yield from range(
            begun + max(0, (first - begun) // (step * HOUR)) * step * HOUR, last + 1, step * HOUR
        )
        return
    day = wall_of(first, configuration.zone).date() - timedelta(days=2)
    while day <= wall_of(last, configuration.zone).date() + timedelta(days=2):
        if _falls_on(day, start.date(), step, unit, rest):
            yield moment_of(datetime.combine(day, start.time()), configuration.zone)
        day += timedelta(days=1)


def _falls_on(day: date, start: date, step: int, unit: str, rest: str) -> bool:
    """Tell whether a day has an occurrence."""
    if unit == "Day":
        return (day - start).days % step == 0
    words = rest.lower().replace(",", " ").split()
    if unit == "Week":
        wanted = [DAYS.index(word[:3]) for word in words] or [start.weekday()]
        return day.weekday() in wanted and (day - start).days // 7 % step == 0
    if words and not words[0].startswith("day"):
        offset = int(words[2].removeprefix("offset")) if len(words) > 2 else 0
        return _nth(day - timedelta(days=offset), words[0], DAYS.index(words[1][:3]))
    last = calendar.monthrange(day.year, day.month)[1]
    numbers = [int(word.removeprefix("day")) for word in words] or [start.day]
    return day.day in [number if number > 0 else last + 1 + number for number in numbers]


def _nth(day: date, place: str, weekday: int) -> bool:
    """Tell whether a day is the first, second … or last such weekday of its month."""
    if day.weekday() != weekday:
        return False
    if place == "last":
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 == PLACES.index(place)
