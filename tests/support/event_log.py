"""Write event logs of Windows in their binary form: plain elements, attributes and texts, no templates."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

_HEAD, _CHUNK, _FIRST = 4096, 65536, 512
_UNIX = 116_444_736_000_000_000


def event(number: int, provider: str, level: int, values: Mapping[str, str]) -> dict[str, Any]:
    """Return an event as `event_log` takes it: elements by name, attributes behind @."""
    return {
        "Event": {
            "System": {
                "Provider": {"@Name": provider},
                "EventID": str(number),
                "Level": str(level),
                "TimeCreated": {"@SystemTime": "2024-03-15T04:00:00.000Z"},
                "Computer": "web01",
            },
            "EventData": dict(values),
        }
    }


def event_log(events: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a log of these events, all in one chunk."""
    body = b""
    for number, content in enumerate(events, start=1):
        head = struct.pack("<QQ", number, _UNIX)
        place = _FIRST + len(body) + 8 + len(head)
        binary = b"\x0f\x01\x01\x00"
        ((name, inner),) = content.items()
        binary += _element(name, inner, place + len(binary)) + b"\x00"
        size = 8 + len(head) + len(binary) + 4
        body += struct.pack("<II", 0x2A2A, size) + head + binary + struct.pack("<I", size)
    last = _FIRST + len(body)
    assert last <= _CHUNK
    chunk = b"ElfChnk\0" + struct.pack("<QQQQ", 1, len(events), 1, len(events))
    chunk += struct.pack("<IIII", 128, _FIRST, last, zlib.crc32(body)) + bytes(64)
    pointers = bytes(_FIRST - 128)
    chunk += struct.pack("<II", 0, zlib.crc32(chunk[:120] + pointers))
    head = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, 0, len(events) + 1, 128, 1, 3, _HEAD, 1) + bytes(76)
    head += struct.pack("<II", 0, zlib.crc32(head[:120]))
    return head.ljust(_HEAD, b"\0") + (chunk + pointers + body).ljust(_CHUNK, b"\0")


def _element(name: str, content: Any, place: int) -> bytes:
    """Return an element that begins at a place of its chunk."""
    inner = content if isinstance(content, Mapping) else {"": content}
    attributes = {key[1:]: value for key, value in inner.items() if key.startswith("@")}
    head = 5
    named = _name(name, place + head)
    place += head + len(named)
    told = b""
    for number, (key, value) in enumerate(attributes.items(), start=1):
        token = b"\x06" if number == len(attributes) else b"\x46"
        told += token + _name(key, place + 4 + len(told) + 1) + _value(value)
    if attributes:
        told = struct.pack("<I", len(told)) + told
    told += b"\x02"
    for key, value in inner.items():
        if key and not key.startswith("@"):
            told += _element(key, value, place + len(told))
        elif not key:
            told += _value(value)
    told += b"\x04"
    token = b"\x41" if attributes else b"\x01"
    return token + struct.pack("<I", len(named) + len(told)) + named + told


def _name(name: str, place: int) -> bytes:
    """Return a name behind its own offset."""
    text = name.encode("utf-16-le")
    return struct.pack("<IIHH", place + 4, 0, 0, len(name)) + text + b"\0\0"


def _value(text: str) -> bytes:
    return b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")
