"""Read what may never end (a pipe, standard input) for so long, and so much of it, and no more."""

from __future__ import annotations

import os
import queue
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from umdiag.errors import CallError

_PIECE = 1 << 18
#: How many pieces may wait until they are looked at.
_AHEAD = 16


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many bytes are read of a text, and how many seconds of silence are waited for the next of them."""

    size: int = 2_000_000_000
    silence: float = 60.0


USUAL = Limits()


class Patient:
    """A stream that ends after its limits; `cut` then says why.

    `opened` returns the number of the open file. Another thread opens and reads ahead: where a pipe has no
    writer, opening it does not come back either.
    """

    def __init__(self, opened: Callable[[], int], limits: Limits) -> None:
        self.cut = ""
        self._limits = limits
        self._left = limits.size
        self._held = b""
        self._ended = False
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(_AHEAD)
        threading.Thread(target=self._read_ahead, args=[opened], name="reading", daemon=True).start()

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, fewer at the end only. Raises OSError where reading fails."""
        parts, wanted = [self._held], (self._left if size < 0 else min(size, self._left)) - len(self._held)
        while wanted > 0 and not self._ended:
            piece = self._next()
            self._ended = not piece
            parts.append(piece)
            wanted -= len(piece)
        joined = b"".join(parts)
        most = self._left if size < 0 else min(size, self._left)
        taken, self._held = joined[:most], joined[most:]
        self._left -= len(taken)
        if not self._left and not self._ended:
            self._end(f"only the first {amount(self._limits.size)} were read")
        return taken

    def _next(self) -> bytes:
        try:
            piece = self._pieces.get(timeout=self._limits.silence)
        except queue.Empty:
            self._end(f"nothing came for {self._limits.silence:g} seconds, what follows was not read")
            return b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    def _end(self, why: str) -> None:
        self._ended, self.cut, self._held = True, why, b""

    def _read_ahead(self, opened: Callable[[], int]) -> None:
        # By the file's number: a reader of Python's could not be left alone at the end of the process.
        try:
            handle = opened()
            while piece := os.read(handle, _PIECE):
                self._pieces.put(piece)
            self._pieces.put(b"")
        except (OSError, CallError) as error:
            self._pieces.put(error)


def of_path(path: Path, limits: Limits) -> Patient:
    """Open a file or a pipe. Where that fails, or it is a device, reading it raises CallError."""

    def opened() -> int:
        try:
            mode = path.stat().st_mode
            if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
                raise CallError(
                    f"explain: {path.name} is a device, not a regular file: give a log, or - for a pipe"
                )
            return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise CallError(f"explain: {path.name}: it cannot be read ({error.strerror})") from None

    return Patient(opened, limits)


def amount(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / 1e9:g} GB" if size >= 1e9 else f"{size:,} bytes"
