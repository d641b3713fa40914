"""Folders for what a run needs besides its report: this process's alone, and swept when it was killed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: Held open by its owner: locked where the system has locks, elsewhere a file that cannot be removed.
_OWNER = ".owner"


class PrivateFolder:
    """A new folder in the system's temporary folder, removed when it is let go or the process ends.

    Folders of processes that were killed are removed when the first is made. Not by the number of the
    process: containers share a temporary folder, and do not see each other's processes.
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
        return os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT)
    passing = folder / "unlocked"
    held = os.open(passing, os.O_RDWR | os.O_CREAT, 0o600)
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


def _is_left(owner: Path) -> bool:
    """Tell whether nobody holds a folder any more; what cannot be told is left alone."""
    try:
        if sys.platform == "win32":
            owner.unlink()
            return True
        held = os.open(owner, os.O_RDWR | os.O_NOFOLLOW)
        try:
            return _locked(held)
        finally:
            os.close(held)
    except OSError:
        return False


def _locked(held: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
