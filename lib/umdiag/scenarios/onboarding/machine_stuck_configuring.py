"""Which machines are stuck while Update Management is being configured?

Looks for:
    Different machines with the same computer name; cloned machines that share one agent id, whose heartbeats
    alternate; new machines that have the solution and a worker and were never assessed, without a quota
    that explains it.

Why it matters:
    The portal keeps saying that the machine is being configured, and the machine is never patched.

Cannot see:
    Whether a firewall is the cause; only the machine itself can say (run the agent troubleshooter there).
    Machines that already reported at the beginning of the window do not count as new.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/plan-deployment (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, MANAGED, PLACES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN, fitting, not_shown, refuse_nobody, subject, told, undecided
from umdiag.scenarios.leads import WITHOUT_WORKER
from umdiag.scenarios.steps import (
    REGISTER_AGAIN,
    RESTART_AGENT,
    TROUBLESHOOT,
    linux,
    traits,
    windows,
    with_wsus,
)

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_WHOSE = Lead(
    notebook="machine",
    why="several machines share a name or an agent id: see which heartbeats come from which machine.",
)
_FORMER = Lead(
    notebook="update_runs",
    why="a run that addresses a machine by a shared or former id does not start there.",
)

SAME_NAME = Cause(
    key="duplicate_computer_name",
    sentence="Two or more machines report under the same computer name, and the service takes them for one.",
    resolution=(
        "Give each machine its own name, or remove the agent from the one that is not to be managed.",
        *RESTART_AGENT,
    ),
    source=_GUIDE,
    leads_to=(_WHOSE, _FORMER),
)
CLONED = Cause(
    key="cloned_image",
    sentence="The machine was cloned with its agent: several machines report under one agent id.",
    resolution=(
        "Take the machine out of the saved search MicrosoftDefaultComputerGroup of the scope configuration"
        " MicrosoftDefaultScopeConfig-Updates for now.",
        REGISTER_AGAIN[0],
        linux(
            "Remove the agent with its data and install it again: sudo sh onboard_agent.sh --purge, then"
            " sudo sh onboard_agent.sh with the id and the key of the workspace."
        ),
        windows("Generalise images before machines are made from them: sysprep /generalize."),
        linux("Generalise images before machines are made from them: sudo waagent -deprovision+user."),
    ),
    source=_GUIDE,
    leads_to=(_WHOSE, _FORMER),
)
BLOCKED = Cause(
    key="communication_blocked",
    sentence="The new machine has the solution and a worker, but its first assessment never arrived.",
    resolution=(
        "Let it reach *.azure-automation.net, *.ods.opinsights.azure.com and *.oms.opinsights.azure.com"
        " on 443.",
        with_wsus("Let it reach its WSUS server as well."),
        windows("Let it reach Windows Update as well.", wsus=False),
        linux("Let it reach the repositories of its distribution as well."),
        *TROUBLESHOOT,
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/plan-deployment",
    leads_to=(WITHOUT_WORKER,),
)
_CAUSES = (SAME_NAME, CLONED, BLOCKED)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("first_heartbeat", "last_heartbeat", "last_assessed", "workspace")
RESTS = Rests(
    manager=MANAGED[1:],
    symptom=(*MACHINES, "azure_machines", "workers", "worker_groups"),
    causes=("operation_events", "log_operation_events", "workspace_settings"),
    indifferent=COUNTS | PLACES,
)


def judge(
    stuck: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine that shares its name or its agent, and each new one that was never assessed."""
    waiting = 0
    for machine in stuck.itertuples():
        if not (fits := fitting(machine, _CAUSES)):
            waiting += 1
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
                "not_checked": not_shown(machine),
            },
            known=traits(machine),
        )
    refuse_nobody(machines)
    if waiting:
        raise Inconclusive(
            undecided(waiting, "whether the configuration of Update Management is still under way")
        )
