"""Which machines have stopped reporting?

Looks for:
    Update Management: machines whose last heartbeat is older than the parameter `stale_after`, or that sent
    none in the window. Azure Update Manager: Azure VMs that are off and Arc machines that are not connected,
    without a good assessment in the last 24 hours, and machines that were deleted recently.

Why it matters:
    What is shown about such a machine is out of date, and no deployment and no schedule can reach it.

Cannot see:
    Whether a machine outside Azure and Azure Arc still exists or is switched on. Whether a machine that
    Resource Graph does not show was deleted, where no change says so: you may not be allowed to read it.

Sources:
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues (read 2026-11-22)
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/azure-arc/servers/overview (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.estate import power_of
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.existence import deleted, hidden
from umdiag.frames.shared.text import folded, looked_up
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import (
    MACHINES,
    MANAGED,
    NAMES,
    UPDATE_MANAGEMENT,
    UPDATE_MANAGER,
    Rests,
)
from umdiag.scenarios.assessment._away_causes import AWAY
from umdiag.scenarios.assessment._managed import NOT_READ, described, judged, known, of_logs, refuse_unclear
from umdiag.scenarios.evidence import fitting, or_none, subject
from umdiag.scenarios.steps import traits

DELETED, OFF, ERROR, EXPIRED, STOPPED = AWAY
_IN_ORDER = (DELETED, OFF, ERROR, EXPIRED)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("last_heartbeat", "last_sign", "last_assessed", "power")
RESTS = Rests(
    symptom=MACHINES,
    manager=MANAGED,
    causes=(
        "azure_machines",
        "subscriptions",
        "latest_updates",
        "resource_changes",
        "needed_patches",
        "schedule_machine_runs",
    ),
    indifferent=NAMES | NOT_READ,
)


def judge(
    machines: Partial | None,
    updates: Partial | None,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    managed_machines: Partial | None,
    assignments: Partial | None,
    configurations: Partial | None,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Report each machine in state disconnected; high if it lacked urgent updates when last seen."""
    if managed_machines is not None:
        named = _named(assignments, configurations)
        yield from _in_resource_graph(judged(managed_machines), named)
    said = ""
    if machines is not None:
        logged = of_logs(machines, managed_machines)
        silent = _silent(logged, estate, subscriptions, resource_changes, asked_at)
        yield from _in_logs(silent.assign(urgent=_urgently_behind(silent, updates)))
        silenced = int(logged["silenced"].fillna(False).sum())
        if silenced:
            number = f"{silenced:,} of {len(logged):,} machines"
            said = f"the state of {number} is unknown: their workspace is silent"
    refuse_unclear(managed_machines, machines, said)


def _silent(
    machines: pd.DataFrame,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return the machines of the logs that are disconnected, and what Azure says of them."""
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
    return silent


def _in_logs(silent: pd.DataFrame) -> Iterator[Finding]:
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


def _in_resource_graph(machines: pd.DataFrame, named: pd.Series[Any]) -> Iterator[Finding]:
    away = machines[machines["state"] == "disconnected"]
    gone, virtual, status = surely(away["deleted"]), surely(away["virtual"]), folded(away["power"])
    away = away.assign(
        machine_deleted=gone,
        machine_off=~gone & virtual,
        agent_error=~gone & ~virtual & (status == "error"),
        agent_expired=~gone & ~virtual & (status == "expired"),
        urgent=surely(away["succeeded"] & (away["critical"] + away["security"] > 0)),
        named_by_schedule=away["machine_key"].isin(named),
    )
    for machine in away.itertuples():
        cause = fitting(machine, _IN_ORDER, STOPPED)[0]
        evidence = described(machine) | {
            "last_sign": or_none(machine.last_sign),
            "missing_when_last_seen": machine.urgent,
            "named_by_schedule": machine.named_by_schedule,
        }
        yield found(
            cause, subject(machine), evidence, known=known(machine), severity=_severity(cause, machine)
        )


def _severity(cause: Cause, machine: Any) -> Severity:
    if cause is DELETED:
        return Severity.LOW if machine.named_by_schedule else Severity.INFO
    if cause is OFF:
        deallocated = str(machine.power).strip().lower() == "powerstate/deallocated"
        return Severity.INFO if deallocated else Severity.LOW
    return Severity.HIGH if machine.urgent else Severity.MEDIUM


def _named(assignments: pd.DataFrame | None, configurations: pd.DataFrame | None) -> pd.Series[Any]:
    """Return the machines that static assignments of living configurations name."""
    if assignments is None or configurations is None:
        return pd.Series(dtype="str")
    living = configurations["configuration_key"][configurations["living"]]
    return assignments["machine_key"][assignments["static"] & assignments["configuration_key"].isin(living)]


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
