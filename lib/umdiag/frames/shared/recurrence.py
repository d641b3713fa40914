"""Expand `recurEvery` of a maintenance configuration between two moments.

Hours step in elapsed time, everything else on the wall clock of the configuration's time zone. Steps of
several weeks or months are not expanded: in which of them the service starts is not documented.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from umdiag.frames.shared.text import fold
from umdiag.frames.shared.zones import moment_of

_EVERY = re.compile(r"(?P<count>\d{0,4})\s*(?P<unit>hour|day|week|month)s?(?:\s+(?P<rest>.+))?", re.DOTALL)
_DAY_OF_MONTH = re.compile(r"day(-?\d{1,2})")
_NTH = re.compile(r"(?P<nth>[a-z]+)\s+(?P<weekday>[a-z]+)(?:\s+offset\s*(?P<offset>[-+]?\d))?")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTHS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_MOST_OFFSET = 6
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """How often a schedule starts: every `every` of `unit` (hour, day, week, month).

    `days`: of a week the numbers of its weekdays (Monday 0), of a month its days, negative from its end.
    `nth` of a month: the place (0 the first, −1 the last) of the weekday `days[0]`, moved by `offset` days.
    """

    unit: str
    every: int
    days: tuple[int, ...] = ()
    nth: int | None = None
    offset: int = 0


def read_recurrence(text: object, start: datetime) -> Recurrence | None:
    """Read `recurEvery` of a schedule that first starts at the wall time `start`.

    None if it is not understood, or if the service does not say in which weeks or months it starts.
    """
    match = _EVERY.fullmatch(fold(text))
    if not match:
        return None
    unit, every, rest = match["unit"], int(match["count"] or 1), match["rest"]
    if not every:
        return None
    if unit in ("hour", "day"):
        return None if rest else Recurrence(unit=unit, every=every)
    if every > 1:
        return None
    if not rest:
        return Recurrence(unit=unit, every=1, days=(start.weekday() if unit == "week" else start.day,))
    words = [word for word in re.split(r"[,\s]+", rest) if word]
    if unit == "week":
        return _on([_weekday(word) for word in words], unit)
    if _DAY_OF_MONTH.match(rest):
        return _on([_day_of_month(word) for word in words], unit)
    return _on_nth(_NTH.fullmatch(rest))


def starts_between(
    recurrence: Recurrence, start: datetime, zone: ZoneInfo, since: datetime, until: datetime
) -> list[datetime]:
    """Return the moments in UTC, ascending, at which a schedule starts, `since` and `until` included.

    `start` is the wall time from which on the schedule is kept; it is a start itself only if it recurs then.
    """
    first = moment_of(start, zone)
    since = max(since, first)
    if recurrence.unit == "hour":
        step = timedelta(hours=recurrence.every)
        missing = -((first - since) // step)
        count = max((until - first) // step - missing + 1, 0)
        return [first + (missing + number) * step for number in range(count)]
    # A day of a zone begins and ends up to 14 hours beside that of UTC.
    days = _days(recurrence, start.date(), since.date() - _ONE_DAY, until.date() + _ONE_DAY)
    moments = (moment_of(datetime.combine(day, start.time()), zone) for day in days)
    return sorted(moment for moment in moments if since <= moment <= until)


def _on(days: list[int | None], unit: str) -> Recurrence | None:
    known = [day for day in days if day is not None]
    return Recurrence(unit=unit, every=1, days=tuple(known)) if known and len(known) == len(days) else None


def _on_nth(match: re.Match[str] | None) -> Recurrence | None:
    if not match:
        return None
    nth, weekday, offset = _NTHS.get(match["nth"]), _weekday(match["weekday"]), int(match["offset"] or 0)
    if nth is None or weekday is None or abs(offset) > _MOST_OFFSET:
        return None
    return Recurrence(unit="month", every=1, days=(weekday,), nth=nth, offset=offset)


def _weekday(word: str) -> int | None:
    """Return the number of a weekday, Monday 0, by its name or the beginning of it."""
    found = [number for number, name in enumerate(_WEEKDAYS) if len(word) >= 3 and name.startswith(word)]
    return found[0] if found else None


def _day_of_month(word: str) -> int | None:
    match = _DAY_OF_MONTH.fullmatch(word)
    day = int(match[1]) if match else 0
    return day if 1 <= abs(day) <= 31 else None


def _days(recurrence: Recurrence, start: date, first: date, last: date) -> Iterator[date]:
    """Yield the days on which a schedule starts, each once: those from `first` to `last`, and few around."""
    if recurrence.unit == "month":
        yield from _days_of_months(recurrence, first - timedelta(days=31), last + timedelta(days=31))
        return
    step = recurrence.every if recurrence.unit == "day" else 1
    skipped = max(-((start - first).days // step), 0) if first > start else 0
    day = start + timedelta(days=skipped * step)
    while day <= last:
        if recurrence.unit == "day" or day.weekday() in recurrence.days:
            yield day
        day += timedelta(days=step)


def _days_of_months(recurrence: Recurrence, first: date, last: date) -> Iterator[date]:
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        year, number = divmod(month, 12)
        length = monthrange(year, number + 1)[1]
        if recurrence.nth is None:
            in_month = {day if day > 0 else length + 1 + day for day in recurrence.days}
        else:
            in_month = {_nth(date(year, number + 1, 1).weekday(), length, recurrence)}
        for day in sorted(in_month):
            if recurrence.nth is not None or 1 <= day <= length:
                yield date(year, number + 1, 1) + timedelta(days=day - 1)


def _nth(weekday_of_first: int, length: int, recurrence: Recurrence) -> int:
    """Return the day of a month that the nth weekday, moved by the offset, is: outside it, too."""
    days = range(1 + (recurrence.days[0] - weekday_of_first) % 7, length + 1, 7)
    return days[recurrence.nth or 0] + recurrence.offset
