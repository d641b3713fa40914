"""Check one value of one key and return it typed, or raise the ParameterError that says what was expected."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from numbers import Number
from typing import Literal
from urllib.parse import urlsplit

from umdiag.errors import ParameterError

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
_LONGEST = timedelta(days=4383)  # twelve years, the longest retention of a workspace
_A_DURATION = "expected a duration like 14d, 36h or 90m"
_A_TIME = "expected an ISO time with zone like 2024-03-08T10:00:00Z, or latest, or nothing"


def is_nothing(value: object) -> bool:
    """Tell whether a value stands for the default: None, blank text, an empty list or mapping."""
    empty = isinstance(value, (str, list, tuple, Mapping)) and not value
    return value is None or empty or (isinstance(value, str) and not value.strip())


def near(word: str, known: Sequence[str]) -> str:
    """Return `; did you mean …?` for the known word nearest to `word`, or nothing."""
    matches = get_close_matches(word.strip().casefold().replace("-", "_"), known, n=1)
    return f"; did you mean {matches[0]}?" if matches else ""


def text(key: str, value: object) -> str:
    """Return `value` stripped; anything but text is refused, for YAML 1.1 may have made it another value."""
    if not isinstance(value, str):
        raise ParameterError(key, value, _other_than_text(value))
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value.strip()):
        raise ParameterError(key, value, "holds a control character, expected one line of plain text")
    return value.strip()


def texts(key: str, value: object) -> tuple[str, ...]:
    """Return a list's texts, stripped, each once whatever its case, in order."""
    if not isinstance(value, (list, tuple)):
        raise ParameterError(key, value, "is no list, expected one like [first, second]")
    kept: dict[str, str] = {}
    for item in value:
        if item is None or (isinstance(item, str) and not item.strip()):
            raise ParameterError(key, "", "stands in the list, write a name there or remove the line")
        name = text(key, item)
        kept.setdefault(name.casefold(), name)
    return tuple(kept.values())


def choice(key: str, value: object, choices: Sequence[str]) -> str:
    """Return the choice that `value` names in any case."""
    name = text(key, value).casefold()
    if name not in choices:
        raise ParameterError(
            key, value, f"is not known, expected {' or '.join(_listed(choices))}{near(name, choices)}"
        )
    return name


def whole_number(key: str, value: object, most: int = 1_000_000) -> int:
    """Return a whole number of 1 to `most`, given as a number or as its plain digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        # A leading zero is octal in YAML 1.1 and decimal in 1.2: refused, so that both readers agree.
        digits = isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,8}", value.strip())
        number = int(str(value)) if digits else 0
    if not 1 <= number <= most:
        raise ParameterError(key, value, f"is no whole number of 1 to {most}")
    return number


def duration(key: str, value: object) -> timedelta:
    """Return a duration written like `14d`, `36h`, `90m` or `1d12h`, longer than nothing."""
    if isinstance(value, Number) and not isinstance(value, bool):
        raise ParameterError(key, value, f"has no unit, {_A_DURATION}")
    written = text(key, value)
    match = _DURATION.fullmatch(written)
    if not match or not any(match.group("days", "hours", "minutes")):
        problem = "has no unit" if re.fullmatch(r"[\d.]+", written) else "is no duration"
        raise ParameterError(key, value, f"{problem}, {_A_DURATION}")
    try:
        length = timedelta(**{unit: int(match[unit] or 0) for unit in ("days", "hours", "minutes")})
    except (OverflowError, ValueError):
        length = timedelta.max
    if match["sign"] == "-" or not length:
        problem = "ends the window before it starts" if key == "lookback" else "is not longer than nothing"
        raise ParameterError(key, value, f"{problem}, {_A_DURATION}")
    if length > _LONGEST:
        raise ParameterError(key, value, "is longer than any workspace keeps rows, expected at most 4383d")
    return length


def moment(key: str, value: object) -> datetime | Literal["latest"]:
    """Return a time in UTC, or `latest`; a time without a zone is refused."""
    if isinstance(value, datetime):
        time: datetime | None = value
    elif isinstance(value, date):
        raise ParameterError(key, value, f"is a date without a time, {_A_TIME}")
    else:
        written = text(key, value)
        if written.casefold() == "latest":
            return "latest"
        time = _time(written)
    if time is None:
        raise ParameterError(key, value, f"is no time, {_A_TIME}")
    if time.utcoffset() is None:
        raise ParameterError(key, value, f"has no zone, {_A_TIME}")
    if not 2000 <= time.year < 2200:
        raise ParameterError(key, value, "lies outside the years 2000 to 2199")
    return time.astimezone(UTC)


def tenant(key: str, value: object) -> str:
    """Return a tenant's id or domain."""
    name = text(key, value)
    if not _TENANT.fullmatch(name):
        raise ParameterError(key, value, "is no tenant, expected its id or its domain")
    return name


def arm_id(key: str, value: str, type_: str) -> str:
    """Return the ARM id of a resource of `type_`, in the case it was written in."""
    pattern = rf"{_GROUP}/providers/{re.escape(type_)}/[a-z0-9][a-z0-9_-]*"
    if not re.fullmatch(pattern, value.rstrip("/"), re.IGNORECASE):
        expected = f"/subscriptions/<id>/resourceGroups/<name>/providers/{type_}/<name>"
        raise ParameterError(key, value, f"is no such ARM id, expected {expected}")
    return value.rstrip("/")


def subscription(key: str, value: str) -> str:
    """Return a subscription's id, also out of `/subscriptions/<id>`, or a management group's ARM id."""
    if _MANAGEMENT_GROUP.fullmatch(value):
        return value.rstrip("/")
    match = _SUBSCRIPTION.fullmatch(value)
    if not match:
        raise ParameterError(
            key, value, "is no subscription id, expected the form 00000000-0000-0000-0000-000000000000"
        )
    return match[1]


def is_subscription(written: str) -> bool:
    """Tell a subscription's id from that of a management group."""
    return _SUBSCRIPTION.fullmatch(written) is not None


def subscription_of(id_: str) -> str:
    """Return the subscription that an ARM id lies in."""
    return id_.split("/")[2]


def address(key: str, value: object) -> str:
    """Return an https address without a trailing slash; nothing but host, port and path may stand in it."""
    written = text(key, value)
    try:
        parts = urlsplit(written)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, valid = urlsplit(""), False
    if not valid or parts.scheme != "https" or re.search(r"[\s\\@?#]", written):
        raise ParameterError(key, value, "is no plain address, expected one like https://host.example/path")
    return written.rstrip("/")


def mapping(key: str, value: object, known: Sequence[str]) -> Mapping[str, object]:
    """Return the entries of a mapping that hold something; an unknown one is refused."""
    if not isinstance(value, Mapping):
        raise ParameterError(key, value, f"is no mapping, expected lines for {', '.join(known)}")
    for name, entry in value.items():
        if name not in known:
            hint = near(str(name), known) or f"; known are {', '.join(known)}"
            raise ParameterError(f"{key}.{name}", entry, f"belongs to no endpoint{hint}")
    return {name: entry for name, entry in value.items() if not is_nothing(entry)}


def _time(written: str) -> datetime | None:
    match = _TIME.fullmatch(written)
    if not match:
        return None
    zone = (match["zone"] or "").upper()
    try:
        return datetime.fromisoformat(f"{match['day']}T{match['clock'].replace(',', '.')}{zone}")
    except ValueError:
        return None


def _other_than_text(value: object) -> str:
    if isinstance(value, bool):
        return "is a truth value, quote it"
    if isinstance(value, Number):
        return "is a number, quote it"
    if isinstance(value, date):
        return "is a date, quote it"
    if isinstance(value, (list, tuple)):
        return "is a list, expected one text"
    if isinstance(value, Mapping):
        return "is a mapping, expected one text"
    return f"is a {type(value).__name__}, expected text"


def _listed(words: Sequence[str]) -> list[str]:
    """Join all words but the last by commas."""
    return [", ".join(words[:-1]), words[-1]]
