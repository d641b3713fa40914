"""One row per recorded change of a machine's setting for periodic assessment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from umdiag.frames.shared.lists import value_of
from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import fold, folded

_SETTING = "assessmentmode"
#: Objects that hold the setting, the narrowest first; a change may be recorded of one of them as a whole.
_HOLDERS = ("patchsettings", "windowsconfiguration", "linuxconfiguration", "osprofile")


def derive(resource_changes: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key, changed, before, after (folded; "" where it was not there, null: the change was
    recorded of all patch settings, and does not say); the creation of a machine counts; oldest first.
    """
    kinds = folded(resource_changes["change_type"])
    rows = [
        {"machine_key": fold(change.target_id).rstrip("/"), "changed": change.changed} | told
        for change, kind in zip(resource_changes.itertuples(), kinds, strict=True)
        if kind != "delete"
        for told in ([{"before": "", "after": None}] if kind == "create" else _told(change.changes))
    ]
    columns = {"machine_key": "str", "changed": TIME, "before": "object", "after": "object"}
    changes = typed(rows, columns).dropna(subset=["changed"])
    return changes.sort_values(["changed", "machine_key"], kind="stable", ignore_index=True)


def _told(changes: object) -> Iterator[dict[str, Any]]:
    """Yield what one row of changes says of the setting, at most once."""
    if not isinstance(changes, Mapping):
        return
    by_last = {fold(path).rpartition(".")[2]: (fold(path), change) for path, change in changes.items()}
    for name in (_SETTING, *_HOLDERS):
        path, change = by_last.get(name, ("", None))
        if path.startswith("properties.osprofile"):
            sides = (value_of(change, key) for key in ("previousValue", "newValue"))
            before, after = (_mode(value) if name == _SETTING else None for value in sides)
            yield {"before": before, "after": after}
            return


def _mode(value: object) -> str:
    """Return the setting of one side; the service writes the text "null" for what was not there."""
    mode = fold(value)
    return "" if mode == "null" else mode
