"""Turn JSON into lines: status files, exports and error objects hold JSON within texts of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

#: What is larger is read as a log, line by line.
LARGEST = 32 << 20
_DEEPEST = 60
_TIMES = (
    "timegenerated", "timestamputc", "timestamp", "eventtimestamp", "lastmodifieddatetime", "time",
    "startdatetime", "lastmodifiedtime", "starttime", "timecreated",
)  # fmt: skip
_NAMES = ("computer", "computername", "vmname", "machinename", "machine", "hostname")
_IDS = ("resourceid", "id", "_resourceid", "machineid")
_MACHINE = re.compile(r"/(?:virtualmachines|machines)/([^/]+)", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A value of the JSON, written as `"key": "value"`, with its machine and its time."""

    line: str
    machine: str = ""
    time: str = ""


def leaves(text: str) -> list[Leaf] | None:
    """Return the values of a text that is JSON, those in texts of JSON too; None where it is not JSON."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return [*_walk(value, "", Leaf(line=""), 0)]


def flat(text: str) -> str:
    """Return a text as it is, or the values of its JSON, a line each."""
    found = leaves(text)
    return text if found is None else "\n".join(leaf.line for leaf in found)


def _walk(value: Any, key: str, known: Leaf, depth: int) -> Iterator[Leaf]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        known = _within(value, known)
        for name, part in value.items():
            yield from _walk(part, str(name), known, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, key, known, depth + 1)
    elif isinstance(value, str) and (inner := _inner(value)) is not None:
        yield from _walk(inner, key, known, depth + 1)
    elif value is not None:
        written = f'"{value}"' if isinstance(value, str) else json.dumps(value)
        yield replace(known, line=f'"{key}": {written}' if key else str(value))


def _within(value: Mapping[str, Any], known: Leaf) -> Leaf:
    """Return what a record says of its machine and its time, else what those around it say."""
    texts = {str(name).casefold(): part for name, part in value.items() if isinstance(part, str)}
    time = next((texts[name] for name in _TIMES if _MOMENT.match(texts.get(name, ""))), known.time)
    machine = next((texts[name] for name in _NAMES if texts.get(name)), "")
    if not machine:
        found = (_MACHINE.search(texts.get(name, "")) for name in _IDS)
        machine = next((place[1] for place in found if place), known.machine)
    return Leaf(line="", machine=machine.casefold(), time=time)


def _inner(text: str) -> Any | None:
    """Return the JSON in a text, or nothing where it is only a text."""
    if text.lstrip()[:1] not in ("{", "[") or len(text) < 3:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
