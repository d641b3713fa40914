"""Which machines ran out of time before everything was installed?

Looks for:
    Machines whose newest machine run of an update deployment exceeded its maintenance window, and how long
    its installations took.

Why it matters:
    What did not fit is left for the next run, which may run out of time as well.

Cannot see:
    How long the updates that are left will take; it is estimated from those that were installed.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/deploy-updates (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, NAMES, SERVICE, UPDATE_MANAGEMENT, VISIBLE, Rests
from umdiag.scenarios.evidence import or_none, subject, told
from umdiag.scenarios.update_runs._run_findings import by_machine, described, refuse_no_runs
from umdiag.words.steps import Step

TOO_SHORT = Cause(
    key="window_too_short",
    sentence="The installations did not fit into the maintenance window.",
    resolution=(
        "Lengthen the window: Automation account > Update management > Deployment schedules > the"
        " deployment >"
        " Maintenance window. It can last 360 minutes at most (120 by default); its last 20 are kept for a"
        " restart.",
        "If that is not enough, split the updates by classification into several deployments.",
        "Run the deployment more often, so that less piles up.",
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/deploy-updates",
    leads_to=(
        Lead(notebook="assessment", why="see what was left out for lack of time, and how urgent it is."),
    ),
)
_MOST = 360


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("machine_runs", "update_runs"),
    causes=("install_outcomes", *MACHINES, "azure_machines"),
    indifferent=COUNTS | NAMES | SERVICE | VISIBLE,
)


def judge(
    short_windows: Partial,
    machine_run_outcomes: Partial,
) -> Iterator[Finding]:
    """Report each machine whose newest machine run of a deployment ran out of time."""
    for _, _, run, others in by_machine(short_windows.assign(window_too_short=True), (TOO_SHORT,)):
        yield found(
            TOO_SHORT,
            subject(run),
            described(run, others)
            | told(run, "window_minutes", "used_minutes", "installed", "left", "minutes_per_update")
            | told(run, "needed_minutes", "advised_minutes")
            | {"left_updates": run.left_updates, "also": []},
            resolution=(*_advice(run), *TOO_SHORT.resolution[1:]),
        )
    refuse_no_runs(machine_run_outcomes)


def _advice(run: Any) -> tuple[str | Step, ...]:
    """Return the first step, with the minutes that the window lacks where they could be measured."""
    window, advised, needed = (
        or_none(value) for value in (run.window_minutes, run.advised_minutes, run.needed_minutes)
    )
    if window >= _MOST:
        return (
            f"The window is as long as it can be ({window:g} minutes): split the updates into several"
            " deployments.",
        )
    if advised is None:
        return TOO_SHORT.resolution[:1]
    step = (
        f"Set the window to {advised:g} minutes (it is {window:g}): Automation account > Update management >"
        " Deployment schedules > the deployment > Maintenance window."
    )
    if needed > _MOST:
        step += f" At this pace it would need {needed:g}, more than the {_MOST} that are allowed."
    return (step,)
