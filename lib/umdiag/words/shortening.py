"""Texts from rows at a length that people read: nobody reads a name of a million letters."""

from __future__ import annotations

import re

#: What steers a terminal, or the order in which signs are shown.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MOST = 200


def shortened(text: str, most: int = _MOST) -> str:
    """Return a text of at most so many signs; the end of a longer one is an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def harmless(text: str) -> str:
    """Return a text that a terminal shows as it stands: what would steer it is left out."""
    return _CONTROL.sub("", text)


def harmless_json(text: str) -> str:
    """Return JSON of the same values that a terminal shows as it stands: what would steer it is escaped."""
    return _CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
