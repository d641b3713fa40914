"""Which updates were installed outside any update deployment or schedule?

Looks for:
    Windows updates that a machine needed in one assessment and had installed in a later one, without a
    successful installation of a run that names them (by id or KB number) since they were first seen as
    needed. Machines of Azure Update Manager whose newest installation without a schedule was made by the
    platform, or on demand.

Why it matters:
    The machine patches itself outside its maintenance window, and may restart at any time.

Cannot see:
    Who installed it: a person, Configuration Manager or Windows itself. KB2267602, which changes daily, is
    left out. Installations on demand are those of Azure Update Manager alone.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/waas-wu-settings (read 2026-11-22)
    https://learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching (read 2026-11-27)
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
    NAMES,
    PATCHED,
    PATCHES,
    SCHEDULED,
    UPDATE_MANAGEMENT,
    Rests,
)
from umdiag.scenarios.azure_steps import ACTIVITY_LOG, CUSTOMER_MANAGED
from umdiag.scenarios.evidence import SHOWN, or_none, subject, told
from umdiag.scenarios.grouping import by_machine, of_logs
from umdiag.scenarios.installed import described_installation, refuse_no_machines
from umdiag.scenarios.steps import traits

_LEFT_OUT = Lead(
    notebook="missed_machines",
    why="a machine that patches itself may be in no deployment: see which machines are left out.",
)
_NEEDS = Lead(notebook="assessment", why="see which updates they still need.")

AUTOMATIC = Cause(
    key="automatic_updates_enabled",
    sentence="Windows Update installs updates by itself on this machine, its default without a policy.",
    resolution=(
        "Set AUOptions to 3 (download, then notify) by group policy, or: reg add"
        " HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU /v AUOptions /t REG_DWORD /d 3 /f.",
        "Or set NoAutoUpdate to 1 there, if only deployments are to download updates.",
    ),
    source="https://learn.microsoft.com/windows/deployment/update/waas-wu-settings",
    leads_to=(_LEFT_OUT, _NEEDS),
)
PLATFORM = Cause(
    key="platform_patching",
    sentence=(
        "Azure installs critical and security updates on the machine by itself, at times that Azure chooses."
    ),
    resolution=(
        "If a schedule is to do it, hand the machine over to schedules.",
        *CUSTOMER_MANAGED,
        "If Azure is to do it, take the machine out of the schedules that reach it.",
    ),
    source="https://learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching",
    severity=Severity.INFO,
    leads_to=(
        Lead(notebook="onboarding", why="see who patches which machine, and which schedules do nothing."),
    ),
)
ON_DEMAND = Cause(
    key="on_demand_by_user",
    sentence="Somebody installed updates on the machine on demand.",
    resolution=(
        "See who did it: the operation is Install OS update patches on virtual machine.",
        ACTIVITY_LOG,
        "Nothing to do if it was intended.",
    ),
    source="https://learn.microsoft.com/azure/update-manager/deploy-updates",
    severity=Severity.INFO,
    leads_to=(_NEEDS,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="Something other than a deployment installed updates, and no row shows what.",
    resolution=(
        "Read the machine's update history and the Setup log: who installed the listed updates, and when.",
        "Ask whether Configuration Manager or another tool patches this machine as well.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    leads_to=(_LEFT_OUT, _NEEDS),
)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("start_time", "count", "installed", "setting")
RESTS = Rests(
    symptom=("became_installed", "install_outcomes", "assessments", "patch_installations", *SCHEDULED),
    causes=(
        "update_policies",
        "summaries",
        "heartbeats",
        "shared_identities",
        *PATCHED,
    ),
    indifferent=COUNTS | NAMES | BLIND | PATCHES,
)


def judge(
    unplanned_installs: Partial | None,
    machines: Partial | None,
    automatic_updates: Partial | None,
    judged_installations: Partial | None,
    managed_machines: Partial | None,
) -> Iterator[Finding]:
    """Report each machine with updates that no deployment or schedule installed."""
    acting: dict[int, dict[str, Any]] = {}
    logged = None
    if unplanned_installs is not None and machines is not None:
        if automatic_updates is not None:
            acting = _acting(automatic_updates, unplanned_installs)
        logged = _of_logs(unplanned_installs, machines, acting)
    installed = None if judged_installations is None else _of_manager(judged_installations)
    for cause, also, row, others in by_machine(
        logged, installed, causes=(AUTOMATIC, PLATFORM, ON_DEMAND), otherwise=UNKNOWN
    ):
        if row.service == UPDATE_MANAGER:
            # Whether schedules reach the machine too may not be seen: then it counts as reached.
            by_both = cause is PLATFORM and or_none(row.reached) is not False
            yield found(
                cause,
                subject(row),
                described_installation(row, others) | {"reached": or_none(row.reached), "also": also},
                severity=Severity.LOW if by_both else None,
                known=traits(row),
            )
            continue
        installs = [row, *(other for other in others if other.service == UPDATE_MANAGEMENT)]
        columns = ("title", "kb", "first_needed", "last_installed")
        yield found(
            cause,
            subject(row),
            {
                "count": len(installs),
                "updates": [told(update, *columns) for update in installs[:SHOWN]],
                "setting": acting.get(row.machine),
                "also": also,
            },
        )
    refuse_no_machines(machines, judged_installations, managed_machines)


def _of_logs(
    installs: pd.DataFrame, machines: pd.DataFrame, acting: dict[int, dict[str, Any]]
) -> pd.DataFrame:
    """Add to each update whose it is, and whether Windows Update acts there by itself."""
    rows = of_logs(installs, machines)
    return rows.assign(
        start_time=rows["last_installed"], automatic_updates_enabled=rows["machine"].isin(acting)
    )


def _of_manager(installations: pd.DataFrame) -> pd.DataFrame:
    """Return each machine's newest installation without a run, by the platform or by a user."""
    made = installations["origin"].isin(["platform", "user"]) & (installations["run_key"] == "")
    rows = installations[installations["newest"] & made]
    return rows.assign(
        platform_patching=rows["origin"] == "platform", on_demand_by_user=rows["origin"] == "user"
    )


def _acting(automatic_updates: pd.DataFrame, installs: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Return what the settings say, of the machines where Windows Update installs on its own."""
    acts = surely(automatic_updates["installs"])
    acting = automatic_updates[acts & automatic_updates["machine"].isin(installs["machine"])]
    return {
        setting.machine: told(setting, "au_options", "registry_key", "setting")
        for setting in acting.itertuples()
    }
