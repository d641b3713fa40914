"""The runs of both services in one form, as the calendar draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from umdiag.charts.bars import text
from umdiag.charts.canvas import marked

_DEPLOYMENT, _SCHEDULE = "update deployment", "schedule"
KINDS = (_DEPLOYMENT, _SCHEDULE)
_RUN = ["run", "line", "configuration", "of", "start_time", "judged", "why"]
_EXPECTED = ["run", "machine_key", "computer", "missed"]
#: Outcome of a run of a schedule that is not compared → why.
_WHY: Mapping[str, str] = {
    "under_way": "not over",
    "cancelled": "cancelled",
}
_EARLIER = "only the newest run of a schedule is compared"


def runs_of_both(
    runs: pd.DataFrame | None,
    maintenance_runs: pd.DataFrame | None,
    schedule_attendance: pd.DataFrame | None,
    update_run: str,
) -> pd.DataFrame:
    """Return one row per run: run, line (what it is a run of), configuration (its name), of (which of
    KINDS), start_time, judged (it is compared with the machines that it should have taken), why (it shows
    nobody as missed).
    """
    parts = [pd.DataFrame(columns=_RUN).astype({"start_time": "datetime64[us, UTC]"})]
    if runs is not None and len(runs):
        judged = marked(runs["judged"])
        status = text(runs["status"])
        status = status.where(status != "", "status unknown")
        why = (status + "; no machine is known to be expected").where(judged, "not over: " + status)
        name = text(runs["configuration"])
        made = runs.assign(run=runs["run_id"], line=name, configuration=name, of=_DEPLOYMENT)
        parts.append(made.assign(judged=judged, why=why)[_RUN])
    if maintenance_runs is not None and len(maintenance_runs):
        rows = maintenance_runs[_asked_for(maintenance_runs, update_run)]
        compared = [] if schedule_attendance is None else schedule_attendance["run_key"]
        made = rows.assign(
            run=rows["run_key"],
            line=rows["configuration_key"],
            configuration=text(rows["configuration"]),
            of=_SCHEDULE,
            start_time=rows["scheduled"],
            judged=rows["run_key"].isin(compared),
            why=text(rows["status"]) + ": " + rows["outcome"].map(_WHY).fillna(_EARLIER),
        )
        parts.append(made[_RUN])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def expected_in_both(
    attendance: pd.DataFrame | None,
    schedule_attendance: pd.DataFrame | None,
    missed_by_schedules: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return one row per run and machine that it should have taken: run, machine_key, computer, missed.

    Of a schedule whose missed machines cannot be told nobody counts as expected.
    """
    parts = [pd.DataFrame(columns=_EXPECTED)]
    if attendance is not None:
        told = attendance.dropna(subset=["missed"])
        parts.append(told.rename(columns={"run_id": "run"})[_EXPECTED])
    if schedule_attendance is not None and missed_by_schedules is not None:
        there = schedule_attendance[marked(schedule_attendance["took_part"])]
        for rows, missed, computer in (
            (there, False, there["machine_key"].str.split("/").str[-1]),
            (missed_by_schedules, True, missed_by_schedules["computer"]),
        ):
            made = rows.assign(run=rows["run_key"], missed=missed, computer=computer)
            parts.append(made[_EXPECTED])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _asked_for(rows: pd.DataFrame, update_run: str) -> pd.Series[Any]:
    """Whether each run is what the parameter `update_run` names."""
    wanted = update_run.strip().casefold().rstrip("/")
    keys = (rows["run_key"], rows["configuration_key"])
    asked = pd.Series(not wanted, index=rows.index)
    for key in keys:
        asked |= (key == wanted) | key.str.endswith(f"/{wanted}")
    return asked
