"""Which machines wait in vain for Update Management to be configured on them?

Looks for:
    Different machines that bear one computer name; cloned machines that share one agent id, whose heartbeats
    take turns; new machines with solution and worker that were never assessed, without a quota that
    explains it.

Why it matters:
    The portal says that the machine is being configured, and goes on saying so: it is never patched.

Cannot see:
    Whether a firewall is the cause; only the machine itself can say (run the agent troubleshooter there).
    Machines that were here at the window's beginning do not count as new.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/plan-deployment (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, PLACES, Rests
from umdiag.scenarios.evidence import SHOWN, fitting, refuse_nobody, subject, told

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"

SAME_NAME = Cause(
    key="duplicate_computer_name",
    sentence="Two or more machines report under the same computer name, and the service takes them for one.",
    resolution=(
        "Give each machine a name of its own, or remove the agent from the one that is not to be managed.",
        "Then restart the agent (HealthService on Windows, omsagent on Linux) on both.",
    ),
    source=_GUIDE,
)
CLONED = Cause(
    key="cloned_image",
    sentence="The machine was cloned with its agent: several machines report under one agent id.",
    resolution=(
        "Take the machine out of the scope's saved search (MicrosoftDefaultComputerGroup) for the time"
        " being.",
        "On Windows, delete HKLM\\SOFTWARE\\Microsoft\\HybridRunbookWorker and restart HealthService.",
        "On Linux, remove the agent with its folder /etc/opt/microsoft/omsagent and install it anew.",
        "Generalise images (sysprep, waagent -deprovision) before machines are made from them.",
    ),
    source=_GUIDE,
)
BLOCKED = Cause(
    key="communication_blocked",
    sentence="The new machine has solution and worker, but its first assessment never arrived.",
    resolution=(
        "Let it reach *.azure-automation.net, *.ods.opinsights.azure.com and *.oms.opinsights.azure.com"
        " on 443.",
        "Let it reach its update source as well: Windows Update, WSUS or the distributor's repositories.",
        "Run the update agent troubleshooter: Update management, Machines, the machine's readiness.",
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/plan-deployment",
)
_CAUSES = (SAME_NAME, CLONED, BLOCKED)


RESTS = Rests(
    symptom=(*MACHINES, "update_manager_machines", "azure_machines", "workers", "worker_groups"),
    causes=("operation_events", "log_operation_events", "workspace_settings"),
    indifferent=COUNTS | PLACES,
)


def judge(
    stuck: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine that shares its name or its agent, and each new one that was never assessed."""
    undecided = 0
    for machine in stuck.itertuples():
        if not (fits := fitting(machine, _CAUSES)):
            undecided += 1
            continue
        yield found(
            fits[0],
            subject(machine),
            told(
                machine,
                "source_computer_id",
                "first_heartbeat",
                "last_heartbeat",
                "last_assessed",
                "workspace",
            )
            | {
                "same_name": machine.same_name[:SHOWN],
                "same_agent": machine.same_agent[:SHOWN],
                "also": [cause.key for cause in fits[1:]],
            },
        )
    refuse_nobody(machines)
    if undecided:
        raise Inconclusive(f"of {undecided:,} machines it cannot be told whether they wait to be configured")
