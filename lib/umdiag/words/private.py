"""Folders for what a run needs besides its report: this process's alone, and swept when it was killed."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import stat
import sys
import tempfile
import time
import uuid
import weakref
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: Held open by its owner: locked where the system has locks, elsewhere a file that cannot be removed.
_OWNER = ".owner"
#: Folders that another system holds, or held before it was started again, are left alone for so long.
STRANGE_FOR = timedelta(days=14)
#: No link of somebody else is followed, and no pipe waited for.
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class PrivateFolder:
    """A new folder in the system's temporary folder, removed when it is let go or the process ends.

    Folders of processes that were killed are removed when the first is made. Not by the number of the
    process: containers share a temporary folder, and do not see each other's processes. Locks are believed
    of the system that runs here alone: over a network a folder may be shared and its locks not.
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix="umdiag-"))
        held = _held(self.path)
        #: Remove the folder; a second call does nothing.
        self.remove = weakref.finalize(self, _remove, self.path, held)


def _held(folder: Path) -> int:
    """Mark a folder as held, for as long as what is returned is open."""
    if sys.platform == "win32":
        held = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT)
        os.write(held, _system())
        return held
    passing = folder / "unlocked"
    held = os.open(passing, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(held, _system())
    _locked(held)
    passing.rename(folder / _OWNER)  # bears its name once it is locked, or it would look left
    return held


def _remove(path: Path, held: int) -> None:
    if os.name == "nt":
        os.close(held)
    shutil.rmtree(path, ignore_errors=True)
    if os.name != "nt":  # only now: nobody may take the folder for one that was left
        os.close(held)


@cache
def _sweep(parent: Path) -> None:
    with suppress(OSError):
        for owner in parent.glob(f"umdiag-*/{_OWNER}"):
            if _is_left(owner):
                shutil.rmtree(owner.parent, ignore_errors=True)


@cache
def _system() -> bytes:
    """Return what this system is called for as long as it runs, the same in all of its containers."""
    try:
        return _BOOT.read_bytes().strip()
    except OSError:
        return f"{platform.node()} {uuid.getnode():x}".encode()


@cache
def numbering() -> str:
    """Return eight hex digits for where numbers of processes mean the same as here: each container has its
    numbers, each system too.
    """
    try:
        inside = str(Path("/proc/self/ns/pid").readlink()).encode()
    except OSError:
        inside = b""
    return hashlib.sha256(_system() + inside).hexdigest()[:8]


def _is_left(owner: Path) -> bool:
    """Tell whether nobody holds a folder any more; what cannot be told is left alone."""
    try:
        held = os.open(owner, os.O_RDWR | _PLAIN)
        try:
            known = os.fstat(held)
            old = time.time() - known.st_mtime > STRANGE_FOR.total_seconds()
            if not stat.S_ISREG(known.st_mode) or not (old or os.read(held, 1000) == _system()):
                return False
            if sys.platform != "win32":
                return _locked(held)
        finally:
            os.close(held)
        owner.unlink()
    except OSError:
        return False
    return True


def _locked(held: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
