"""How a value from evidence or a frame is written for a reader: in words, without HTML."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.words.moments import to_the_minute

_TIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$")
_LONGEST = 400
_NAMING = ("table", "cause", "name", "property", "predicate")
_MOST_ITEMS, _MOST_PAIRS = 4, 7


def words(value: Any, key: str = "") -> str:
    """Write a value for a reader: times to the minute, lists cut.

    `key` is what the value is called: a number that is a name is written as it stands.
    """
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case str():
            return _moment_in(value) if _TIME.match(value) else _cut(value)
        case datetime():
            return _moment(value)
        case timedelta():
            return _span(value)
        case int():
            return str(value) if str(key).endswith("_id") else f"{value:,}"
        case float():
            return "—" if value != value else f"{value:,.10g}" if value == int(value) else f"{value:,.4g}"
        case Mapping():
            return _pairs(value)
        case Sequence() | set() | frozenset():
            apart = "; " if any(isinstance(item, Mapping) for item in value) else ", "
            return _listed([words(item) for item in value], _MOST_ITEMS, apart)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "—"
    scalar = value.item() if hasattr(value, "item") else None
    return words(scalar, key) if scalar is not None and not hasattr(scalar, "item") else _cut(str(value))


def spoken(key: object) -> str:
    """Write a key of evidence or a cause as words."""
    return re.sub(
        r"\b(gb|mb|kb|id|arm|os|wsus)\b", lambda unit: unit[0].upper(), str(key).replace("_", " ")
    ).strip()


def _moment(time: datetime) -> str:
    if pd.isna(time):
        return "—"
    return to_the_minute(time)


def _moment_in(text: str) -> str:
    try:
        return _moment(datetime.fromisoformat(text))
    except ValueError:
        return _cut(text)


def _pairs(value: Mapping[Any, Any]) -> str:
    """Write a mapping as words; of an update its title and KB are enough, what names a row needs no key."""
    package = value.get("package") if "package_version" in value else None
    if title := value.get("title") or value.get("product") or package:
        kb = str(value.get("kb") or "").upper().removeprefix("KB")
        more = [
            f"KB{kb}" if kb and kb not in str(title) else "",
            "" if kb else str(value.get("product_version") or value.get("package_version") or ""),
        ]
        return " ".join(part for part in (_cut(str(title)), *more) if part)
    parts = []
    for key, item in value.items():
        if item is not None and item != "":
            said = spoken(item) if key == "cause" else words(item, key)
            parts.append(said if key in _NAMING else f"{spoken(key)} {said}")
    return _listed(parts, _MOST_PAIRS, ", ")


def _span(span: timedelta) -> str:
    if pd.isna(span):
        return "—"
    hours = span / timedelta(hours=1)
    return f"{hours / 24:.3g} days" if abs(hours) >= 48 else f"{hours:.3g} hours"


def _cut(text: str) -> str:
    return textwrap.shorten(text, _LONGEST, placeholder=" …") if len(text) > _LONGEST else text


def _listed(parts: list[str], most: int, apart: str) -> str:
    if not parts:
        return "—"
    more = f"{apart}… {len(parts) - most:,} more" if len(parts) > most else ""
    return apart.join(parts[:most]) + more
