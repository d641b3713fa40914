"""Which machines restarted although their update deployment is set to Never reboot?

Looks for:
    Update deployments with the option Never reboot, and restarts of their machines between the start of a
    machine run and two hours after its end: requested (1074), or unexpected (6008, 41).

Why it matters:
    Whoever chose Never reboot relies on it; the restart has another cause, and will happen again.

Cannot see:
    Restarts of machines whose System log the workspace does not collect, and of Linux machines; policies that
    change tracking does not record.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/waas-restart (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import COUNTS, MACHINES, NAMES, SERVICE, UPDATE_MANAGEMENT, VISIBLE, Rests
from umdiag.scenarios.evidence import SHOWN, or_none, subject, told
from umdiag.words.steps import Step

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_RESTARTS = "https://learn.microsoft.com/windows/deployment/update/waas-restart"
_BESIDE = Lead(notebook="machine", why="see the restart beside the run, and what happened before it.")

BY_USER = Cause(
    key="restarted_by_user",
    sentence="A person restarted the machine.",
    resolution=(
        "Ask the person that the evidence names; the update run did not do it.",
        "If it was a tool under that account, keep it away from the maintenance window.",
    ),
    source=_GUIDE,
    severity=Severity.LOW,
    leads_to=(_BESIDE,),
)
BY_POLICY = Cause(
    key="policy_reboots",
    sentence="The registry lets Windows Update restart the machine on its own, whatever the deployment says.",
    resolution=(
        "Set AUOptions to 3 (download, then notify) under the key of the evidence, or by group policy.",
        "Delete AlwaysAutoRebootAtScheduledTime there, or set it to 0.",
    ),
    source=_RESTARTS,
    leads_to=(
        Lead(
            notebook="update_runs",
            why="a restart in the middle of a run cuts it off: see what did not succeed.",
        ),
    ),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine restarted during or after the run, and no row shows who requested it.",
    resolution=(
        "Read the System log around the restart: Get-WinEvent -FilterHashtable @{LogName='System';"
        " Id=1074,6008,41,109} -MaxEvents 20.",
        "Check the policies: reg query HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU.",
    ),
    source=_RESTARTS,
    leads_to=(_BESIDE,),
)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("machine_runs", "restarts", "update_configurations", "update_runs", *MACHINES, "azure_machines"),
    causes=("update_policies",),
    indifferent=COUNTS | NAMES | SERVICE | VISIBLE,
)


def judge(
    run_restarts: Partial,
    machines: Partial,
    machine_run_outcomes: Partial,
    automatic_updates: Partial | None,
) -> Iterator[Finding]:
    """Report each machine that restarted in or soon after a run that was never to restart it."""
    rows: dict[int, list[Any]] = {}
    for restart in run_restarts.sort_values("restarted", ascending=False).itertuples():
        rows.setdefault(restart.machine, []).append(restart)
    policies = {} if automatic_updates is None else _policies(automatic_updates, rows)
    for machine in machines[machines["machine"].isin(rows)].itertuples():
        restarts = rows[machine.machine]
        policy = policies.get(machine.machine)
        by_user = any(restart.by_user for restart in restarts)
        fits = [cause for cause, fit in ((BY_USER, by_user), (BY_POLICY, policy is not None)) if fit] or [
            UNKNOWN
        ]
        columns = (
            "restarted",
            "event_id",
            "user",
            "run_id",
            "configuration",
            "reboot_setting",
            "start_time",
            "end_time",
        )
        yield found(
            fits[0],
            subject(machine),
            {
                "restarts": [told(restart, *columns) for restart in restarts[:SHOWN]],
                "policy": policy,
                "also": [cause.key for cause in fits[1:]],
            },
            resolution=_resolution(fits[0], policy),
        )
    if machine_run_outcomes.empty:
        raise Inconclusive("no machine run of an update deployment was found in the window")


def _policies(automatic_updates: pd.DataFrame, rows: dict[int, list[Any]]) -> dict[int, dict[str, Any]]:
    """Return what the registry says, of the machines that it lets restart."""
    reboots = surely(automatic_updates["reboots"])
    acting = automatic_updates[reboots & automatic_updates["machine"].isin(rows)]
    return {
        setting.machine: told(setting, "au_options", "always_reboots", "registry_key")
        for setting in acting.itertuples()
    }


def _resolution(cause: Cause, policy: dict[str, Any] | None) -> tuple[str | Step, ...]:
    """Return the steps of a cause, with the value that was found where the registry is to blame."""
    if cause is not BY_POLICY or policy is None:
        return cause.resolution
    named = (
        ("AUOptions", policy["au_options"]),
        ("AlwaysAutoRebootAtScheduledTime", policy["always_reboots"]),
    )
    values = ", ".join(f"{name} is {or_none(value)}" for name, value in named if value is not None)
    key = policy["registry_key"] or "the key WindowsUpdate\\AU"
    return (f"The registry says so: under {key}, {values}.", *cause.resolution)
