"""On which machines did an update run not start?

Looks for:
    Machines whose newest machine run of an update deployment failed to start, and what was true of the
    machine and of the Automation account at that moment.

Why it matters:
    Nothing was installed, and the message in the portal blames a worker group that does not exist.

Cannot see:
    Whether the machine was off at the start: a machine that is off now and sent no heartbeat then counts as
    off. Jobs that Azure no longer lists (it keeps them for 30 days).

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, NAMES, SERVICE, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import or_none, subject
from umdiag.scenarios.leads import HEARD, STILL_NAMED, TOGETHER
from umdiag.scenarios.steps import CHECK_AGENT, START, on_azure_vm, traits
from umdiag.scenarios.update_runs._run_findings import by_machine, described, refuse_no_runs

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_LIMITS = (
    "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"
)

DELETED = Cause(
    key="machine_deleted",
    sentence="The machine was deleted from Azure.",
    resolution=(
        "Take the machine out of the update deployment that names it.",
        "Prefer dynamic groups to named machines: they follow what exists.",
    ),
    source=_GUIDE,
    leads_to=(STILL_NAMED,),
)
ID_CHANGED = Cause(
    key="source_computer_id_changed",
    sentence=("The run used an agent id that the machine no longer had: its agent was reinstalled."),
    resolution=(
        "Take the machine out of the update deployment and add it again, so that its current id is used.",
        "If it has two groups under Hybrid worker groups > System hybrid worker groups, delete the one"
        " whose name ends with the old id.",
    ),
    source=_GUIDE,
    leads_to=(
        Lead(
            notebook="onboarding",
            why="see which agent ids are shared, and which machines are in two workspaces.",
        ),
    ),
)
OFF = Cause(
    key="machine_off",
    sentence="The machine is switched off, and sent no heartbeat when the run started.",
    resolution=(
        *START,
        on_azure_vm("Or let a pre-script of the deployment start it before the run."),
        "If it is meant to stay off, take it out of the deployment.",
    ),
    source=_GUIDE,
    leads_to=(HEARD,),
)
UNREACHABLE = Cause(
    key="machine_unreachable",
    sentence="The machine sent no heartbeat in the half hours around the start of the run.",
    resolution=(
        *CHECK_AGENT,
        "Check that the machine reaches *.azure-automation.net and *.oms.opinsights.azure.com on 443.",
    ),
    source=_GUIDE,
    leads_to=(HEARD,),
)
JOBS = Cause(
    key="job_limit_reached",
    sentence="The Automation account had reached its limit of concurrent jobs.",
    resolution=(
        "Spread the start times of the deployments: each is a job, and each machine in it is another.",
        "Move other runbooks' schedules away from this hour, or to another Automation account.",
        "Ask Azure support to raise the account's limit of concurrent jobs.",
    ),
    source=_LIMITS,
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run did not start on the machine, and none of the known causes fits.",
    resolution=(
        "Open the job of the run (Automation account > Jobs) and read its exception.",
        "Check when the machine's worker was last seen: Hybrid worker groups > System hybrid worker groups.",
    ),
    source=_GUIDE,
    leads_to=(TOGETHER,),
)
_CAUSES = (DELETED, ID_CHANGED, OFF, UNREACHABLE, JOBS)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("machine_runs", "update_runs"),
    causes=(
        "failed_machine_runs",
        "heartbeats_of_failures",
        "heartbeat_hours",
        "automation_jobs",
        "azure_machines",
        "subscriptions",
        "resource_changes",
        *MACHINES,
    ),
    indifferent=COUNTS | NAMES | SERVICE,
)


def judge(
    failed_starts: Partial,
    machine_run_outcomes: Partial,
    heartbeats_of_failures: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    *,
    job_limit: int,
) -> Iterator[Finding]:
    """Report each machine whose newest machine run of a deployment failed to start."""
    seen = heartbeats_of_failures is not None and heartbeat_hours is not None
    for cause, also, run, others in by_machine(failed_starts, _CAUSES, UNKNOWN):
        yield found(
            cause,
            subject(run),
            described(run, others)
            | {
                "agent_of_run": run.run_agent or None,
                "agents_at_start": run.ids_at_start,
                "connected_at_start": or_none(run.connected),
                "power": or_none(run.power),
                "jobs_at_once": or_none(run.jobs),
                "job_limit": job_limit,
                "also": also,
                "not_checked": _not_checked(run, seen),
            },
            known=traits(run),
        )
    refuse_no_runs(machine_run_outcomes)


def _not_checked(run: Any, heartbeats_seen: bool) -> list[str]:
    said = [run.hidden] if or_none(run.hidden) else []
    if heartbeats_seen and or_none(run.connected) is None:
        said.append(
            "whether the machine was connected at the start: its workspace was silent, or it is not"
            " recognised"
        )
    return said
