"""Which machines restarted although their update deployment or schedule is set to Never reboot?

Looks for:
    Update deployments with the option Never reboot, and restarts of their machines between the start of a
    machine run and two hours after its end: requested (1074), or unexpected (6008, 41). Maintenance
    configurations of Azure Update Manager that never reboot, and machines whose newest installation of one
    restarted them anyway.

Why it matters:
    Whoever chose Never reboot relies on it; the restart has another cause, and will happen again.

Cannot see:
    Restarts of machines whose System log the workspace does not collect, and of Linux machines; policies that
    change tracking does not record. In Azure Update Manager: restarts that the run did not ask for, and
    the settings of a maintenance configuration that you may not read.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/waas-restart (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/manage-update-settings (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import (
    BLIND,
    COUNTS,
    MACHINES,
    NAMES,
    PATCHED,
    PATCHES,
    SCHEDULED,
    UPDATE_MANAGEMENT,
    Rests,
)
from umdiag.scenarios.azure_steps import HISTORY
from umdiag.scenarios.evidence import SHOWN, or_none, subject, told
from umdiag.scenarios.grouping import by_machine, of_logs
from umdiag.scenarios.installed import CONFIGURATION, described_installation, refuse_no_runs
from umdiag.scenarios.steps import in_update_manager, linux, traits, windows
from umdiag.words.steps import Step

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_RESTARTS = "https://learn.microsoft.com/windows/deployment/update/waas-restart"
_SETTINGS = "https://learn.microsoft.com/azure/update-manager/manage-update-settings"
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
        "Set AUOptions to 3 (download, then notify) under the key in the evidence, or by group policy.",
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
_OF_VM = "osProfile.{system}Configuration.patchSettings.automaticByPlatformSettings.rebootSetting=Never"
OVERRIDES = Cause(
    key="vm_setting_overrides",
    sentence="The VM's own reboot setting lets updates restart it, whatever the schedule says.",
    resolution=(
        windows(
            "Set it to Never on the VM: az vm update --ids <resource id> --set"
            f" {_OF_VM.format(system='windows')}.",
        ),
        linux(
            "Set it to Never on the VM: az vm update --ids <resource id> --set"
            f" {_OF_VM.format(system='linux')}."
        ),
        f"Check that the schedule still says Never reboot: {CONFIGURATION}.",
    ),
    source=_SETTINGS,
    leads_to=(
        Lead(notebook="onboarding", why="see which patch settings the machines have, and who patches them."),
    ),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine restarted during or after the run, and no row shows who requested it.",
    resolution=(
        windows(
            "Read the System log around the restart: Get-WinEvent -FilterHashtable @{LogName='System';"
            " Id=1074,6008,41,109} -MaxEvents 20."
        ),
        windows(
            "Check the policies: reg query HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU."
        ),
        linux("See on the machine what restarted it: last -x, journalctl --list-boots."),
        in_update_manager(HISTORY),
    ),
    source=_RESTARTS,
    manager_source=_SETTINGS,
    leads_to=(_BESIDE,),
)
_CAUSES = (BY_USER, BY_POLICY, OVERRIDES)
_RESTART = (
    "restarted",
    "event_id",
    "user",
    "run_id",
    "configuration",
    "reboot_setting",
    "start_time",
    "end_time",
)
_NO_OVERRIDE = ("", "unknown", "never")


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("restarts", "reboot_status", "start_time", "configuration")
RESTS = Rests(
    symptom=(
        "machine_runs",
        "restarts",
        "update_configurations",
        "update_runs",
        *MACHINES,
        "azure_machines",
        "patch_installations",
        *SCHEDULED,
    ),
    causes=("update_policies", *(fact for fact in PATCHED if fact != "azure_machines")),
    indifferent=COUNTS | NAMES | BLIND | PATCHES,
)


def judge(
    run_restarts: Partial | None,
    machines: Partial | None,
    machine_run_outcomes: Partial | None,
    automatic_updates: Partial | None,
    judged_installations: Partial | None,
    managed_machines: Partial | None,
) -> Iterator[Finding]:
    """Report each machine that restarted in or soon after a run that was never to restart it."""
    policies: dict[int, dict[str, Any]] = {}
    logged = None
    if run_restarts is not None and machines is not None:
        if automatic_updates is not None:
            policies = _policies(automatic_updates, run_restarts)
        logged = _of_logs(run_restarts, machines, policies)
    installed = None if judged_installations is None else _of_manager(judged_installations)
    for cause, also, row, others in by_machine(logged, installed, causes=_CAUSES, otherwise=UNKNOWN):
        if row.service == UPDATE_MANAGER:
            about = described_installation(row, others) | {"vm_reboot_setting": or_none(row.reboot_setting)}
            yield found(cause, subject(row), about | {"also": also}, known=traits(row))
            continue
        restarts = [row, *(other for other in others if other.service == UPDATE_MANAGEMENT)]
        restarts.sort(key=lambda restart: restart.restarted, reverse=True)
        policy = policies.get(row.machine)
        yield found(
            cause,
            subject(row),
            {
                "restarts": [told(restart, *_RESTART) for restart in restarts[:SHOWN]],
                "policy": policy,
                "also": also,
            },
            resolution=_resolution(cause, policy),
            known=traits(row, os="windows"),
        )
    refuse_no_runs(machine_run_outcomes, judged_installations, managed_machines)


def _of_logs(
    restarts: pd.DataFrame, machines: pd.DataFrame, policies: dict[int, dict[str, Any]]
) -> pd.DataFrame:
    """Add to each restart whose it is and what may have caused it."""
    rows = of_logs(restarts, machines)
    return rows.assign(restarted_by_user=rows["by_user"], policy_reboots=rows["machine"].isin(policies))


def _of_manager(installations: pd.DataFrame) -> pd.DataFrame:
    """Return the newest installations that restarted a machine which their schedule never restarts."""
    restarted = installations["reboot_status"].isin(["started", "completed"])
    rows = installations[installations["newest"] & restarted & surely(installations["never_restarts"])]
    setting = rows["reboot_setting"].fillna("").str.strip().str.lower()
    return rows.assign(vm_setting_overrides=~setting.isin(_NO_OVERRIDE))


def _policies(automatic_updates: pd.DataFrame, restarts: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Return what the registry says, of the machines that it lets restart."""
    reboots = surely(automatic_updates["reboots"])
    acting = automatic_updates[reboots & automatic_updates["machine"].isin(restarts["machine"])]
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
