"""Which machines report to two workspaces, or are registered to another account?

Looks for:
    Machines whose agent sends heartbeats with the updates solution to two or more workspaces; and machines
    whose registration as a worker was refused because they are registered to a different account.

Why it matters:
    A machine is a worker of one account only: in the other it is listed and never updated.

Cannot see:
    Workspaces that were not queried; registrations that failed before the window.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/troubleshoot/hybrid-runbook-worker (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, MANAGED, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import or_none, refuse_nobody, subject, told
from umdiag.scenarios.leads import WITHOUT_WORKER
from umdiag.scenarios.steps import REGISTER_AGAIN, RESTART_AGENT, linux, traits, windows

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"

MULTI_HOMED = Cause(
    key="multi_homed",
    sentence="The agent reports with the updates solution to two or more workspaces.",
    resolution=(
        "Decide which workspace is to manage the machine, and take it out of the scope of the others.",
        windows(
            "Remove the other workspace: Control Panel > Microsoft Monitoring Agent > Azure Log Analytics"
            " (OMS)."
        ),
        linux(
            "Remove the other workspace: sudo sh /opt/microsoft/omsagent/bin/omsadmin.sh -l lists them, and"
            " -x with its id removes it."
        ),
        *RESTART_AGENT,
    ),
    source=_GUIDE,
    leads_to=(
        Lead(notebook="machine", why="see which workspace gets its heartbeats, and when."),
        Lead(
            notebook="quota",
            why="its rows are paid for, and counted against the cap, in each of its workspaces.",
        ),
    ),
)
REFUSED = Cause(
    key="registration_refused",
    sentence="The machine could not be registered: it is registered to a different account already.",
    resolution=(
        "Check in the evidence that the machine reports to the workspace that you want.",
        "In the other Automation account, delete its group: Hybrid worker groups > System hybrid worker"
        " groups.",
        *REGISTER_AGAIN,
    ),
    source="https://learn.microsoft.com/azure/automation/troubleshoot/hybrid-runbook-worker",
    leads_to=(WITHOUT_WORKER,),
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("workspace", "failed", "text")
RESTS = Rests(
    manager=MANAGED[1:],
    symptom=("registration_errors", *MACHINES, "azure_machines"),
    causes=("workspace_settings",),
    indifferent=COUNTS,
)


def judge(
    machines: Partial,
    multi_homed: Partial | None,
    registration_failures: Partial | None,
) -> Iterator[Finding]:
    """Report each machine with two homes or a refused registration."""
    homes = (
        {} if multi_homed is None else dict(zip(multi_homed["machine"], multi_homed["homes"], strict=True))
    )
    refused: dict[int, Any] = {}
    if registration_failures is not None:
        failures = registration_failures[registration_failures["registration_refused"]]
        refused = {failure.machine: failure for failure in failures.itertuples()}
    known = machines[machines["machine"].isin(homes)].itertuples()
    for machine in ({machine.machine: machine for machine in known} | refused).values():
        fits = [cause for cause, fit in ((MULTI_HOMED, homes), (REFUSED, refused)) if machine.machine in fit]
        shown = {"workspaces": homes.get(machine.machine, []), "workspace": or_none(machine.workspace)}
        shown |= told(machine, "failed", "text") if machine.machine in refused else {}
        shown |= {"also": [cause.key for cause in fits[1:]]}
        # A refusal is told by an event of Windows.
        system = traits(machine, os="windows" if fits[0] is REFUSED else None)
        yield found(fits[0], subject(machine), shown, known=system)
    refuse_nobody(machines)
