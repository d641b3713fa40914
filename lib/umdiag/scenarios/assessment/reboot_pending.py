"""Which machines wait for a restart?

Looks for:
    Machines of Azure Update Manager whose newest assessment succeeded and says that a restart is pending. The
    newest installation on the machine, of whatever schedule or on demand, shows why it did not happen.

Why it matters:
    Updates that are installed take effect only after the restart. Until then the machine is as vulnerable as
    before, and further updates may fail.

Cannot see:
    Since when the restart is pending; what else on the machine asked for it. Machines whose newest assessment
    failed.

Sources:
    https://learn.microsoft.com/azure/update-manager/query-logs (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/workflow-update-manager (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import among, looked_up
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import MANAGED, UPDATE_MANAGER, Rests
from umdiag.scenarios.assessment._managed import (
    BEHIND_STATES,
    described,
    judged,
    known,
    refuse_unmanaged,
)
from umdiag.scenarios.evidence import fitting, or_none, subject, told
from umdiag.scenarios.leads import TOGETHER
from umdiag.scenarios.steps import linux, on_arc, on_azure_vm, windows

_FLOW = "https://learn.microsoft.com/azure/update-manager/workflow-update-manager"
_RESTART = (
    on_azure_vm("Restart the machine when downtime is acceptable: az vm restart --ids <resource id>."),
    on_arc("Restart the machine when downtime is acceptable."),
    "Then assess it again, so that the restart no longer shows as pending.",
)
_ASKED_FOR = (
    windows(
        'See on the machine what asks for it: reg query "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion'
        '\\WindowsUpdate\\Auto Update\\RebootRequired".'
    ),
    linux("See on the machine what asks for it: cat /var/run/reboot-required.pkgs, or needs-restarting -r."),
)
_RUNS = Lead(notebook="update_runs", why="see how the runs ended that left a restart pending.", root=True)

NEVER = Cause(
    key="reboot_setting_never",
    sentence="The schedule that patched the machine last never restarts machines.",
    resolution=(
        *_RESTART,
        "Or let the schedule restart machines: set its Reboot setting to Reboot if required.",
    ),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(_RUNS,),
)
FAILED = Cause(
    key="reboot_failed",
    sentence="The run tried to restart the machine and that failed.",
    resolution=(
        windows(
            "Look in the System log for what kept it from restarting: Get-WinEvent -FilterHashtable"
            " @{LogName='System'; Id=1074,6008,41} -MaxEvents 20."
        ),
        linux("Look in the journal for what kept it from restarting: journalctl -b -1 -e."),
        *_RESTART,
    ),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(_RUNS,),
)
NO_ROOM = Cause(
    key="window_had_no_room",
    sentence="The maintenance window was used up by the updates; no time was left for the restart.",
    resolution=(
        *_RESTART,
        "Make the window longer, as the finding of maintenance_window_exceeded on the machine advises.",
    ),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(_RUNS,),
)
NOT_ATTEMPTED = Cause(
    key="reboot_not_attempted",
    sentence="The last installation needed a restart, and none was made.",
    resolution=(
        *_RESTART,
        "Check the reboot setting with which it was installed, and the patch settings of the machine.",
    ),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(_RUNS,),
)
OUTSIDE = Cause(
    key="outside_update_manager",
    sentence="No installation of Azure Update Manager asked for the restart; something else did.",
    resolution=(*_ASKED_FOR, *_RESTART),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(TOGETHER,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The machine waits for a restart, and its installations could not be seen.",
    resolution=(
        "Have patchInstallationResults/read granted to you on the machine's subscription, as Reader does, and"
        " run again.",
        *_ASKED_FOR,
        *_RESTART,
    ),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(TOGETHER,),
)
_BY_INSTALLATION = (NEVER, FAILED, NO_ROOM, NOT_ATTEMPTED)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("installed_at", "reboot_status", "missing_critical", "missing_security")
RESTS = Rests(symptom=MANAGED, causes=(*BEHIND_STATES, "schedule_runs"))


def judge(
    managed_machines: Partial,
    installations: Partial | None,
    patch_installations: pd.DataFrame | None,
    configurations: Partial | None,
    blind_subscriptions: Partial | None,
) -> Iterator[Finding]:
    """Report each machine that waits for a restart; medium if it also lacks urgent updates."""
    rows = judged(managed_machines)
    pending = surely(rows["succeeded"]) & surely(rows["reboot_pending"]) & (rows["state"] != "disconnected")
    rows = _with_newest(rows[pending], installations, configurations)
    rows["unseen"] = _unseen(rows, blind_subscriptions) | (patch_installations is None)
    for machine in rows.itertuples():
        fits = fitting(machine, _BY_INSTALLATION, UNKNOWN if machine.unseen else OUTSIDE)
        evidence = described(machine) | told(machine, "installed_at", "installation_status", "reboot_status")
        evidence |= {
            "schedule": or_none(machine.schedule),
            "missing_critical": or_none(machine.critical),
            "missing_security": or_none(machine.security),
            "also": [cause.key for cause in fits[1:]],
        }
        urgent = pd.notna(machine.critical) and machine.critical + machine.security > 0
        severity = Severity.MEDIUM if urgent else Severity.LOW
        yield found(fits[0], subject(machine), evidence, known=known(machine), severity=severity)
    refuse_unmanaged(managed_machines)


def _with_newest(
    machines: pd.DataFrame, installations: pd.DataFrame | None, configurations: pd.DataFrame | None
) -> pd.DataFrame:
    """Add what each machine's newest installation says, a column for each cause that it can show."""
    columns = ["configuration_key", "started", "status", "reboot_status", "window_exceeded"]
    newest = pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
    if installations is not None:
        of_machines = installations[among(installations["machine_key"], machines["machine_key"])]
        order = of_machines.sort_values(["started", "installation_id"], na_position="first", kind="stable")
        newest = order.drop_duplicates("machine_key", keep="last").set_index("machine_key")[columns]
    said = {column: looked_up(machines["machine_key"], newest[column]) for column in columns}
    required = said["reboot_status"] == "required"
    of_configuration = None if configurations is None else configurations.set_index("configuration_key")
    return machines.assign(
        installed_at=said["started"],
        installation_status=said["status"],
        reboot_status=said["reboot_status"],
        schedule=_of(said["configuration_key"], of_configuration, "name"),
        reboot_setting_never=_of(said["configuration_key"], of_configuration, "never_restarts"),
        reboot_failed=said["reboot_status"] == "failed",
        window_had_no_room=required & surely(said["window_exceeded"]),
        reboot_not_attempted=required,
    )


def _of(keys: pd.Series[Any], configurations: pd.DataFrame | None, column: str) -> Any:
    return None if configurations is None else looked_up(keys, configurations[column])


def _unseen(machines: pd.DataFrame, blind: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether the installations of each machine may be hidden."""
    if blind is None:
        return pd.Series(False, index=machines.index)
    hidden = blind["subscription"][surely(blind["for_installations"])]
    return machines["subscription"].isin(hidden)
