"""Which machines ran out of time before everything was installed?

Looks for:
    Machines whose newest machine run of an update deployment exceeded its maintenance window, and how long
    its installations took. In Azure Update Manager: machines whose newest installation of a schedule, or on
    demand, says so itself.

Why it matters:
    What did not fit is left for the next run, which may run out of time as well.

Cannot see:
    How long the updates that are left will take; it is estimated from those that were installed. The window
    of an installation on demand, which Azure Update Manager does not keep.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/deploy-updates (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/workflow-update-manager (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import (
    BLIND,
    COUNTS,
    MACHINES,
    NAMES,
    PATCHED,
    PATCHES,
    SCHEDULED,
    UPDATE_MANAGEMENT,
    Rests,
)
from umdiag.scenarios.azure_steps import HISTORY
from umdiag.scenarios.evidence import or_none, subject, told
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import refuse_no_runs
from umdiag.scenarios.steps import in_update_management, in_update_manager, traits
from umdiag.scenarios.update_runs._run_findings import described
from umdiag.words.steps import Step

_LEFT_OUT = Lead(notebook="assessment", why="see what was left out for lack of time, and how urgent it is.")
_WINDOWS = "https://learn.microsoft.com/azure/update-manager/workflow-update-manager"
_CONFIGURATION = "Azure Update Manager > Machines > Maintenance configurations > <configuration>"
_SET = "az maintenance configuration update --ids <configuration id> --duration"

BELOW_MINIMUM = Cause(
    key="window_below_minimum",
    sentence="The maintenance window is shorter than the 90 minutes that the service asks for.",
    resolution=(f"Set the window to 90 minutes or more: {_SET} 01:30, or {_CONFIGURATION} > Schedule.",),
    source="https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations",
    leads_to=(_LEFT_OUT,),
)
LATE = Cause(
    key="started_late",
    sentence="The installation began more than 15 minutes after the scheduled start, so less time was left.",
    resolution=(
        "See in the evidence by how many minutes it was late; a machine that was starting up, or busy with"
        " another update, begins late.",
        "Have the machine running 15 minutes before the window, and no other schedule in the hour before it.",
        f"Or set a longer window: {_SET} 03:55, or {_CONFIGURATION} > Schedule.",
    ),
    source=_WINDOWS,
    leads_to=(_LEFT_OUT,),
)
TOO_SHORT = Cause(
    key="window_too_short",
    sentence="The installations did not fit into the maintenance window.",
    resolution=(
        in_update_management(
            "Lengthen the window: Automation account > Update management > Deployment schedules > the"
            " deployment > Maintenance window. It can last 360 minutes at most (120 by default); its last 20"
            " are kept for a restart."
        ),
        in_update_manager(
            f"Lengthen the window: {_CONFIGURATION} > Schedule, or {_SET} 03:55, which is the longest; its"
            " last 10 minutes (on Linux 15) are kept for a restart."
        ),
        in_update_management(
            "If that is not enough, split the updates by classification into several deployments."
        ),
        in_update_manager(
            "If that is not enough, split the updates by classification into several maintenance"
            " configurations."
        ),
        in_update_management("Run the deployment more often, so that less piles up."),
        in_update_manager("Let the schedule recur more often, so that less piles up."),
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/deploy-updates",
    manager_source=_WINDOWS,
    leads_to=(_LEFT_OUT,),
)
TIME_LEFT = Cause(
    key="reported_with_time_left",
    sentence="The installation reports an exceeded window although more than 30 minutes of it were left.",
    resolution=(
        "See which update came next: the service does not begin one that it expects to take longer than the"
        " time left.",
        HISTORY,
        "Assess the machine and see whether the update is still missing; if it is left out again, install it"
        " on demand: Azure Update Manager > Machines > One-time update.",
    ),
    source=_WINDOWS,
    leads_to=(_LEFT_OUT,),
)
_CAUSES = (BELOW_MINIMUM, LATE, TOO_SHORT, TIME_LEFT)
_MOST, _MOST_OF_MANAGER = 360, 235


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("used_minutes", "window_minutes", "left", "configuration")
RESTS = Rests(
    symptom=("machine_runs", "update_runs", "patch_installations", *SCHEDULED),
    causes=("install_outcomes", *MACHINES, *PATCHED),
    indifferent=COUNTS | NAMES | BLIND | PATCHES,
)


def judge(
    short_windows: Partial | None,
    exceeded_windows: Partial | None,
    machine_run_outcomes: Partial | None,
    judged_installations: Partial | None,
    managed_machines: Partial | None,
) -> Iterator[Finding]:
    """Report each machine whose newest machine run of a deployment or schedule ran out of time."""
    short = None if short_windows is None else short_windows.assign(window_too_short=True)
    for cause, also, run, others in by_machine(short, exceeded_windows, causes=_CAUSES):
        of_manager = getattr(run, "service", "") == UPDATE_MANAGER
        advice = _advice_of_manager(run) if of_manager else _advice(run)
        advised = (*advice, *TOO_SHORT.resolution[2:]) if cause is TOO_SHORT else cause.resolution
        about = _of_manager(run) if of_manager else _of_management(run)
        yield found(
            cause,
            subject(run),
            described(run, others) | about | {"also": also},
            resolution=advised,
            known=traits(run),
        )
    refuse_no_runs(machine_run_outcomes, judged_installations, managed_machines)


def _of_management(run: Any) -> dict[str, Any]:
    shown = told(run, "window_minutes", "used_minutes", "installed", "left", "minutes_per_update")
    return shown | told(run, "needed_minutes", "advised_minutes") | {"left_updates": run.left_updates}


def _of_manager(run: Any) -> dict[str, Any]:
    shown = told(run, "window_minutes", "used_minutes", "late_minutes", "left_minutes")
    shown |= told(run, "needed_minutes", "advised_minutes")
    if or_none(run.window_minutes) is None:
        whose = (
            f"the maintenance configuration {run.configuration} is not shown" if run.run_id else _ON_DEMAND
        )
        shown["not_checked"] = [f"how long the maintenance window was: {whose}"]
    return shown


_ON_DEMAND = "an installation without a schedule does not say"


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


def _advice_of_manager(run: Any) -> tuple[str | Step, ...]:
    """Return the first step for a maintenance configuration, or for an installation on demand."""
    if not run.run_id:
        return (
            "Give the next installation on demand more time: Azure Update Manager > Machines > One-time"
            " update > Properties > Maximum duration.",
        )
    window, advised, needed = (
        or_none(value) for value in (run.window_minutes, run.advised_minutes, run.needed_minutes)
    )
    if advised is None or (window is not None and advised <= window and needed <= _MOST_OF_MANAGER):
        return TOO_SHORT.resolution[1:2]
    if needed > _MOST_OF_MANAGER:
        return (
            f"At this pace it would need {needed:g} minutes, more than the {_MOST_OF_MANAGER} that are"
            " allowed: split the updates by classification into several maintenance configurations.",
        )
    hours, minutes = divmod(int(advised), 60)
    was = "" if window is None else f" (it is {window:g})"
    return (
        f"Set the window to {advised:g} minutes{was}: {_CONFIGURATION} > Schedule, or {_SET}"
        f" {hours:02}:{minutes:02}.",
    )
