"""One row per change of a machine's tag or location, and per creation or deletion of a machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import fold, folded


def derive(resource_changes: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key, changed, change_type (folded), property ("tags", "tags.<key>", "location", "" for
    creations and deletions), before, after (None: was not there), changed_by; oldest first.
    """
    kinds = folded(resource_changes["change_type"])
    rows = [
        row
        for resource_change, kind in zip(resource_changes.itertuples(), kinds, strict=True)
        for row in _rows(resource_change, kind)
    ]
    texts = dict.fromkeys(("machine_key", "change_type", "property", "changed_by"), "str")
    changes = typed(rows, texts | {"changed": TIME, "before": "object", "after": "object"})
    return changes.dropna(subset=["changed"]).sort_values("changed", kind="stable").reset_index(drop=True)


def _rows(resource_change: Any, kind: str) -> Iterator[dict[str, Any]]:
    row = {
        "machine_key": fold(resource_change.target_id).rstrip("/"),
        "changed": resource_change.changed,
        "change_type": kind,
        "changed_by": resource_change.changed_by,
    }
    if kind in ("create", "delete"):
        yield row | {"property": "", "before": None, "after": None}
        return
    for path, change in (
        resource_change.changes if isinstance(resource_change.changes, dict) else {}
    ).items():
        name = fold(path)
        if name in ("tags", "location") or name.startswith("tags."):
            before, after = (_value(change, key) for key in ("previousValue", "newValue"))
            yield row | {"property": name, "before": before, "after": after}


def _value(change: object, key: str) -> Any:
    """Return a side of a change; the service writes the text "null" for what was not there."""
    value = change.get(key) if isinstance(change, dict) else None
    if not isinstance(value, str):
        return value
    if fold(value) in ("null", ""):
        return None
    if value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
