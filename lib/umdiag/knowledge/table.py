"""Read the table of errors, `errors.jsonl`: one row per error, data that needs no code to grow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from umdiag.errors import QueryError


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known of one error: a row of the table, or what a code says by itself.

    `kind` is code, message, package_manager or update_manager. `code` is written 0x%08X, or empty.
    Patterns are message texts with `{variable parts}` (see `templates`). `cause` and `scenario` are the
    kit's own names, empty where none fits; `source` is an address, or a repository with its path, as it
    was on `read`.
    """

    id: str
    kind: str
    platform: str
    code: str
    name: str
    patterns: tuple[str, ...]
    meaning: str
    cause: str
    scenario: str
    resolution: tuple[str, ...]
    source: str
    read: str

    @property
    def number(self) -> int | None:
        """The code as an unsigned number."""
        return int(self.code, 16) if self.code else None


@cache
def table() -> tuple[Knowledge, ...]:
    """Return every row, in the order of the file. Raises QueryError for a row that is not one."""
    text = files(__package__).joinpath("errors.jsonl").read_text(encoding="utf-8")
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row: dict[str, Any] = json.loads(line)
            lists = {key: tuple(row[key]) for key in ("patterns", "resolution")}
            rows.append(Knowledge(**{**row, **lists}))
        except (ValueError, TypeError, KeyError) as error:
            raise QueryError(f"errors.jsonl, line {number}: not a row of the error table ({error})") from None
    return tuple(rows)


@cache
def by_number() -> Mapping[int, Knowledge]:
    """Return the rows that have a code, by its unsigned number."""
    return {row.number: row for row in table() if row.number is not None}


@cache
def by_name() -> Mapping[str, Knowledge]:
    """Return the rows that have a symbolic name, by that name in small letters."""
    return {row.name.casefold(): row for row in table() if row.name}
