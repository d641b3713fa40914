"""Write values as KQL literals of a closed list of types: the only way in which they reach a query."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from umdiag.errors import QueryError

Value: TypeAlias = (
    str | bool | int | float | datetime | timedelta | list[str] | list[bool] | list[int] | list[float]
)


def literal(value: Value, type_: str, name: str) -> str:
    """Write `value` as a KQL literal of `type_` (string, bool, long, real, datetime, timespan, list)."""
    match type_, value:
        case "bool", bool():
            return "true" if value else "false"
        case "long", int() if not isinstance(value, bool) and -(2**63) < value < 2**63:
            return str(value)
        case "real", float() if value == value and abs(value) != float("inf"):
            return repr(value)
        case "string", str():
            return _quoted(value, name)
        case "datetime", datetime() if value.tzinfo is not None:
            plain = value.astimezone(UTC).replace(tzinfo=None)
            return f"datetime({plain.isoformat(timespec='microseconds')}Z)"
        case "timespan", timedelta():
            whole, rest = divmod(value, timedelta(seconds=1))
            return f"{whole}s" if not rest and whole >= 0 else f"time({_ticks(value)})"
        case "list", list() if all(_is_item(item) for item in value):
            return f"dynamic([{', '.join(_item(item, name) for item in value)}])"
    raise QueryError(f"parameter {name}: a {type(value).__name__} is not a {type_}")


def _quoted(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise QueryError(f"parameter {name}: the text holds half a character (a lone surrogate)") from None
    # Only these five: the embedded engine drops the backslash of any other escape (engine-notes).
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def _is_item(item: object) -> bool:
    return isinstance(item, (str, bool, int)) or (isinstance(item, float) and math.isfinite(item))


def _item(item: str | bool | float, name: str) -> str:
    return _quoted(item, name) if isinstance(item, str) else json.dumps(item, allow_nan=False)


def _ticks(span: timedelta) -> str:
    sign = "-" if span < timedelta() else ""
    span = abs(span)
    hours, seconds = divmod(span.seconds, 3600)
    return f"{sign}{span.days}.{hours:02}:{seconds // 60:02}:{seconds % 60:02}.{span.microseconds:06}0"
