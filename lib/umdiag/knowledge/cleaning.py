"""Clean what people paste and logs hold: escapes, entities, and signs that would steer a terminal."""

from __future__ import annotations

import html
import re

_STEERING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]")
_INVISIBLE = re.compile("[\x00\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([nrt])|([\"'/\\]))")
_ENTITY = re.compile(r"&(?:#\d|#[xX][0-9A-Fa-f]|[A-Za-z])")
_NESTED = 3
_SECRET = re.compile(r"eyJ[\w-]{10,}[\w.-]*|(?<=sig=)[^&\s\"']+|(?<=://)[^/\s@\"']+(?=@)", re.IGNORECASE)


def cleaned(text: str) -> str:
    """Undo what terminals, JSON, XML and HTML did to a text; line breaks stay, escaped ones become blanks."""
    if "\x1b" in text:
        text = _STEERING.sub("", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(html.unescape(text))
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    for _ in range(_NESTED):  # JSON within JSON escapes its quotes again
        if '\\"' not in text:
            break
        text = _ESCAPE.sub(_unescaped, text)
    return _INVISIBLE.sub("", text)


def shown(text: str, width: int = 200) -> str:
    """Put a piece of a log on one short line that steers no terminal and repeats no secret."""
    text = " ".join(_STEERING.sub("", text).split())
    text = _SECRET.sub("(hidden)", text)
    text = "".join(sign if sign.isprintable() else "" if sign == "\x00" else "�" for sign in text)
    return text if len(text) <= width else text[: width - 1] + "…"


def _unescaped(escape: re.Match[str]) -> str:
    number = escape[1] or escape[2]
    if number:
        sign = chr(int(number, 16))
        return " " if sign.isspace() or not sign.isprintable() else sign
    return " " if escape[3] else str(escape[4])
