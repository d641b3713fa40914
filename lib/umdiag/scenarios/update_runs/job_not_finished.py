"""Which runbook jobs did not finish?

Looks for:
    Jobs of the Automation account that were created in the window and ran a patch runbook
    (Patch-MicrosoftOMSComputers) or ran on a hybrid worker: suspended, failed, or waiting for more than an
    hour. Of each runbook and worker group the newest is reported, the others are in its evidence.

Why it matters:
    An update deployment is such a job on every machine: where it does not finish, nothing is installed.

Cannot see:
    Jobs that are older than 30 days, which the account does not keep; what a failed job wrote before it
    failed. If more than 200 jobs failed, only the exceptions of the newest 200 are read.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/runbooks (read 2026-11-28)
    https://learn.microsoft.com/azure/automation/troubleshoot/hybrid-runbook-worker (read 2026-11-22)
    https://learn.microsoft.com/rest/api/automation/job (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from umdiag.model import Cause, Finding, Lead, Partial, Severity, Subject, found
from umdiag.scenarios.account import UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN, portal, told

_GUIDE = "https://learn.microsoft.com/azure/automation/troubleshoot/runbooks"
_WORKER = "https://learn.microsoft.com/azure/automation/troubleshoot/hybrid-runbook-worker"
_WORKERS = Lead(
    notebook="onboarding", why="see whether the hybrid workers of the machines still answer.", root=True
)
_READ_JOB = "Read the Errors and All Logs of the job in the evidence: Automation account > Jobs."
_EXCEPTION_UNREAD = "why the job failed: its exception was not read or is empty"

SUSPENDED = Cause(
    key="suspended",
    sentence=(
        "The job was suspended: its process kept ending, its worker could not run it, or a person "
        "suspended it."
    ),
    resolution=(
        _READ_JOB,
        "On a Windows worker, read Microsoft-SMA > Operational in the Event Viewer at the time of the job; on"
        " a Linux worker, /var/opt/microsoft/omsagent/run/automationworker/worker.log.",
        "Start the runbook again when the reason is gone.",
    ),
    source=_GUIDE,
    leads_to=(_WORKERS,),
)
FAILED = Cause(
    key="failed_by_exception",
    sentence="The job ended with an exception.",
    resolution=(
        "Do what the evidence says about the exception; umdiag explain '<text>' says more about it.",
        _READ_JOB,
        "Run the runbook again by hand on the same worker group before its next schedule.",
    ),
    source=_GUIDE,
    leads_to=(_WORKERS,),
)
QUEUED = Cause(
    key="queued_too_long",
    sentence="The job has been waiting to start for more than an hour.",
    resolution=(
        "See whether a worker of the group in the evidence answers: Automation account > Hybrid worker groups"
        " > its Hybrid Workers, Last seen.",
        "On the worker, check that its service runs and reaches https://*.azure-automation.net on port 443.",
        "See whether the account has all its jobs in use (200 at the same time): Automation account > Jobs.",
    ),
    source=_WORKER,
    leads_to=(_WORKERS,),
)
_CAUSES = {cause.key: cause for cause in (SUSPENDED, FAILED, QUEUED)}

SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("status", "exception", "count", "worker_group", "created")
RESTS = Rests(symptom=("automation_jobs",))


def judge(unfinished_jobs: Partial) -> Iterator[Finding]:
    """Report the newest unfinished job of each runbook and worker group."""
    for job in unfinished_jobs.itertuples():
        cause = _CAUSES[job.cause]
        yield found(
            cause,
            Subject(kind="automation_job", name=job.runbook or job.name, id=job.id),
            _evidence(job),
            severity=Severity.MEDIUM if job.patches else Severity.LOW,
        )


def _evidence(job: Any) -> dict[str, Any]:
    failed = job.cause == FAILED.key
    return {
        "job": job.name,
        **told(job, "worker_group", "status", "created", "ended", "count", "exception"),
        "means": job.means,
        "others": job.others[:SHOWN],
        "portal": portal(job.id),
        "also": [],
        "not_checked": [_EXCEPTION_UNREAD] if failed and not job.exception else [],
    }
