"""Which updates were installed outside any update deployment?

Looks for:
    Windows updates that a machine needed in one assessment and had installed in a later one, without a
    successful installation of a run that names them (by id or KB number) since they were first seen as
    needed.

Why it matters:
    The machine patches itself outside its maintenance window, and may restart at any time.

Cannot see:
    Who installed it: a person, Configuration Manager or Windows itself. KB2267602, which changes daily, is
    left out.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/waas-wu-settings (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, NAMES, SERVICE, UPDATE_MANAGEMENT, VISIBLE, Rests
from umdiag.scenarios.evidence import SHOWN, refuse_nobody, subject, told

_LEFT_OUT = Lead(
    notebook="missed_machines",
    why="a machine that patches itself may be in no deployment: see who is left out.",
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


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("became_installed", "install_outcomes", "assessments"),
    causes=("update_policies", "summaries", "heartbeats", "shared_identities", "azure_machines"),
    indifferent=COUNTS | NAMES | SERVICE | VISIBLE,
)


def judge(
    unplanned_installs: Partial,
    machines: Partial,
    automatic_updates: Partial | None,
) -> Iterator[Finding]:
    """Report each machine with updates that no deployment installed."""
    rows: dict[int, list[Any]] = {}
    for update in unplanned_installs.sort_values("last_installed", ascending=False).itertuples():
        rows.setdefault(update.machine, []).append(update)
    acting = {} if automatic_updates is None else _acting(automatic_updates, rows)
    for machine in machines[machines["machine"].isin(rows)].itertuples():
        installs = rows[machine.machine]
        setting = acting.get(machine.machine)
        yield found(
            AUTOMATIC if setting else UNKNOWN,
            subject(machine),
            {
                "count": len(installs),
                "updates": [
                    told(update, "title", "kb", "first_needed", "last_installed")
                    for update in installs[:SHOWN]
                ],
                "setting": setting,
                "also": [],
            },
        )
    refuse_nobody(machines)


def _acting(automatic_updates: pd.DataFrame, rows: dict[int, list[Any]]) -> dict[int, dict[str, Any]]:
    """Return what the settings say, of the machines where Windows Update installs on its own."""
    installs = surely(automatic_updates["installs"])
    acting = automatic_updates[installs & automatic_updates["machine"].isin(rows)]
    return {
        setting.machine: told(setting, "au_options", "registry_key", "setting")
        for setting in acting.itertuples()
    }
