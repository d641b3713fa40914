"""Read lists and mappings of dynamic columns, whose keys the services spell in any case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from umdiag.frames.shared.text import fold


def value_of(values: object, key: str) -> Any:
    """Return the value of a key in any case; None if there is no such key, or no mapping."""
    if not isinstance(values, Mapping):
        return None
    return (
        values[key]
        if key in values
        else next((values[name] for name in values if fold(name) == fold(key)), None)
    )


def folded_list(values: object) -> list[str]:
    """Return the texts of a list, or a single text, in the form in which they compare; nothing for others."""
    texts = [values] if isinstance(values, str) else values if isinstance(values, list) else []
    return [text for text in map(fold, texts) if text]
