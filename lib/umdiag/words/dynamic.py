"""Dynamic values: JSON that came in rows, read so that whatever comes behind can hold it."""

from __future__ import annotations

import json
import re
from typing import Any

#: What is nested more deeply cannot be walked through by every reader, and means nothing to any judge.
_DEEPEST = 100
#: Half a character, as JSON writes it: a service cuts long texts between the two halves.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> Any:
    """Return what JSON holds, half characters replaced. Raises ValueError, or RecursionError."""
    value = json.loads(body)
    return whole(value) if _HALF.search(body) else value


def read_dynamic(text: str) -> Any:
    """Return what a JSON text holds. A text that is none, or is nested too deeply, stays a text."""
    text = whole(text)
    try:
        value = read_json(text.encode())
    except (ValueError, RecursionError):
        return text or None
    return text if _is_deep(text, value) else value


def whole(value: Any) -> Any:
    """Return plain values with half characters (lone surrogates) replaced: no file or engine holds those."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        replaced = written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return replaced if isinstance(value, str) else json.loads(replaced)
    return value


def _is_deep(text: str, value: Any) -> bool:
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(inner, (dict, list)) for inner in level)
