"""The runs and dynamic groups of both services in one form, as figures draw them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.charts.bars import text
from umdiag.charts.canvas import marked

DEPLOYMENT, SCHEDULE = "update deployment", "schedule"
KINDS = (DEPLOYMENT, SCHEDULE)
_RUN = ["run", "line", "configuration", "of", "start_time", "judged", "why"]
_EXPECTED = ["run", "machine_key", "computer", "missed"]
#: Outcome of a run of a schedule that is not compared → why.
_WHY: Mapping[str, str] = {
    "under_way": "not over",
    "cancelled": "cancelled",
}
_EARLIER = "only the newest run of a schedule is compared"
GROUP, SCOPE = "group", "scope"
_FUNNEL = [
    "kind", "line", "configuration", "start_time", "group", "step", "predicate", "wanted", "kept", "of",
]  # fmt: skip
_OUTCOME = ["run_key", "configuration", "of", "status", "machine", "machine_key", "computer", "start_time"]
#: Outcome of a schedule's run on a machine → status of a machine run, in letters; the others are the same.
_STATUSES: Mapping[str, str] = {"under_way": "inprogress"}


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
        made = runs.assign(run=runs["run_id"], line=name, configuration=name, of=DEPLOYMENT)
        parts.append(made.assign(judged=judged, why=why)[_RUN])
    if maintenance_runs is not None and len(maintenance_runs):
        rows = maintenance_runs[_asked_for(maintenance_runs, update_run)]
        compared = [] if schedule_attendance is None else schedule_attendance["run_key"]
        made = rows.assign(
            run=rows["run_key"],
            line=rows["configuration_key"],
            configuration=text(rows["configuration"]),
            of=SCHEDULE,
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


def outcomes_of_both(
    machine_run_outcomes: pd.DataFrame | None,
    schedule_attempts: pd.DataFrame | None,
    population: pd.DataFrame | None,
    since: datetime,
    until: datetime,
    update_run: str,
) -> pd.DataFrame:
    """Return one row per run and machine that it took: run_key, configuration, of (which of KINDS), status
    (letters), machine (−1: not in the logs), machine_key, computer, start_time (that of the run).
    """
    parts = [pd.DataFrame(columns=_OUTCOME).astype({"start_time": "datetime64[us, UTC]", "machine": "int64"})]
    if machine_run_outcomes is not None:
        parts.append(machine_run_outcomes.assign(of=DEPLOYMENT)[_OUTCOME])
    if schedule_attempts is not None:
        rows = schedule_attempts.assign(
            start_time=schedule_attempts["scheduled"].fillna(schedule_attempts["started"])
        )
        rows = rows[_within(rows, "start_time", since, until) & _asked_for(rows, update_run)]
        made = rows.assign(
            of=SCHEDULE,
            configuration=_names(rows),
            status=rows["outcome"].replace(dict(_STATUSES)),
            machine=-1,
            computer=_computers(rows["machine_key"], population),
        )
        parts.append(made[_OUTCOME])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def runs_without_machines(
    runs: pd.DataFrame | None,
    maintenance_runs: pd.DataFrame | None,
    taken: Collection[str],
    since: datetime,
    until: datetime,
    update_run: str,
) -> int:
    """Count the runs of the window that took no machine at all; `taken` are the keys of those that did."""
    keys = set() if runs is None else set(runs["run_key"])
    if maintenance_runs is not None:
        inside = _within(maintenance_runs, "scheduled", since, until)
        keys |= set(maintenance_runs["run_key"][inside & _asked_for(maintenance_runs, update_run)])
    return len(keys.difference(taken))


def funnels_of_both(funnels: pd.DataFrame | None, scope_funnels: pd.DataFrame | None) -> pd.DataFrame:
    """Return one row per step of each dynamic group in its newest run, and of each dynamic scope as it is:
    kind (GROUP, SCOPE), line (what it belongs to), configuration (its name), start_time, group, step,
    predicate, wanted, kept, of.
    """
    parts = [pd.DataFrame(columns=_FUNNEL)]
    if funnels is not None:
        of_group = funnels.groupby(["configuration", "group"])["start_time"]
        newest = funnels[funnels["start_time"] == of_group.transform("max")]
        parts.append(newest.assign(kind=GROUP, line=newest["configuration"])[_FUNNEL])
    if scope_funnels is not None:
        parts.append(scope_funnels.assign(kind=SCOPE, line=scope_funnels["run_key"])[_FUNNEL])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _within(rows: pd.DataFrame, column: str, since: datetime, until: datetime) -> pd.Series[bool]:
    return (rows[column] > pd.Timestamp(since)) & (rows[column] <= pd.Timestamp(until))


def _names(rows: pd.DataFrame) -> pd.Series[Any]:
    """Name the schedule of each row; where no row says it, its key ends in it."""
    name = text(rows["configuration"])
    return name.where(name != "", text(rows["configuration_key"]).str.split("/").str[-1])


def _computers(keys: pd.Series[Any], population: pd.DataFrame | None) -> pd.Series[Any]:
    """Name machines as the population does; a machine that is not in it, as its resource."""
    names = keys.str.split("/").str[-1]
    if population is None:
        return names
    known = population[population["arm_key"] != ""].drop_duplicates("arm_key").set_index("arm_key")
    called = keys.map(known["computer"])
    return called.where(called.notna(), names)


def _asked_for(rows: pd.DataFrame, update_run: str) -> pd.Series[Any]:
    """Whether each run is what the parameter `update_run` names."""
    wanted = update_run.strip().casefold().rstrip("/")
    keys = (rows["run_key"], rows["configuration_key"])
    asked = pd.Series(not wanted, index=rows.index)
    for key in keys:
        asked |= (key == wanted) | key.str.endswith(f"/{wanted}")
    return asked
