"""What Azure Update Manager did on one machine, for the lanes of its time line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.charts import lanes
from umdiag.charts.canvas import BAD, GOOD, WARN, Spec, each, inert, marked

_STATUS = "succeeded"
#: What made an installation → words.
_ORIGINS = {"run": "by a schedule", "user": "on demand", "platform": "by Azure"}


def assessments(
    patch_states: pd.DataFrame | None, keys: set[str], lane: int, asked_at: datetime, lookback: timedelta
) -> list[Spec]:
    """Mark the newest assessment: Azure keeps no other."""
    if patch_states is None:
        return []
    rows = patch_states[patch_states["machine_key"].isin(keys)]
    rows = lanes.within(rows, "assessed", asked_at, lookback)
    lacks = sum(rows[count].fillna(0) for count in ("critical", "security", "missing_other"))
    good = marked(rows["succeeded"])
    marks: list[Spec] = []
    for name, colour, symbol, chosen in (
        ("assessment: updates needed", WARN, "diamond", good & (lacks > 0)),
        ("assessment: nothing needed", GOOD, "circle", good & (lacks <= 0)),
        ("assessment failed or not over", BAD, "x", ~good),
    ):
        part = rows[chosen]
        notes = [_assessment_note(row) for row in each(part)]
        marks += lanes.marks_at(list(part["assessed"]), notes, name, colour, symbol, lane)
    return marks


def runs(
    schedule_attempts: pd.DataFrame | None,
    missed_by_schedules: pd.DataFrame | None,
    keys: set[str],
    lane: int,
    asked_at: datetime,
    lookback: timedelta,
) -> list[Spec]:
    """Mark each run of a schedule that took the machine, and each that left it out."""
    marks: list[Spec] = []
    if schedule_attempts is not None:
        rows = schedule_attempts[schedule_attempts["machine_key"].isin(keys)]
        rows = rows.assign(
            start_time=rows["started"].fillna(rows["scheduled"]),
            end_time=rows["ended"],
            error_message=rows["texts"],
        )
        marks += lanes.ended(rows, "run", lane, asked_at, lookback)
    if missed_by_schedules is not None:
        out = missed_by_schedules[missed_by_schedules["machine_key"].isin(keys)]
        marks += lanes.left_out(out.assign(start_time=out["scheduled"]), lane, asked_at, lookback)
    return marks


def installations(
    rows: pd.DataFrame | None, keys: set[str], lane: int, asked_at: datetime, lookback: timedelta
) -> list[Spec]:
    """Mark each finished installation, by a schedule, on demand or by Azure itself."""
    if rows is None:
        return []
    rows = rows[rows["machine_key"].isin(keys)]
    rows = rows.assign(
        start_time=rows["started"].fillna(rows["ended"]),
        end_time=rows["ended"],
        outcome=marked(rows["succeeded"]).map({True: _STATUS, False: "failed"}),
        configuration=[_made(row) for row in each(rows)],
        error_message=rows["texts"],
    )
    return lanes.ended(rows, "installation", lane, asked_at, lookback)


def _made(row: Any) -> str:
    name = row.configuration_key.rpartition("/")[2]
    made = _ORIGINS.get(row.origin, "origin not known")
    numbers = ", ".join(
        f"{int(number):,} {said}"
        for number, said in ((row.installed, "installed"), (row.failed, "failed"), (row.pending, "left"))
        if pd.notna(number)
    )
    return ", ".join(part for part in (f"{made} {name}".strip(), numbers) if part)


def _assessment_note(row: Any) -> str:
    counts = [
        f"{int(number):,} {said}"
        for number, said in (
            (row.critical, "critical"),
            (row.security, "security"),
            (row.missing_other, "other"),
        )
        if pd.notna(number)
    ]
    told = f"{inert(row.status, 30)}: " + (", ".join(counts) + " needed" if counts else "no counts")
    error = str(row.texts or "").partition("\n")[0]
    return told + (f"<br>{inert(error, 90)}" if error else "")
