"""One row per start of a maintenance configuration, in the window and in the 31 days after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.recurrence import read_recurrence, starts_between
from umdiag.frames.shared.zones import read_clock, zone_of
from umdiag.model import Partial

AHEAD = timedelta(days=31)


def derive(configurations: Partial, *, asked_at: datetime, lookback: timedelta) -> pd.DataFrame:
    """Return configuration_key, start, end (null: its window is not known), ascending.

    Starts before it expires; none of a configuration whose recurrence is not known.
    """
    known = configurations[configurations["recurrence_known"]]
    rows = [
        {
            "configuration_key": configuration.configuration_key,
            "start": start,
            "minutes": configuration.minutes,
        }
        for configuration in known.itertuples()
        for start in starts_of(configuration, asked_at - lookback, asked_at + AHEAD)
    ]
    found = typed(rows, {"configuration_key": "str", "start": TIME, "minutes": "Int64"})
    found["end"] = found["start"] + pd.to_timedelta(found["minutes"].astype("Float64"), unit="min")
    return found.sort_values(["start", "configuration_key"], ignore_index=True)[
        ["configuration_key", "start", "end"]
    ]


def starts_of(configuration: Any, since: datetime, until: datetime) -> list[datetime]:
    """Return the moments at which a configuration starts before it expires; none where they are not known."""
    start, zone = read_clock(configuration.start_clock), zone_of(configuration.time_zone)
    recurrence = start and read_recurrence(configuration.recur_every, start)
    if not start or not zone or not recurrence:
        return []
    starts = starts_between(recurrence, start, zone, since, until)
    expires = configuration.expires
    return [moment for moment in starts if pd.isna(expires) or moment < expires]
