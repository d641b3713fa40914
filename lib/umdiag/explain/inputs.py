"""Find what is to be read: files, and the files of folders, each with the machine that it is of."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from umdiag.errors import CallError, one_line
from umdiag.explain.flattening import LARGEST, leaves
from umdiag.explain.patience import Limits
from umdiag.explain.scanning import Report, scan

#: More files than these are a folder that was not meant.
MOST_FILES = 10_000
# Names of logs, which say nothing of the machine.
_LOGS = re.compile(
    r"waagent|WaAppAgent|CommandExecution|extension|\d+\.(?:core|ext|status|settings)|\d+|WindowsUpdate|CBS"
    r"|omsupdatemgmt|omsagent|omsconfig|worker|status|gc_ext|system|application|syslog|messages|zypper|history"
    r"|yum|dnf|dpkg|term|cloudregister",
    re.IGNORECASE,
)
_ENDING = re.compile(r"\.(?:log|txt|json|jsonl|csv|xml|status|gz|out|err)(?=\.|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to read, the name it is shown by, and its machine where its place says which."""

    path: Path
    name: str
    machine: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a file held, by machine, or why it could not be read."""

    source: Source
    reports: tuple[tuple[str, Report], ...] = ()
    refused: str = ""


def sources(paths: Sequence[Path]) -> list[Source]:
    """Return the files that the paths name, folders with all that is in them, in order."""
    found = [source for path in paths for source in _of(path)]
    if not found:
        raise CallError(f"explain: there is no file in {paths[0].name!r} to read")
    if len(found) > MOST_FILES:
        raise CallError(f"explain: {len(found):,} files are more than {MOST_FILES:,}; name a smaller folder")
    return found


def read(source: Source, limits: Limits) -> Reading:
    """Read a file: JSON by its values, anything else line by line."""
    try:
        return Reading(source=source, reports=(*_reports(source, limits),))
    except CallError as error:
        said = str(error).removeprefix("explain: ").removeprefix(f"{one_line(source.path.name)}: ")
        return Reading(source=source, refused=said)


def of_json(path: Path, name: str, machine: str) -> list[tuple[str, Report]] | None:
    """Return a report per machine of a file that is JSON; None where it is not."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return None
    found = leaves(text)
    if found is None:
        return None
    by_machine: dict[str, list[str]] = {}
    for leaf in found:
        by_machine.setdefault(leaf.machine or machine, []).append(f"{leaf.time} {leaf.line}".strip())
    return [
        (name_of, scan(io.BytesIO("\n".join(lines).encode()), name, numbered=False))
        for name_of, lines in by_machine.items()
    ] or [(machine, scan(io.BytesIO(b""), name, numbered=False))]


def _of(path: Path) -> Iterator[Source]:
    if not path.is_dir():
        yield Source(path=path, name=one_line(path.name), machine=_machine(path.name))
        return
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        place = file.relative_to(path)
        machine = place.parts[0].casefold() if len(place.parts) > 1 else _machine(file.name)
        yield Source(path=file, name=one_line(place.as_posix()), machine=machine)


def _machine(name: str) -> str:
    """Return what a file's name says beside the name of its log."""
    parts = [part for part in re.split(r"[_.\-]", _ENDING.sub("", name)) if part]
    kept = [part for part in parts if not _LOGS.fullmatch(part) and not part.isdigit()]
    return "-".join(kept).casefold() if kept and len(kept) < len(parts) else ""


def _reports(source: Source, limits: Limits) -> list[tuple[str, Report]]:
    found = of_json(source.path, source.name, source.machine)
    return [(source.machine, scan(source.path, source.name, limits))] if found is None else found
