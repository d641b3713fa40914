"""Where a report is written: beside its final place under a temporary name, and moved there when whole."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from umdiag.errors import CallError, is_full
from umdiag.words.files import write_private
from umdiag.words.private import STRANGE_FOR, numbering

SCHEMA = "umdiag/findings/1"

_SCHEMA_AT_START = re.compile(rf'^\s*\{{\s*"schema"\s*:\s*"{SCHEMA}"')


class Staging:
    """The folder of a report in the making; leaving the `with` block without `publish` removes it.

    Opening it is the check that the report can be written at all: raises CallError, and touches nothing,
    where the target holds something else than an earlier report or where nothing can be made beside it.
    """

    def __init__(self, target: Path) -> None:
        self.target = Path(os.path.realpath(target))
        self._shown = str(target)
        self._parents: list[Path] = []
        self._done = False
        self._lock = threading.Lock()
        _refuse_what_is_no_report(self.target, self._shown)
        prefix = f".{self.target.name}."
        mark = f"{os.getpid()}-{numbering()}-{secrets.token_hex(4)}"
        self.folder = self.target.with_name(f"{prefix}partial-{mark}")
        self._old = self.target.with_name(f"{prefix}old-{mark}")
        try:
            self._make_parents()
            _sweep(self.target)
            self.folder.mkdir(mode=0o700)
        except OSError as error:
            self._remove_parents()
            if is_full(error):
                raise
            raise CallError(
                f"{self._shown}: the report cannot be written here ({error.strerror}); choose another -o"
            ) from None

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        self.discard()

    def publish(self) -> None:
        """Move the report to its final place, then remove an earlier one. Raises CallError."""
        with self._lock:
            if not self._done:
                self._swap()
                self._done = True
        shutil.rmtree(self._old, ignore_errors=True)

    def discard(self) -> None:
        """Remove the report, unless it was published, and the parents that were made for it."""
        with self._lock:
            if self._done:
                return
            self._done = True
        # A notebook's thread that is still being told to stop may write a last file meanwhile.
        for _ in range(10):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(0.05)
        self._remove_parents()

    def _swap(self) -> None:
        mode = self.target.stat().st_mode if self.target.is_dir() else 0o700
        had_one = False
        try:
            _keep_from_others(self.folder)
            self.folder.chmod(mode & 0o777)
            if self.target.exists():
                _move(self.target, self._old)
                had_one = True
            _move(self.folder, self.target)
        except OSError as error:
            if had_one:
                with suppress(OSError):
                    _move(self._old, self.target)
            if is_full(error):
                raise
            raise CallError(
                f"{self._shown}: the finished report cannot be moved here ({error.strerror}); "
                "close what holds the folder open and run again"
            ) from None

    def _make_parents(self) -> None:
        missing = [parent for parent in self.target.parents if not parent.exists()]
        for parent in reversed(missing):
            parent.mkdir(exist_ok=True)
            self._parents.append(parent)

    def _remove_parents(self) -> None:
        with suppress(OSError):  # in use by now, or gone
            for parent in reversed(self._parents):
                parent.rmdir()


def write_into(folder: Path, name: str, text: str) -> Path:
    """Write a file into a folder, which is made, whole or not at all. Raises CallError."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, text.encode("utf-8", "replace"))
    except OSError as error:
        if is_full(error):
            raise
        raise CallError(f"{path}: cannot be written ({error.strerror}); choose another -o") from None
    return path


def leave_what_is_gone(folder: Path) -> None:
    """Make `folder` the working folder where that was deleted: who starts a kernel asks for its name."""
    try:
        Path.cwd()
    except OSError:
        os.chdir(folder)


def is_report(folder: Path) -> bool:
    """Tell whether a folder holds a report of this kit: its findings.json begins with our schema."""
    try:
        with (folder / "findings.json").open(encoding="utf-8") as file:
            return _SCHEMA_AT_START.match(file.read(200)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def refuse_fuller(folder: Path, known: Iterable[str], wanted: Collection[str]) -> None:
    """Refuse to put a report of the `wanted` notebooks in the place of one that has a page of others.

    Raises CallError.
    """
    if not is_report(folder):
        return
    lost = [name for name in known if name not in wanted and (folder / f"{name}.html").is_file()]
    if lost:
        raise CallError(
            f"{folder}: the report here has {', '.join(lost)} too, which --only would remove; name another -o"
        )


def _refuse_what_is_no_report(target: Path, shown: str) -> None:
    try:
        if not target.exists():
            return
        if not target.is_dir():
            raise CallError(f"{shown}: is not a folder; choose another -o")
        if any(target.iterdir()) and not is_report(target):
            raise CallError(
                f"{shown}: holds something other than a report; choose another -o or an empty folder"
            )
    except OSError as error:
        raise CallError(f"{shown}: cannot be read ({error.strerror}); choose another -o") from None
    if not os.access(target, os.W_OK):
        raise CallError(f"{shown}: cannot be written; choose another -o")


def _sweep(target: Path) -> None:
    """Remove what runs that were killed left beside the target; put an old report back that one had moved."""
    mark = r"(?P<what>partial|old)-(?P<pid>\d+)-(?P<numbering>[0-9a-f]{8})-[0-9a-f]{8}"
    left = re.compile(rf"\.{re.escape(target.name)}\.{mark}")
    for path in sorted(target.parent.iterdir()):
        match = left.fullmatch(path.name)
        if match is None or _lives(int(match["pid"]), match["numbering"], path):
            continue
        if match["what"] == "old" and not target.exists() and is_report(path):
            path.rename(target)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int, where: str, path: Path) -> bool:
    """Tell whether the process that made a folder still runs (and is not a later one of the same number);
    of another system or container, which may share the folder, whether it may.
    """
    import psutil

    try:
        if where != numbering():
            return time.time() - path.stat().st_mtime <= STRANGE_FOR.total_seconds()
        return bool(psutil.Process(pid).create_time() <= path.stat().st_ctime + 1)
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True


def _move(old: Path, new: Path) -> None:
    """Rename a folder; on Windows a virus scanner may hold it open for a moment."""
    for pause in (0.1, 0.3, 0.6, 0):
        try:
            old.rename(new)
        except PermissionError:
            if os.name != "nt" or not pause:
                raise
            time.sleep(pause)
        else:
            return


def _keep_from_others(folder: Path) -> None:
    """Let nobody but the owner read what lies in a report: names of machines, and what they lack."""
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
