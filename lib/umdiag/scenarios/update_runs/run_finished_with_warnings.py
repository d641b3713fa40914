"""Which runs finished, and left something behind?

Looks for:
    Machines of Azure Update Manager whose newest installation of a schedule, or on demand, completed with
    warnings: a restart that its schedule forbids, packages that need Ubuntu Pro, a list of packages that was
    cut.

Why it matters:
    A run with warnings counts as succeeded, and the machine is not fully patched until somebody restarts it,
    or attaches a subscription.

Cannot see:
    Warnings that the service does not write into the run's errors.

Sources:
    https://learn.microsoft.com/azure/update-manager/workflow-update-manager (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/security-awareness-ubuntu-support (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.text import folded
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import BLIND, PATCHED, PATCHES, SCHEDULED, Rests
from umdiag.scenarios.azure_steps import ASSESS_NOW, EXTENSION_LOG, HISTORY
from umdiag.scenarios.evidence import subject
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import CONFIGURATION, described_installation, refuse_no_installations
from umdiag.scenarios.steps import on_arc, on_azure_vm, outside_azure, traits

_FLOW = "https://learn.microsoft.com/azure/update-manager/workflow-update-manager"
_NEEDS = Lead(notebook="assessment", why="see which machines wait for a restart, and what they still need.")

WITHHELD = Cause(
    key="reboot_withheld",
    sentence="Updates wait for a restart, and the schedule is set to Never reboot.",
    resolution=(
        on_azure_vm(
            "Restart the machine when its users can do without it: az vm restart --ids <resource id>."
        ),
        outside_azure("Restart the machine when downtime is acceptable."),
        "Or let the schedule restart it: az maintenance configuration update --ids <configuration id>"
        f" --reboot-setting IfRequired, or {CONFIGURATION} > Schedule > Reboot setting.",
        *ASSESS_NOW,
    ),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(_NEEDS,),
)
ESM = Cause(
    key="esm_packages_skipped",
    sentence="Packages that Ubuntu offers only with an Ubuntu Pro subscription were left out.",
    resolution=(
        "Turn on Ubuntu Pro for the machine, or move it to a release in standard support.",
        "See on the machine which packages wait for it: pro security-status.",
        on_azure_vm(
            "Turn it on in Azure: az vm update --resource-group <resource group> --name <resource name>"
            " --subscription <subscription> --license-type UBUNTU_PRO; then on the machine: sudo pro"
            " auto-attach."
        ),
        on_arc("Attach the machine: sudo pro attach with the token of your Ubuntu Pro account."),
    ),
    source="https://learn.microsoft.com/azure/update-manager/security-awareness-ubuntu-support",
    severity=Severity.LOW,
    leads_to=(Lead(notebook="assessment", why="see which updates need a subscription."),),
)
TRUNCATED = Cause(
    key="list_truncated",
    sentence="The machine had so many packages to report that the service cut the list.",
    resolution=(
        "The counts are right and the list of packages is not: read the whole list on the machine.",
        *EXTENSION_LOG,
    ),
    source="https://github.com/Azure/LinuxPatchExtension",
    severity=Severity.LOW,
    leads_to=(_NEEDS,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run finished with warnings, and its rows do not say which.",
    resolution=(HISTORY, *EXTENSION_LOG),
    source=_FLOW,
    severity=Severity.LOW,
    leads_to=(_NEEDS,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("failed", "pending", "configuration", "start_time")
RESTS = Rests(
    symptom=("patch_installations", *SCHEDULED),
    causes=PATCHED,
    indifferent=BLIND | PATCHES,
)


def judge(judged_installations: Partial, managed_machines: Partial | None) -> Iterator[Finding]:
    """Report each machine whose newest installation of a schedule or on demand completed with warnings."""
    rows = judged_installations
    rows = rows[rows["newest"] & (rows["status"] == "completedwithwarnings")]
    text = folded(rows["texts"])
    rows = rows.assign(
        reboot_withheld=rows["never_restarts"] & (rows["reboot_status"] == "required"),
        esm_packages_skipped=text.str.contains("ua_esm_required", regex=False),
        list_truncated=text.str.contains("package_list_truncated", regex=False),
    )
    for cause, also, row, others in by_machine(rows, causes=(WITHHELD, ESM, TRUNCATED), otherwise=UNKNOWN):
        evidence = described_installation(row, others) | {"also": also}
        yield found(cause, subject(row), evidence, known=traits(row))
    refuse_no_installations(judged_installations, managed_machines)
