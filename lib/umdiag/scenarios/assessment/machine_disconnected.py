"""Which machines have stopped reporting?

Looks for:
    Machines whose last heartbeat is older than the parameter `stale_after`, or that sent none in the window.

Why it matters:
    What is shown of such a machine is out of date, and no deployment can reach it.

Cannot see:
    Whether a machine outside Azure and Azure Arc still exists or is switched on.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues (read 2026-11-22)
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.estate import power_of
from umdiag.frames.shared.existence import deleted, hidden
from umdiag.frames.shared.recognition import of_update_management
from umdiag.frames.shared.text import looked_up
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import MACHINES, MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.assessment._machine_findings import subject
from umdiag.scenarios.evidence import fitting, or_none
from umdiag.scenarios.leads import SILENCE, STILL_NAMED
from umdiag.scenarios.steps import CHECK_AGENT, START, TROUBLESHOOT, on_azure_vm, outside_azure, traits

_DOCS = "https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues"
_LEFT_OUT = Lead(
    notebook="missed_machines",
    why="a machine that does not report takes part in no run: see which runs left it out.",
)

DELETED = Cause(
    key="machine_deleted",
    sentence="The machine no longer exists in Azure; only its rows are left.",
    resolution=(
        "Take the machine out of the update deployments that still name it.",
        "Nothing else to do if it was deleted on purpose: its rows go when the workspace's retention ends.",
    ),
    source=_DOCS,
    severity=Severity.LOW,
    leads_to=(STILL_NAMED,),
)
OFF = Cause(
    key="machine_off",
    sentence="The machine is switched off (or its Arc agent is disconnected).",
    resolution=(
        *START,
        on_azure_vm("Or let a pre-script of the update deployment start it before the run."),
    ),
    source=_DOCS,
    severity=Severity.LOW,
    leads_to=(_LEFT_OUT, SILENCE),
)
STOPPED = Cause(
    key="agent_stopped",
    sentence="The machine exists and is not known to be off, but its agent sends nothing.",
    resolution=(
        outside_azure(
            "Check that the machine still exists and is on; if not, take it out of the update deployments"
            " that name it."
        ),
        *CHECK_AGENT,
        *TROUBLESHOOT,
        "Check that the machine reaches *.ods.opinsights.azure.com and *.oms.opinsights.azure.com on 443.",
    ),
    source=_DOCS,
    leads_to=(_LEFT_OUT, SILENCE),
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=(*MACHINES, *MANAGED),
    causes=("latest_updates", "resource_changes"),
    indifferent=NAMES,
)


def judge(
    machines: Partial,
    updates: Partial | None,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Report each machine in state disconnected; high if it lacked urgent updates when last seen."""
    machines = of_update_management(machines)
    silent = machines[machines["state"] == "disconnected"].copy()
    keys = silent["arm_key"]
    silent["machine_deleted"] = deleted(
        keys, silent["last_heartbeat"], estate, subscriptions, resource_changes, asked_at=asked_at
    )
    silent["hidden"] = hidden(keys, silent["machine_deleted"], estate, subscriptions)
    silent["power"], silent["machine_off"] = power_of(silent["arm_key"], estate)
    if estate is not None:
        # A machine that was only assessed says nothing of its operating system; its resource does.
        system = looked_up(silent["arm_key"], estate.set_index("machine_key")["operating_system"]).fillna("")
        silent["os_type"] = silent["os_type"].where(silent["os_type"] != "", system)
    silent["urgent"] = _urgently_behind(silent, updates)
    for machine in silent.itertuples():
        fits = fitting(machine, (DELETED, OFF), STOPPED)
        yield found(
            fits[0],
            subject(machine),
            {
                "last_heartbeat": or_none(machine.last_heartbeat),
                "last_assessed": or_none(machine.last_assessed),
                "workspace": machine.workspace,
                "power": or_none(machine.power),
                "missing_when_last_seen": or_none(machine.urgent),
                "also": [cause.key for cause in fits[1:]],
                "not_checked": [machine.hidden] if or_none(machine.hidden) else [],
            },
            known=traits(machine),
            severity=Severity.HIGH if fits[0] is STOPPED and or_none(machine.urgent) else fits[0].severity,
        )
    if machines.empty:
        raise Inconclusive("no machine sent a heartbeat or an assessment in the window")
    silenced = int(machines["silenced"].fillna(False).sum())
    if silenced:
        raise Inconclusive(
            f"the state of {silenced:,} of {len(machines):,} machines is unknown: their workspace is silent"
        )


def _urgently_behind(silent: pd.DataFrame, updates: pd.DataFrame | None) -> pd.Series[bool]:
    if updates is None:
        return pd.Series(pd.NA, index=silent.index, dtype="boolean")
    grave = updates[
        updates["needed"]
        & (updates["critical"] | updates["security"])
        & ~updates["superseded"]
        & ~updates["definition"]
    ]
    return silent["machine"].isin(grave["machine"]).astype("boolean")
