"""Read the table of errors, `entries/<platform>.jsonl`: a row per error, data that needs no code to grow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from umdiag.errors import QueryError

#: Where a text comes from: name in the table, and the words for it.
PLATFORMS: Mapping[str, str] = {
    "windows": "Windows and Windows Update",
    "apt": "apt and dpkg",
    "yum": "yum and dnf",
    "rpm": "rpm, below yum, dnf and zypper",
    "zypper": "zypper and the registration of SUSE",
    "linux": "Linux itself",
    "runtime": ".NET, PowerShell and Python",
    "agent": "the Log Analytics agent and its configuration engine",
    "worker": "hybrid runbook workers and their jobs",
    "extension": "VM extensions and the VM agent",
    "control_plane": "Azure Resource Manager",
    "update_manager": "Azure Update Manager",
    "update_management": "Update Management, the retired service",
}
#: deciding: it is the reason. following: a consequence of another error, which comes first where it is known.
#: general: true of many texts, left out where anything else is known.
ROLES = ("deciding", "following", "general")
#: certain: the text says exactly this. likely: the usual reason of the text.
CONFIDENCES = ("certain", "likely")
_NEEDED = ("id", "kind", "platform", "meaning", "resolution", "source", "read", "example")
_DATE = re.compile(r"20\d\d-\d\d-\d\d")


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known of one error: a row of the table, or what a code says by itself.

    `kind` is code, message, package_manager or update_manager. `code` is written 0x%08X, or empty.
    Patterns are message texts with `{variable parts}` (see `templates`). `cause` and `scenario` are the
    kit's own names, empty where none fits; `source` is an address, or a repository with its path, as it
    was on `read`. `example` is a text of which this is the answer.
    """

    id: str
    kind: str
    platform: str
    code: str
    name: str
    patterns: tuple[str, ...]
    role: str
    confidence: str
    meaning: str
    cause: str
    scenario: str
    resolution: tuple[str, ...]
    source: str
    read: str
    example: str

    @property
    def number(self) -> int | None:
        """The code as an unsigned number."""
        return int(self.code, 16) if self.code else None


@cache
def table() -> tuple[Knowledge, ...]:
    """Return every row, in the order of the files. Raises QueryError for a row that is not one."""
    folder = files(__package__).joinpath("entries")
    return tuple(
        row
        for platform in PLATFORMS
        for row in read_rows(platform, folder.joinpath(f"{platform}.jsonl").read_text(encoding="utf-8"))
    )


def read_rows(platform: str, text: str) -> Iterator[Knowledge]:
    """Yield the rows of a platform's file. Raises QueryError for a row that lacks what a reader needs."""
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row: dict[str, Any] = json.loads(line)
            lists = {key: tuple(row[key]) for key in ("patterns", "resolution")}
            entry = Knowledge(**{**row, **lists})
        except (ValueError, TypeError, KeyError) as error:
            raise QueryError(
                f"{platform}.jsonl, line {number}: not a row of the error table ({error})"
            ) from None
        if lack := _lacks(entry, platform):
            raise QueryError(f"{platform}.jsonl, line {number} ({entry.id}): {lack}")
        yield entry


@cache
def by_number() -> Mapping[int, Knowledge]:
    """Return the rows that have a code, by its unsigned number."""
    return {row.number: row for row in table() if row.number is not None}


@cache
def by_name() -> Mapping[str, Knowledge]:
    """Return the rows that have a symbolic name, by that name in small letters."""
    return {row.name.casefold(): row for row in table() if row.name}


def _lacks(row: Knowledge, platform: str) -> str:
    """Return what is wrong with a row, or nothing."""
    missing = [name for name in _NEEDED if not getattr(row, name)]
    if missing:
        return f"it lacks {', '.join(missing)}"
    if not (row.code or row.patterns or row.name):
        return "nothing finds it: it has neither a code nor a pattern nor a name"
    if row.platform != platform:
        return f"its platform is {row.platform}, its file {platform}"
    if row.role not in ROLES or row.confidence not in CONFIDENCES:
        return f"its role is {row.role}, its confidence {row.confidence}"
    if not _DATE.fullmatch(row.read):
        return f"it was read on {row.read}, which is not a date"
    return ""


#: The fields of a row, in their order.
FIELDS = tuple(field.name for field in fields(Knowledge))
