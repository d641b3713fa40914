"""On which machines did an update run not start?

Looks for:
    Machines whose newest machine run of an update deployment failed to start, and what was true of the
    machine and of the Automation account at that moment. In Azure Update Manager: machines whose newest run
    of a maintenance configuration failed before anything was installed, and what the run says.

Why it matters:
    Nothing was installed, and the message in the portal blames a worker group that does not exist, or says
    no more than ShutdownOrUnresponsive.

Cannot see:
    Whether the machine was off at the start: a machine that is off now and sent no heartbeat then counts as
    off. Jobs and runs that Azure no longer lists (it keeps them for 30 days).

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.model import UPDATE_MANAGER, Finding, Partial, found
from umdiag.scenarios.account import (
    COUNTS,
    MACHINES,
    NAMES,
    PATCHED,
    PATCHES,
    SCHEDULED,
    UPDATE_MANAGEMENT,
    Rests,
)
from umdiag.scenarios.evidence import or_none, subject, told
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import lines_of, refuse_none_shown, runs_told
from umdiag.scenarios.portal import run_page
from umdiag.scenarios.steps import traits
from umdiag.scenarios.update_runs._run_findings import described
from umdiag.scenarios.update_runs._start_causes import CAUSES, UNKNOWN

SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("error_code", "status", "configuration", "start_time")
RESTS = Rests(
    symptom=(
        "machine_runs",
        "update_runs",
        "schedule_runs",
        "schedule_machine_runs",
        "patch_installations",
        *SCHEDULED,
    ),
    causes=(
        "failed_machine_runs",
        "heartbeats_of_failures",
        "heartbeat_hours",
        "automation_jobs",
        *(fact for fact in PATCHED if fact != "schedule_machine_runs"),
        *MACHINES,
    ),
    indifferent=COUNTS | NAMES | PATCHES,
)


def judge(
    failed_starts: Partial | None,
    failed_attempts: Partial | None,
    machine_run_outcomes: Partial | None,
    schedule_attempts: pd.DataFrame | None,
    managed_machines: Partial | None,
    heartbeats_of_failures: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    *,
    job_limit: int,
) -> Iterator[Finding]:
    """Report each machine on which the newest machine run of a deployment or schedule did not start."""
    seen = heartbeats_of_failures is not None and heartbeat_hours is not None
    shown = None if failed_attempts is None else failed_attempts[~surely(failed_attempts["blind"])]
    for cause, also, run, others in by_machine(failed_starts, shown, causes=CAUSES[:-1], otherwise=UNKNOWN):
        of_manager = getattr(run, "service", "") == UPDATE_MANAGER
        about = _attempt(run, others) if of_manager else _start(run, others, seen, job_limit)
        yield found(cause, subject(run), about | {"also": also}, known=traits(run))
    if schedule_attempts is not None and schedule_attempts.empty:
        refuse_none_shown(managed_machines, "run")
        if machine_run_outcomes is not None and machine_run_outcomes.empty:
            raise Inconclusive(
                "no machine run of an update deployment was found in the window, and none of a maintenance"
                " configuration"
            )


def _attempt(run: Any, others: list[Any]) -> dict[str, Any]:
    """Return as evidence a run of a maintenance configuration that failed before it installed."""
    shown = told(run, "run_id", "configuration", "start_time", "end_time", "status", "power")
    return shown | {"errors": lines_of(run.text), "portal": run_page(run.run_id)} | runs_told(others)


def _start(run: Any, others: list[Any], heartbeats_seen: bool, job_limit: int) -> dict[str, Any]:
    """Return as evidence a machine run of an update deployment that did not start."""
    return described(run, others) | {
        "agent_of_run": run.run_agent or None,
        "agents_at_start": run.ids_at_start,
        "connected_at_start": or_none(run.connected),
        "power": or_none(run.power),
        "jobs_at_once": or_none(run.jobs),
        "job_limit": job_limit,
        "not_checked": _not_checked(run, heartbeats_seen),
    }


def _not_checked(run: Any, heartbeats_seen: bool) -> list[str]:
    said = [run.hidden] if or_none(run.hidden) else []
    if heartbeats_seen and or_none(run.connected) is None:
        said.append(
            "whether the machine was connected at the start: its workspace was silent, or it is not"
            " recognised"
        )
    return said
