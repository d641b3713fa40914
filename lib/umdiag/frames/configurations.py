"""One row per maintenance configuration that patches machines: when it starts and what it may install."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.lists import folded_list, value_of
from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.recurrence import read_recurrence
from umdiag.frames.shared.text import fold, folded, last_segment, subscription_of
from umdiag.frames.shared.zones import moment_of, read_clock, zone_of
from umdiag.model import Partial

_DURATION = re.compile(r"(?P<hours>\d{1,3}):(?P<minutes>[0-5]\d)(?::[0-5]\d)?")
_NEVER = ("never", "neverreboot")
_LISTS = {
    "windows_classes": ("windows_parameters", "classificationsToInclude"),
    "linux_classes": ("linux_parameters", "classificationsToInclude"),
    "kb_included": ("windows_parameters", "kbNumbersToInclude"),
    "kb_excluded": ("windows_parameters", "kbNumbersToExclude"),
    "masks_included": ("linux_parameters", "packageNameMasksToInclude"),
    "masks_excluded": ("linux_parameters", "packageNameMasksToExclude"),
}


def derive(maintenance_configurations: Partial, *, asked_at: datetime) -> pd.DataFrame:
    """Return configuration_key (folded id), configuration_id, name, subscription, location, living, expires
    (null: never), starts, start_clock (the wall time of it, as written), time_zone, minutes (of its window),
    recur_every, recurrence_known (whether its occurrences can be told), every_hours (null: it recurs by days,
    weeks or months), never_restarts, and lists: windows_classes, linux_classes (folded; null where it sets
    nothing for the system), kb_included, kb_excluded (digits), masks_included, masks_excluded.

    Where the time zone is not known its times are read as UTC: they are hours off, and say whether the
    configuration is living all the same.
    """
    rows = maintenance_configurations
    rows = rows[folded(rows["maintenance_scope"]) == "inguestpatch"]
    rows = rows.assign(configuration_key=folded(rows["id"]).str.rstrip("/")).drop_duplicates(
        "configuration_key"
    )
    texts = (
        "configuration_key",
        "configuration_id",
        "name",
        "subscription",
        "location",
        "start_clock",
        "time_zone",
        "recur_every",
    )
    return typed(
        [_row(row, asked_at) for row in rows.itertuples()],
        dict.fromkeys(texts, "str")
        | {"living": "bool", "expires": TIME, "starts": TIME, "minutes": "Int64", "every_hours": "Int64"}
        | {"recurrence_known": "bool", "never_restarts": "bool"}
        | dict.fromkeys(_LISTS, "object"),
    )


def _row(row: Any, asked_at: datetime) -> dict[str, Any]:
    zone, start, end = (
        zone_of(row.time_zone),
        read_clock(row.start_date_time),
        read_clock(row.expiration_date_time),
    )
    starts, expires = (
        wall and (moment_of(wall, zone) if zone else wall.replace(tzinfo=UTC)) for wall in (start, end)
    )
    known = read_recurrence(row.recur_every, start) if zone and start else None
    return {
        "configuration_key": row.configuration_key,
        "configuration_id": row.id,
        "name": row.name or last_segment(row.id),
        "subscription": fold(row.subscription_id) or subscription_of(row.id),
        "location": fold(row.location).replace(" ", ""),
        "living": expires is None or expires > asked_at,
        "expires": expires,
        "starts": starts,
        "start_clock": row.start_date_time,
        "time_zone": row.time_zone,
        "minutes": _minutes(row.duration),
        "recur_every": row.recur_every,
        "recurrence_known": known is not None,
        "every_hours": known.every if known and known.unit == "hour" else None,
        "never_restarts": fold(row.reboot_setting) in _NEVER,
    } | {name: _list(name, getattr(row, column), key) for name, (column, key) in _LISTS.items()}


def _list(name: str, parameters: object, key: str) -> list[str] | None:
    if not isinstance(parameters, dict):
        return None if name.endswith("_classes") else []
    values = folded_list(value_of(parameters, key))
    return [value.removeprefix("kb") for value in values] if name.startswith("kb_") else values


def _minutes(duration: object) -> int | None:
    match = _DURATION.fullmatch(fold(duration))
    return int(match["hours"]) * 60 + int(match["minutes"]) if match else None
