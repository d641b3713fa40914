"""Read times in text, as SQL: ISO forms, and those of an export that follows the browser's language.

Dots are day.month.year, and a year that leads is year-month-day. Whether slashes and dashes begin with the
day or the month is decided over a whole column: no month is greater than 12. Where that decides nothing, the
reading counts whose newest time is nearest before the clock of the snapshot; without a clock English (US) is
known by its AM and PM in capitals, and any other such time is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

#: What slashes and dashes begin with; "": nothing tells.
Order: TypeAlias = Literal["", "day", "month"]
#: What a date may begin with.
EITHER: tuple[Literal["day"], Literal["month"]] = ("day", "month")
#: Whether some first part, and some second part, is greater than 12.
Evidence: TypeAlias = tuple[bool | None, bool | None]

#: Odd blanks, which become plain, and marks of writing direction, which go.
_ODD = ("\u202f\u00a0\u2009\u200e\u200f", "   ")
_YEAR_LAST = r"^(\d{1,2}) ?[/-] ?(\d{1,2}) ?[/-] ?(\d{4})"
#: What is replaced in turn, until a date that is understood is `@year-month-day time[ AM]`.
_TIDIED: tuple[tuple[str, str], ...] = (
    (r"(:\d\d),(\d)", r"\1.\2"),  # a fraction after a comma
    (r"[, ]+", " "),
    (r" ?(?:UTC|GMT|Z)$", ""),
    (r" ?([AaPp])\.? ?[Mm]\.?$", r" \1M"),
    (r" (\d{1,2})\.(\d\d)\.(\d\d)", r" \1:\2:\3"),  # dots between hours and minutes
    (r"(\.\d{6})\d+", r"\1"),
    (r"^(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})\.?( |$)", r"@\3-\2-\1\4"),
    (r"^(\d{4})[./-] ?(\d{1,2})[./-] ?(\d{1,2})\.?( |$)", r"@\1-\2-\3\4"),
)
_DECIDED: Mapping[Order, tuple[str, str]] = {
    "day": (_YEAR_LAST + "( |$)", r"@\3-\2-\1\4"),
    "month": (_YEAR_LAST + "( |$)", r"@\3-\1-\2\4"),
    "": (_YEAR_LAST + "( .*[AP]M)$", r"@\3-\1-\2\4"),
}
_CLOCKS = ("%H:%M:%S.%f", "%H:%M:%S", "%I:%M:%S.%f %p", "%I:%M:%S %p", "%H:%M", "%I:%M %p")
_FORMATS = ", ".join(f"'@%Y-%m-%d {clock}'" for clock in _CLOCKS) + ", '@%Y-%m-%d'"
_SHOWN = 30


def moment(text: str, order: Order) -> str:
    """Return SQL that casts a text to a naive UTC timestamp, null where it is none or could be two."""
    iso = f"make_timestamp(epoch_us(TRY_CAST(upper({text}) AS TIMESTAMPTZ)))"
    # The fifth character keeps out what the engine knows as times: 'epoch', 'infinity'.
    return f"coalesce(CASE WHEN substr({text}, 5, 1) = '-' THEN {iso} END, {_local(text, order)})"


def evidence(text: str) -> str:
    """Return SQL, two aggregates over a column: whether a first and a second part exceeds every month."""
    # Of a long column in ISO form no pattern is tried.
    plain = f"CASE WHEN {text} NOT LIKE '____-__-%' THEN {_plain(text)} END"
    parts = (f"TRY_CAST(regexp_extract({plain}, '{_YEAR_LAST}', {place}) AS INTEGER)" for place in (1, 2))
    return ", ".join(f"bool_or({part} BETWEEN 13 AND 31)" for part in parts)


def orders(found: Mapping[str, Evidence]) -> Mapping[str, Order]:
    """Decide each column of a file by its evidence; where it has none, by that of the other columns."""
    whole = _order(found.values())
    return {column: _order([parts]) if any(parts) else whole for column, parts in found.items()}


def fitting(newest: Sequence[datetime | None], asked_at: datetime) -> Order:
    """Decide by the newest time of each reading (naive UTC, in the order of `EITHER`): that which lies
    nearest before the clock, "" where neither does or both are equal.
    """
    clock = asked_at.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)
    day, month = (time if time and time <= clock else None for time in newest)
    if day == month:
        return ""
    return "month" if day is None or (month is not None and month > day) else "day"


def form(sample: str) -> str:
    """Return the form of a time as it may be shown: short, and no digit as it was."""
    return re.sub(r"\d", "0", " ".join(sample.split()))[:_SHOWN]


def _order(found: Iterable[Evidence]) -> Order:
    parts = list(found)
    day, month = any(first for first, _ in parts), any(second for _, second in parts)
    if day == month:
        return ""
    return "day" if day else "month"


def _plain(text: str) -> str:
    odd, plain = _ODD
    return f"trim(translate({text}, '{odd}', '{plain}'))"


def _local(text: str, order: Order) -> str:
    sql = _plain(text)
    for wanted, instead in (*_TIDIED, _DECIDED[order]):
        sql = f"regexp_replace({sql}, '{wanted}', '{instead}', 'g')"
    # The engine knows the words 'epoch' and 'infinity' as times.
    return f"CASE WHEN regexp_matches({text}, '[0-9]') THEN try_strptime({sql}, [{_FORMATS}]) END"
