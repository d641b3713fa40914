"""Whether the window of an investigation is long enough for what it asks about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from umdiag.model import Rows, State
from umdiag.queries.kql import Query, Value
from umdiag.queries.rhythm import RHYTHM
from umdiag.words.durations import write_duration

Fetch: TypeAlias = Callable[[Query, Mapping[str, Value]], Rows]
#: Of these `stale_after` asks how long ago the newest row is: a window that ends before cannot show it.
AGEING = ("Heartbeat", "Update", "UpdateSummary")
_SEEN = (State.COMPLETE, State.PARTIAL)


def shortness(tables: Iterable[str], lookback: timedelta, stale_after: timedelta) -> str:
    """Say for which of these tables a window is too short, "" for none."""
    said = []
    length, limit = write_duration(lookback), write_duration(stale_after)
    for table in tables:
        if lookback < RHYTHM.get(table, timedelta()):
            rhythm = f"the {write_duration(RHYTHM[table])} within which every healthy machine reports"
        elif table in AGEING and lookback < stale_after:
            rhythm = f"stale_after ({limit})"
        else:
            continue
        said.append(f"{table}: a lookback of {length} is shorter than {rhythm}, set a longer one")
    return "; ".join(said)


def notes_on_window(lookback: timedelta, stale_after: timedelta) -> list[str]:
    """Say of which tables the window is too short to tell."""
    said = shortness(RHYTHM, lookback, stale_after)
    return [f"The window is short. {part}." for part in said.split("; ") if part]


def watched(fetch: Fetch, lookback: timedelta, stale_after: timedelta) -> Fetch:
    """Return `fetch` so that an answer is partial where its window is too short for its tables."""
    return lambda query, values: _within(fetch(query, values), lookback, stale_after)


def _within(rows: Rows, lookback: timedelta, stale_after: timedelta) -> Rows:
    said = shortness(rows.tables, lookback, stale_after) if rows.state in _SEEN else ""
    if not said or said in rows.reason:
        return rows
    reason = f"{rows.reason}; {said}" if rows.reason else said
    return replace(rows, state=State.PARTIAL, reason=reason)
