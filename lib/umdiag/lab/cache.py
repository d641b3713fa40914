"""Rows that a notebook fetched, for the other notebooks of the same JupyterLab.

They lie in a folder that `umdiag lab` makes for its owner alone and removes when JupyterLab ends. Nothing is
read from a folder of anybody else, and nothing in it is ever run: rows are Parquet, each file named for what
it answers and for the fingerprint of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from umdiag.judging.stored import read_frame, write_frame
from umdiag.lab.copies import CACHE_VARIABLE
from umdiag.model import Rows, State
from umdiag.queries.kql import Query, Value, bind

#: So long a moment counts as now: a second notebook of live Azure asks about the moment of the first.
STILL_NOW = timedelta(minutes=15)
_SEEN = (State.COMPLETE, State.PARTIAL)

Fetch = Callable[[Query, Mapping[str, Value]], Rows]


class Cache:
    """What was fetched for one target: the parameters, and for a snapshot the content of its files.

    `lasting`: rows stay right for good, as a snapshot's do. `again`: this kernel opened the target before,
    and whoever opens it again wants to know how things are now; other notebooks are told.
    """

    def __init__(self, folder: Path, target: str, *, lasting: bool, again: bool) -> None:
        self._folder = folder
        self._target = _fingerprint(target)
        self._lasting = lasting
        self._again = again and not lasting

    def around(self, fetch: Fetch, asked_at: datetime) -> Fetch:
        """Return `fetch` so that it asks once for all notebooks; what could not be seen is asked again."""

        def fetch_once(query: Query, values: Mapping[str, Value]) -> Rows:
            asked = (self._target, asked_at.isoformat(), query.name, bind(query, values))
            key = _fingerprint("\0".join(asked))
            known = None if self._again else self._read(key)
            if known is not None:
                return known
            rows = fetch(query, values)
            if rows.state in _SEEN:
                self._write(key, rows)
            return rows

        return fetch_once

    def moment(self) -> datetime | None:
        """Return the moment that another notebook asked about and that still counts as now, else None."""
        file = self._folder / f"{self._target}.json"
        with suppress(OSError, ValueError, KeyError, TypeError):
            if not self._lasting and not self._again and _is_young(file):
                return datetime.fromisoformat(json.loads(file.read_bytes())["asked_at"])
        return None

    def keep_moment(self, asked_at: datetime) -> None:
        """Let other notebooks ask about this moment."""
        with suppress(OSError):
            passing = self._folder / secrets.token_hex(8)
            passing.write_text(json.dumps({"asked_at": asked_at.isoformat()}), encoding="utf-8")
            passing.replace(self._folder / f"{self._target}.json")

    def _read(self, key: str) -> Rows | None:
        with suppress(OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            for file in self._folder.glob(f"{key}.*.parquet"):
                if not (self._lasting or _is_young(file)):
                    continue
                if hashlib.sha256(file.read_bytes()).hexdigest() == file.name.split(".")[1]:
                    frame, told = read_frame(file)
                    return _rows(told, frame)
        return None

    def _write(self, key: str, rows: Rows) -> None:
        passing = self._folder / secrets.token_hex(8)
        told = {
            "name": rows.name,
            "text": rows.text,
            "state": rows.state.value,
            "reason": rows.reason,
            "newest": None if rows.newest is None else rows.newest.isoformat(),
            "tables": list(rows.tables),
            "unseen": list(rows.unseen),
            "sent": rows.sent,
        }
        with suppress(OSError, pa.ArrowException, TypeError):  # what cannot be kept is asked again
            try:
                write_frame(passing, rows.frame, told)
                digest = hashlib.sha256(passing.read_bytes()).hexdigest()
                for older in self._folder.glob(f"{key}.*.parquet"):
                    older.unlink(missing_ok=True)
                passing.replace(self._folder / f"{key}.{digest}.parquet")
            finally:
                passing.unlink(missing_ok=True)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder that `umdiag lab` made, None where there is none or others could open it."""
    named = environment.get(CACHE_VARIABLE, "")
    if not named:
        return None
    folder = Path(named)
    try:
        known = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(known.st_mode):
        return None
    if os.name != "nt" and (known.st_uid != os.getuid() or known.st_mode & 0o077):
        return None
    return folder


def content_of(folder: Path) -> str:
    """Return what stands for the content of a folder's files, names and all."""
    whole = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        whole.update(f"{file.relative_to(folder).as_posix()}\0{digest}\0".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_young(file: Path) -> bool:
    return time.time() - file.stat().st_mtime < STILL_NOW.total_seconds()


def _rows(told: Mapping[str, Any], frame: Any) -> Rows:
    newest = told["newest"]
    return Rows(
        name=told["name"],
        text=told["text"],
        frame=frame,
        state=State(told["state"]),
        reason=told["reason"],
        newest=None if newest is None else datetime.fromisoformat(newest),
        tables=tuple(told["tables"]),
        unseen=tuple(told["unseen"]),
        sent=told["sent"],
    )
