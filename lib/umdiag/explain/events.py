"""Read a Windows event log in its binary form (EVTX) as text: a line an event, its values by their names.

The sentences of events are not in the file but in the programs that wrote them; codes and paths are.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from umdiag.explain.patience import USUAL, amount
from umdiag.words.counting import counted

if TYPE_CHECKING:
    from umdiag.explain.reading import Readable

MAGIC = b"ElfFile\0"
_IN_MEMORY, _PIECE = 64 << 20, 1 << 20
#: Of the file's head: where the number of its chunks stands, how long it is, and how long a chunk is.
_CHUNKS, _HEAD, _CHUNK = slice(42, 44), 4096, 65536
_BEGIN = b"ElfChnk\0"
_LEVELS = {"1": "Critical", "2": "Error", "3": "Warning", "4": "Information", "5": "Verbose"}
#: What says nothing in words: attributes, and the bytes that some programs add.
_LEFT_OUT = frozenset({"#attributes", "Binary"})


class Events:
    """The text of an event log as a stream; `cut` says at its end what could not be read of it."""

    def __init__(self, packed: Readable) -> None:
        self.cut = ""
        self._lines = self._texts(packed)
        self._held = b""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes. Raises OSError where the log cannot be read at all."""
        parts, length = [self._held], len(self._held)
        while size < 0 or length < size:
            if not (line := next(self._lines, b"")):
                break
            parts.append(line)
            length += len(line)
        joined = b"".join(parts)
        taken = len(joined) if size < 0 else size
        self._held = joined[taken:]
        return joined[:taken]

    def _texts(self, packed: Readable) -> Iterator[bytes]:
        from evtx import PyEvtxParser  # only for such logs

        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            more = _copied(packed, file)
            short, strange = _chunks(file)
            damaged = 0
            try:
                records = PyEvtxParser(file).records_json()
            except (RuntimeError, OSError):
                raise OSError("its head is damaged") from None
            while True:
                try:
                    record = next(records, None)
                    line = None if record is None else written(json.loads(record["data"], strict=False))
                except (RuntimeError, ValueError):
                    damaged += 1
                    continue
                if line is None:
                    break
                yield f"{line}\n".encode("utf-8", "replace")
        damaged = damaged or strange
        told = [f"{counted(damaged, 'damaged part')} of it could not be read"] if damaged else []
        told += [f"only the first {amount(USUAL.size)} were read"] if more else []
        self.cut = "; ".join([*told, *(["the log is cut short"] if short and not more else [])])


def written(event: Any) -> str:
    """Write an event, as the parser's JSON holds it, in one line: when, who, what, and its values."""
    body = _mapping(_mapping(event).get("Event"))
    system = _mapping(body.get("System"))
    parts = (
        _attribute(system, "TimeCreated", "SystemTime"),
        _attribute(system, "Provider", "Name"),
        f"event {_text(system.get('EventID'))}",
        _LEVELS.get(_text(system.get("Level")), ""),
        _text(system.get("Computer")),
    )
    values = [*_values("", body.get("EventData")), *_values("", body.get("UserData"))]
    return " ".join(f"{' '.join(filter(None, parts))}: {'; '.join(values)}".split())


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _attribute(system: dict[str, Any], element: str, name: str) -> str:
    return str(_mapping(_mapping(system.get(element)).get("#attributes")).get(name) or "")


def _text(value: Any) -> str:
    return str(value.get("#text", "") if isinstance(value, dict) else value or "")


def _values(name: str, value: Any) -> Iterator[str]:
    """Yield the values below an element, each behind the name of its own."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _LEFT_OUT:
                yield from _values(name if key == "#text" else key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(name, inner)
    elif value not in (None, ""):
        yield str(value) if name in ("", "Data") else f"{name}={value}"


def _copied(packed: Readable, file: IO[bytes]) -> bool:
    """Copy as much of a log as is ever read; return whether there is more: what is packed may be endless."""
    left = USUAL.size
    while piece := packed.read(min(_PIECE, left + 1)):
        file.write(piece[:left])
        left -= len(piece)
        if left < 0:
            return True
    return False


def _chunks(file: IO[bytes]) -> tuple[bool, int]:
    """Return whether a file is shorter than its head says, and how many chunks begin as none does (the
    parser passes them over); goes back to the start of the file.
    """
    size = file.tell()
    file.seek(0)
    number = int.from_bytes(file.read(_HEAD)[_CHUNKS], "little")
    strange = 0
    for place in range(_HEAD, min(size, _HEAD + number * _CHUNK), _CHUNK):
        file.seek(place)
        strange += file.read(len(_BEGIN)) != _BEGIN
    file.seek(0)
    return size < _HEAD + number * _CHUNK, strange
