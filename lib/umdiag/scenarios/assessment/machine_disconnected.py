"""Which machines have fallen silent?

Looks for:
    Machines whose last heartbeat is older than the parameter `stale_after`, or that sent none in the window.

Why it matters:
    Nothing that is shown of such a machine is true today, and no deployment can reach it.

Cannot see:
    Whether a machine outside Azure and Azure Arc still exists or is switched on.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues (read 2026-11-22)
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.missed import is_deleted
from umdiag.frames.shared.text import looked_up
from umdiag.model import Cause, Finding, Severity, found
from umdiag.scenarios.assessment._machine_findings import subject

_DOCS = "https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues"

DELETED = Cause(
    key="machine_deleted",
    sentence="The machine is gone from Azure; only its rows are left.",
    resolution=(
        "Nothing to mend if it was deleted on purpose: its rows vanish with the workspace's retention.",
        "Take it out of update deployments that still name it.",
    ),
    source=_DOCS,
    severity=Severity.LOW,
)
OFF = Cause(
    key="machine_off",
    sentence="The machine is switched off (or its Arc agent is disconnected).",
    resolution=(
        "Start the machine if it should be patched, or use a deployment with a pre-script that starts it.",
        "An Arc machine that runs: check the service himds and its way to Azure.",
    ),
    source=_DOCS,
    severity=Severity.LOW,
)
STOPPED = Cause(
    key="agent_stopped",
    sentence="The machine exists and is not known to be off, but its agent sends nothing.",
    resolution=(
        "Check the agent's service on the machine: HealthService on Windows, omsagent on Linux.",
        "Run the update agent troubleshooter: Update management, Machines, the machine's readiness.",
        "Check that the machine reaches *.ods.opinsights.azure.com and *.oms.opinsights.azure.com.",
    ),
    source=_DOCS,
)


def judge(
    machines: pd.DataFrame,
    heartbeats: pd.DataFrame,
    updates: pd.DataFrame | None,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
) -> Iterator[Finding]:
    """Report each machine in state disconnected; high if it gravely lacked updates when last seen."""
    silent = machines[machines["state"] == "disconnected"].copy()
    silent["deleted"], silent["off"] = False, False
    if estate is not None:
        power = looked_up(silent["arm_key"], estate.set_index("machine_key")["on"])
        silent["off"] = power.eq(False).fillna(False).astype(bool)
        if subscriptions is not None:
            silent["deleted"] = is_deleted(silent["arm_key"], estate["machine_key"], subscriptions)
    silent["grave"] = _gravely_behind(silent, updates)
    powers = {} if estate is None else estate.set_index("machine_key")["power"].to_dict()
    for machine in silent.itertuples():
        fits = [cause for cause, fit in ((DELETED, machine.deleted), (OFF, machine.off)) if fit] or [STOPPED]
        yield found(
            fits[0],
            subject(machine),
            {
                "last_heartbeat": None if pd.isna(machine.last_heartbeat) else machine.last_heartbeat,
                "last_assessed": None if pd.isna(machine.last_assessed) else machine.last_assessed,
                "workspace": machine.workspace,
                "power": powers.get(machine.arm_key) or None,
                "missing_when_last_seen": bool(machine.grave),
                "also": [cause.key for cause in fits[1:]],
            },
            severity=Severity.HIGH if fits[0] is STOPPED and machine.grave else fits[0].severity,
        )
    if machines.empty:
        raise Inconclusive("no machine sent a heartbeat or an assessment in the window")
    silenced = int(machines["silenced"].sum())
    if silenced:
        raise Inconclusive(
            f"of {silenced:,} of {len(machines):,} machines it cannot be said: their workspace is silent"
        )


def _gravely_behind(silent: pd.DataFrame, updates: pd.DataFrame | None) -> pd.Series[bool]:
    if updates is None:
        return pd.Series(False, index=silent.index)
    grave = updates[
        updates["needed"]
        & (updates["critical"] | updates["security"])
        & ~updates["superseded"]
        & ~updates["definition"]
    ]
    return silent["machine"].isin(grave["machine"])
