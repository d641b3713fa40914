"""Error objects as the services nest them: what the innermost says, how grave it is, what kind it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from umdiag.words import shortening

#: The service's numbers of "too many rows or bytes"; its neighbours (low memory, a runaway query) are none.
_TOO_LARGE = re.compile(
    r"E_QUERY_RESULT_SET_TOO_LARGE|80DA0003|-2133196797|"
    r"result ?set (?:is |has )?(?:too large|exceeded)|record ?count ?limit|"
    r"(?:exceeds|exceeded|over) the (?:internal )?(?:data size|size|record|row)|"
    r"\b64 ?MB\b|\b500,?000\b",
    re.IGNORECASE,
)
_TOO_HEAVY = re.compile(
    r"E_RUNAWAY_QUERY|E_LOW_MEMORY|low memory|lacks memory|80DA000[1245-9]|"
    r"memory budget|(?:query|execution) has exceeded the allowed limits",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*")
_MOST_WORDS = 240
#: Kusto's levels of what a query's status says: 1 critical, 2 error, 3 warning, 4 information, 5 verbose.
ERROR_LEVEL = 2
_LEVELS = {"critical": 1, "error": 2, "warning": 3, "informational": 4, "info": 4, "verbose": 5}
_DEEPEST = 8


def code_and_message(body: bytes) -> tuple[str, str]:
    """Return (code, message) of the innermost error of a body, ("", "") where it holds none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    return innermost(content.get("error", content) if isinstance(content, dict) else {})


def innermost(error: Any) -> tuple[str, str]:
    """Return (code, message) of the innermost error: the outer ones only say that something was wrong."""
    if not isinstance(error, dict):
        return "", "" if error is None else str(error)
    code, message = "", ""
    for _ in range(_DEEPEST):
        code = str(error.get("code") or error.get("Code") or code)
        message = str(error.get("@message") or error.get("message") or error.get("Message") or message)
        inner = list(_inside(error))
        if not inner:
            break
        error = min(inner, key=is_warning)  # the first that is more than a warning, else the first
    return code, message


def told(error: Any) -> str:
    """Return the innermost message of an error object, on one short line."""
    return shortened(" ".join(filter(None, innermost(error))))


def is_warning(error: Any, depth: int = _DEEPEST) -> bool:
    """Whether all that lies in an error object is a warning or less: the rows beside it are then whole."""
    if not isinstance(error, Mapping) or depth == 0:
        return False
    inner = list(_inside(error))
    return all(is_warning(part, depth - 1) for part in inner) if inner else _level(error) > ERROR_LEVEL


def is_too_large(text: str) -> bool:
    """Whether a message speaks of too many rows or bytes: smaller answers would come whole."""
    return bool(_TOO_LARGE.search(text)) and not re.search(r"80DA000[1245-9]|E_RUNAWAY|E_LOW_MEM", text)


def is_too_heavy(text: str) -> bool:
    """Whether a message speaks of memory or work that a query used up, whatever the size of its answer."""
    return _TOO_HEAVY.search(text) is not None and not is_too_large(text)


def shortened(text: str) -> str:
    """Return a service's words on one short line, without tokens and control characters."""
    text = _TOKEN.sub("…", " ".join("".join(sign if sign.isprintable() else " " for sign in text).split()))
    return shortening.shortened(text, _MOST_WORDS)


def _inside(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = error.get("innererror") or error.get("error")
    details = error.get("details")
    listed = [inner] if isinstance(inner, dict) else details if isinstance(details, list) else []
    yield from (part for part in listed if isinstance(part, dict))


def _level(error: Mapping[str, Any]) -> int:
    named = _LEVELS.get(str(error.get("severityName") or "").lower())
    number = error.get("severity")
    if isinstance(number, int) and not isinstance(number, bool):
        return min(number, named or number)
    return named or 0


def chained(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it, as libraries nest them."""
    seen: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        link = waiting.pop()
        if link in seen:
            continue
        seen.append(link)
        yield link
        named = [getattr(link, name, None) for name in ("reason", "inner_exception")]
        inner = [link.__cause__, link.__context__, *link.args, *named]
        waiting.extend(part for part in inner if isinstance(part, BaseException))
