"""Check one plain value and return it typed, or raise what is said of it after its key and itself.

Empty text stands for nothing given and passes every check.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from numbers import Number
from pathlib import Path
from urllib.parse import urlsplit

_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_GROUP = rf"/subscriptions/{_GUID}/resourceGroups/(?!\.+/)[\w.()-]+"
_SUBSCRIPTION = re.compile(rf"(?:/subscriptions/)?({_GUID})/?", re.IGNORECASE)
_MANAGEMENT_GROUP = re.compile(
    r"/providers/Microsoft\.Management/managementGroups/[\w.()-]{1,90}/?", re.IGNORECASE
)
_TENANT = re.compile(r"[A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(
    r"(?P<sign>[+-]?)(?=\d)(?:(?P<days>\d+)\s*d)?\s*(?:(?P<hours>\d+)\s*h)?\s*(?:(?P<minutes>\d+)\s*m)?",
    re.IGNORECASE | re.ASCII,
)
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)"
    r"\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE | re.ASCII,
)
MOST = 1_000_000
_LONGEST = timedelta(days=4383)  # twelve years, the longest retention of a workspace
_A_DURATION = "expected a duration like 14d, 36h or 90m"
_A_TIME = "expected an ISO time with zone like 2024-03-08T10:00:00Z, or latest, or nothing"


class Refused(ValueError):
    """A value is not of its kind; the message goes on where key and value were named."""


def text(value: object) -> str:
    """Return `value` stripped; anything but text is refused, for YAML 1.1 may have made it another value."""
    if not isinstance(value, str):
        raise Refused(_other_than_text(value))
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value.strip()):
        raise Refused("holds a control character, expected one line of plain text")
    return value.strip()


def is_subscription(written: str) -> bool:
    """Tell a subscription's id from that of a management group."""
    return _SUBSCRIPTION.fullmatch(written) is not None


def _other_than_text(value: object) -> str:
    if isinstance(value, bool):
        return "is true or false, quote it"
    if isinstance(value, Number):
        return "is a number, quote it"
    if isinstance(value, date):
        return "is a date, quote it"
    if isinstance(value, (list, tuple)):
        return "is a list, expected one text"
    if isinstance(value, dict):
        return "is a mapping, expected one text"
    return f"is a {type(value).__name__}, expected text"


def item(value: object) -> str:
    """Return a list's item stripped; an empty one is refused."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Refused("is in the list, write a name there or remove the line")
    return text(value)


def items(value: object) -> object:
    """Refuse what is no list."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise Refused("is a number, quote it")
    if not isinstance(value, (list, tuple)):
        raise Refused("is not a list, expected one like [first, second]")
    return value


def once(items: tuple[str, ...]) -> tuple[str, ...]:
    """Keep each item once, whatever its case, in order."""
    kept: dict[str, str] = {}
    for item in items:
        kept.setdefault(item.casefold(), item)
    return tuple(kept.values())


def whole_number(value: object) -> int:
    """Return a whole number of 1 to `MOST`, given as a number or as its plain digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        # A leading zero is octal in YAML 1.1 and decimal in 1.2: refused, so that both readers agree.
        digits = isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,8}", value.strip())
        number = int(str(value)) if digits else 0
    if not 1 <= number <= MOST:
        raise Refused(f"is not a whole number from 1 to {MOST}")
    return number


def length(none: str) -> Callable[[object], timedelta]:
    """Return the check of a duration like `14d`, `36h`, `90m` or `1d12h`; `none` is said of no length."""

    def check(value: object) -> timedelta:
        if isinstance(value, Number) and not isinstance(value, bool):
            raise Refused(f"has no unit, {_A_DURATION}")
        written = text(value)
        match = _DURATION.fullmatch(written)
        if not match or not any(match.group("days", "hours", "minutes")):
            problem = "has no unit" if re.fullmatch(r"[\d.]+", written) else "is not a duration"
            raise Refused(f"{problem}, {_A_DURATION}")
        try:
            length = timedelta(**{unit: int(match[unit] or 0) for unit in ("days", "hours", "minutes")})
        except (OverflowError, ValueError):
            length = timedelta.max
        if match["sign"] == "-" or not length:
            raise Refused(f"{none}, {_A_DURATION}")
        if length > _LONGEST:
            raise Refused("is longer than any workspace keeps rows, expected at most 4383d")
        return length

    return check


def moment(value: object) -> datetime | str | None:
    """Return a time in UTC, `latest` or None; a time without a zone is refused."""
    if isinstance(value, datetime):
        time: datetime | None = value
    elif isinstance(value, date):
        raise Refused(f"is a date without a time, {_A_TIME}")
    else:
        written = text(value)
        if not written or written.casefold() == "latest":
            return written.casefold() or None
        time = _time(written)
    if time is None:
        raise Refused(f"is not a time, {_A_TIME}")
    if time.utcoffset() is None:
        raise Refused(f"has no zone, {_A_TIME}")
    if not 2000 <= time.year < 2200:
        raise Refused("is outside the years 2000 to 2199")
    return time.astimezone(UTC)


def write_moment(value: datetime | str | None) -> str:
    """Write what `moment` returned."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value or ""


def _time(written: str) -> datetime | None:
    match = _TIME.fullmatch(written)
    if not match:
        return None
    zone = (match["zone"] or "").upper()
    try:
        return datetime.fromisoformat(f"{match['day']}T{match['clock'].replace(',', '.')}{zone}")
    except ValueError:
        return None


def tenant(name: str) -> str:
    """Return a tenant's id or domain."""
    if name and not _TENANT.fullmatch(name):
        raise Refused("is not a tenant, expected its id or its domain")
    return name


def arm_id(type_: str) -> Callable[[str], str]:
    """Return the check of the ARM id of a resource of `type_`; the case it was written in is kept."""
    pattern = re.compile(rf"{_GROUP}/providers/{re.escape(type_)}/[a-z0-9][a-z0-9_-]*", re.IGNORECASE)

    def check(id_: str) -> str:
        if id_ and not pattern.fullmatch(id_.rstrip("/")):
            expected = f"/subscriptions/<id>/resourceGroups/<name>/providers/{type_}/<name>"
            raise Refused(f"is not a matching ARM id, expected {expected}")
        return id_.rstrip("/")

    return check


def subscription(id_: str) -> str:
    """Return a subscription's id, also out of `/subscriptions/<id>`, or a management group's ARM id."""
    if _MANAGEMENT_GROUP.fullmatch(id_):
        return id_.rstrip("/")
    match = _SUBSCRIPTION.fullmatch(id_)
    if not match:
        raise Refused("is not a subscription id, expected the form 00000000-0000-0000-0000-000000000000")
    return match[1]


def address(written: str) -> str:
    """Return an https address without a trailing slash; nothing but host, port and path may stand in it."""
    try:
        parts = urlsplit(written)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, valid = urlsplit(""), False
    if written and (not valid or parts.scheme != "https" or re.search(r"[\s\\@?#]", written)):
        raise Refused("is not a plain address, expected one like https://host.example/path")
    return written.rstrip("/")


def path(value: object) -> Path | None:
    """Return a path as it was written."""
    written = text(value)
    return Path(written) if written else None
