"""Read a log in blocks, whatever it is: UTF-8, UTF-16, packed by gzip, damaged, one endless line."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Protocol

from umdiag.errors import CallError, is_full
from umdiag.explain.events import MAGIC, Events

BLOCK = 4 << 20
#: A message longer than this is not looked for across a place where an endless line had to be cut.
SEAM = 1 << 9
_GZIP = b"\x1f\x8b"
_REFUSED = {
    b"PK\x03\x04": "a zip file: unpack it first",
    b"\x1f\x9d": "packed by compress: unpack it first",
    b"BZh": "packed by bzip2: unpack it first",
    b"\xfd7zXZ": "packed by xz: unpack it first",
    b"%PDF": "a PDF: copy the text out of it first",
}


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, nothing at the end."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a log in UTF-8 (broken bytes left as they are), cut behind a line end where there is one.

    `before` is the end of the block before if its last line goes on here, else empty. `cut` says of the last
    block what could not be read.
    """

    data: bytes
    first_line: int
    before: bytes
    cut: str = ""


@dataclass(kw_only=True)
class Joined:
    """A stream whose first bytes were read already."""

    head: bytes
    rest: Readable

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes: of the head, once that is read of the rest."""
        if not self.head:
            return self.rest.read(size)
        size = len(self.head) if size < 0 else size
        taken, self.head = self.head[:size], self.head[size:]
        return taken


def blocks(stream: Readable, name: str) -> Iterator[Block]:
    """Yield the blocks of a log. Raises CallError for what is no text or cannot be read to its end."""
    line, carry, before, read, written = 1, b"", b"", False, False
    try:
        opened = _opened(stream, name)
        for piece in _utf8(opened):
            read, written = True, written or bool(piece)
            data = carry + piece
            cut = data.rfind(b"\n") + 1
            if not cut and len(data) < BLOCK:
                carry = data
                continue
            carry = data[cut:] if cut else b""
            data = data[:cut] if cut else data
            yield Block(data=data, first_line=line, before=before)
            line += data.count(b"\n")
            before = b"" if cut else data[-SEAM:]
    except (OSError, EOFError, zlib.error) as error:
        if is_full(error):
            raise
        raise CallError(f"explain: {name}: it cannot be read to its end ({_reason(error)})") from None
    lost = opened.cut if isinstance(opened, Events) else ""
    lost = "it holds nothing but zero bytes" if read and not written else lost
    if carry or lost:
        yield Block(data=carry, first_line=line, before=before, cut=lost)


def _opened(stream: Readable, name: str) -> Readable:
    """Look at the first bytes: unpack gzip, read events, refuse what has no lines."""
    joined = _begun(stream, name, _REFUSED)
    if joined.head.startswith(_GZIP):
        packed: IO[bytes] = gzip.GzipFile(fileobj=joined, mode="rb")  # type: ignore[call-overload]
        joined = _begun(packed, name, {**_REFUSED, _GZIP: "packed by gzip twice: unpack it first"})
    return Events(joined) if joined.head.startswith(MAGIC) else joined


def _begun(stream: Readable, name: str, refused: Mapping[bytes, str]) -> Joined:
    head = stream.read(4096)
    for magic, advice in refused.items():
        if head.startswith(magic):
            raise CallError(f"explain: {name} is {advice}")
    return Joined(head=head, rest=stream)


def _utf8(stream: Readable) -> Iterator[bytes]:
    """Yield the bytes of a log as UTF-8, line ends of an old Mac as those of today."""
    head = stream.read(BLOCK)
    encoding = _encoding(head)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head[2:]
    lone = b"\r" in head and b"\n" not in head  # line ends of an old Mac
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    head = head.removeprefix(codecs.BOM_UTF8)
    while head:
        if decoder:
            piece = decoder.decode(head).encode("utf-8", "replace")
        else:
            piece = head.replace(b"\0", b"") if b"\0" in head else head
        yield piece.replace(b"\r", b"\n") if lone else piece
        head = stream.read(BLOCK)


def _encoding(head: bytes) -> str:
    """Return the name of a two-byte encoding, or nothing; without a mark, by where the zero bytes stand."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    even, odd = head[:4096:2].count(0), head[1:4096:2].count(0)
    half = len(head[:4096]) // 2
    if half >= 2 and odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    if half >= 2 and even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
