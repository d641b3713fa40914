"""Read and write the file of findings that are known and accepted.

A list of mappings: `scenario` and `why` must be there; `cause`, `subject` (a name or an id, in which `*`
stands for any text) and `until` (a date, the last day on which it is accepted) may be absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypedDict

from umdiag.errors import CallError, ParameterError, is_full
from umdiag.parameters import files
from umdiag.parameters.spelling import hint
from umdiag.words.files import write_private

KEY = "accepted"
_KEYS = ("scenario", "cause", "subject", "until", "why")


class Entry(TypedDict):
    """One entry; empty text for what is absent."""

    scenario: str
    cause: str
    subject: str
    until: date | None
    why: str


def read_accepted(path: Path) -> list[Entry]:
    """Read a file's entries. Raises CallError where it cannot be read, ParameterError for its content."""
    return [_entry(number, given) for number, given in enumerate(files.load_list(path), start=1)]


def entry_of(*, scenario: str, cause: str, subject: str, until: date | None, why: str) -> Entry:
    """Return an entry as it is compared. Raises ParameterError where it does not say why."""
    if not why.strip():
        raise ParameterError("why", "", "is missing, every entry says why (--why TEXT)")
    return Entry(
        scenario=_name(scenario), cause=_name(cause), subject=_line(subject), until=until, why=_line(why)
    )


def day(written: str) -> date:
    """Read a date. Raises ParameterError for anything else."""
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise ParameterError("until", written, "is not a date, expected one like 2026-12-31") from None


def add_entry(path: Path, entry: Entry) -> None:
    """Write an entry at the end of a file, which is made if it is not there; what stands there is kept.

    Raises CallError or ParameterError for a file that is there and cannot be read.
    """
    before = ""
    if path.exists():
        read_accepted(path)
        before = path.read_text(encoding="utf-8-sig").rstrip()
        before += "\n" if before else ""
    given = {name: value for name, value in entry.items() if value}
    lines = [f"{name}: {_written(value)}" for name, value in given.items()]
    text = before + "- " + "\n  ".join(lines) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, text.encode())
    except OSError as error:
        if is_full(error):
            raise
        raise CallError(f"{path}: cannot be written ({error.strerror or type(error).__name__})") from None


def _written(value: object) -> str:
    # A text in JSON is a text in YAML, whatever it looks like.
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def _entry(number: int, given: Mapping[str, files.Plain]) -> Entry:
    place = f"{KEY}, entry {number}"
    for name in given:
        if name not in _KEYS:
            known = hint(name, _KEYS) or f"; known are {', '.join(_KEYS)}"
            raise ParameterError(place, name, f"is not a key of an entry{known}")
    texts = {name: _text(place, name, given.get(name)) for name in _KEYS}
    for name in ("scenario", "why"):
        if not texts[name]:
            raise ParameterError(place, name, "is missing, every entry says which scenario, and why")
    return Entry(
        scenario=_name(texts["scenario"]),
        cause=_name(texts["cause"]),
        subject=texts["subject"],
        until=day(texts["until"]) if texts["until"] else None,
        why=texts["why"],
    )


def _text(place: str, name: str, value: files.Plain) -> str:
    if value is not None and not isinstance(value, str):
        raise ParameterError(place, name, "is a list or a mapping, expected one text")
    return _line(value or "")


def _name(written: str) -> str:
    """Return the name of a scenario or a cause, in whatever case it was written."""
    return written.strip().casefold().replace("-", "_")


def _line(written: str) -> str:
    return " ".join(written.split())
