"""What Azure recorded of machines between two reports, from the rows that the later one keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from umdiag.compare.reading import ReadReport

_COLUMNS = ["name", "changed", "property", "before", "after", "by"]
#: What changes by itself all the time.
_NOISE = ("properties.lastStatusChange", "properties.extended.instanceView")


def changes_between(old: ReadReport, new: ReadReport, machines: Mapping[str, str]) -> pd.DataFrame:
    """Return the recorded changes of these machines (folded ARM id → name) after the old report's clock.

    Empty where the later report keeps no rows of changes.
    """
    file = new.folder / "facts" / "resource_changes.parquet"
    nothing = pd.DataFrame(columns=_COLUMNS)
    if not file.is_file() or not machines:
        return nothing
    try:
        rows = pd.read_parquet(file, columns=["target_id", "change_type", "changed", "changes", "changed_by"])
    except (OSError, ValueError, KeyError):
        return nothing
    keys = rows["target_id"].str.casefold()
    rows = rows.assign(key=keys)[keys.isin(list(machines)) & (rows["changed"] > old.asked_at)]
    found = [line for row in rows.itertuples() for line in _lines(row, machines[row.key])]
    return pd.DataFrame(found, columns=_COLUMNS).sort_values(
        ["changed", "name", "property"], ignore_index=True
    )


def _lines(row: Any, name: str) -> Iterator[tuple[Any, ...]]:
    """Yield one line per property, or one for what has none (created, deleted)."""
    changes = _read(row.changes)
    kept = {key: value for key, value in changes.items() if not key.startswith(_NOISE)}
    for key, value in kept.items():
        told = value if isinstance(value, dict) else {}
        yield (
            name,
            row.changed,
            key,
            _plain(told.get("previousValue")),
            _plain(told.get("newValue")),
            row.changed_by,
        )
    if not changes:
        yield name, row.changed, str(row.change_type).lower(), "", "", row.changed_by


def _read(changes: Any) -> Mapping[str, Any]:
    try:
        read = json.loads(changes) if isinstance(changes, str) else changes
    except ValueError:
        read = None
    return read if isinstance(read, dict) else {}


def _plain(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
