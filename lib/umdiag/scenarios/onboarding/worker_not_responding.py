"""Which connected machines have a hybrid worker that no longer responds?

Looks for:
    Machines with a heartbeat in the last half hour whose system hybrid runbook workers were all last seen by
    the Automation account more than an hour ago. The portal shows such a worker as disconnected.

Why it matters:
    The machine is assessed and looks managed, but an update run has no worker there to start its job: it
    fails to start on this machine.

Cannot see:
    Why the worker stopped: its log is on the machine. A worker that does not say when it was last seen cannot
    be judged. Machines that Azure Update Manager manages need no worker and are left out.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/hybrid-runbook-worker (read 2026-11-27)
    https://learn.microsoft.com/rest/api/automation/hybrid-runbook-workers (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import not_shown, refuse_nobody, subject, told, undecided
from umdiag.scenarios.steps import RESTART_AGENT, linux, traits, windows

FAILED_STARTS = Lead(notebook="update_runs", why="which runs failed to start on these machines?")

WORKER_SILENT = Cause(
    key="worker_silent",
    sentence="The machine is connected, but its hybrid worker has not been seen for more than an hour.",
    resolution=(
        *RESTART_AGENT,
        windows(
            "If the worker does not come back, look in the event logs Microsoft-SMA/Operational and"
            " Operations Manager."
        ),
        linux(
            "If the worker does not come back, read its log:"
            " /var/opt/microsoft/omsagent/run/automationworker/worker.log."
        ),
        "Check that the machine reaches *.azure-automation.net on port 443; heartbeats go elsewhere.",
    ),
    source="https://learn.microsoft.com/azure/automation/troubleshoot/hybrid-runbook-worker",
    leads_to=(FAILED_STARTS,),
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("worker_seen", "last_heartbeat", "last_assessed", "workspace")
RESTS = Rests(
    manager=MANAGED[1:],
    symptom=(*MACHINES, "workers", "worker_groups", "azure_machines"),
    indifferent=COUNTS | NAMES,
)


def judge(silent_workers: Partial, machines: Partial) -> Iterator[Finding]:
    """Report each connected machine whose workers were all last seen more than an hour ago."""
    for machine in silent_workers[silent_workers["silent"].notna()].itertuples():
        columns = ("source_computer_id", "worker_seen", "last_heartbeat", "last_assessed", "workspace")
        shown = told(machine, *columns) | {"also": [], "not_checked": not_shown(machine)}
        yield found(WORKER_SILENT, subject(machine), shown, known=traits(machine, worker=True))
    refuse_nobody(machines)
    if unsaid := int(silent_workers["silent"].isna().sum()):
        raise Inconclusive(
            undecided(
                unsaid,
                "whether the hybrid worker responds: it does not say when it was last seen,"
                " or the workspace is silent",
            )
        )
