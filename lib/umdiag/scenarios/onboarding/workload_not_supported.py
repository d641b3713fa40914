"""Which machines does Azure Update Manager not support?

Looks for:
    Instances of virtual machine scale sets, and machines with a client edition of Windows (10 or 11, but not
    IoT), that Azure Update Manager manages or that an assignment of a schedule names.

Why it matters:
    No schedule ever patches such a machine, whatever is assigned to it. Other scenarios of this notebook
    leave it out, because their steps would not help it.

Cannot see:
    Machines of other systems that the service does not support, such as an image that is not on its list.

Sources:
    https://learn.microsoft.com/azure/update-manager/unsupported-workloads (read 2026-11-28)
    https://learn.microsoft.com/azure/update-manager/support-matrix-updates (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import after_last, among
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import SHOWN, fitting, or_none, subject, told
from umdiag.scenarios.onboarding._azure_machines import MANAGED, NOT_READ, described, known, refuse_unsure
from umdiag.scenarios.portal import resource_page
from umdiag.scenarios.steps import on_arc, on_azure_vm

_PAGE = "https://learn.microsoft.com/azure/update-manager/unsupported-workloads"
_LEFT_OUT = Lead(notebook="missed_machines", why="see which runs left them out.")
_TYPES = {
    on_azure_vm: "--provider-name Microsoft.Compute --resource-type virtualMachines",
    on_arc: "--provider-name Microsoft.HybridCompute --resource-type machines",
}
_UNASSIGN = tuple(
    step(
        "Take the machine out of the schedules in named_by: az maintenance assignment delete --name"
        f" <assignment> {type_} --resource-name <resource name> --resource-group <resource group>"
        " --subscription <subscription>; az maintenance assignment list shows the names."
    )
    for step, type_ in _TYPES.items()
)

SCALE_SET = Cause(
    key="scale_set_instance",
    sentence="The machine is an instance of a virtual machine scale set; schedules never reach those.",
    resolution=(
        "Patch the scale set instead: automatic OS image upgrades, az vmss update --ids <scale set> --set"
        " upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade=true, or automatic guest patching"
        " with flexible orchestration.",
        *_UNASSIGN,
    ),
    source=_PAGE,
    severity=Severity.INFO,
    leads_to=(_LEFT_OUT,),
)
CLIENT = Cause(
    key="windows_client",
    sentence="The machine runs a client edition of Windows, which Azure Update Manager does not support.",
    resolution=(
        "Patch it with Microsoft Intune, Windows Autopatch or Windows Update for Business.",
        *_UNASSIGN,
        "If a dynamic scope selects it, leave it out there by a tag, so that the machine counts are right.",
    ),
    source=_PAGE,
    severity=Severity.INFO,
    leads_to=(_LEFT_OUT,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("image_offer", "image_sku", "os_name", "scale_set")
RESTS = Rests(symptom=MANAGED, causes=("subscriptions",), indifferent=NOT_READ)


def judge(
    managed_machines: Partial,
    assignments: Partial | None,
    configurations: Partial | None,
) -> Iterator[Finding]:
    """Report each unsupported machine that is managed or named; medium if a living schedule names it."""
    machines = managed_machines[managed_machines["resource_id"].notna()]
    kinds = machines[[SCALE_SET.key, CLIENT.key]].astype(bool).any(axis=1)
    machines = described(machines[kinds])
    naming = _naming(machines, assignments, configurations)
    names = {key: sorted(set(rows)) for key, rows in naming.groupby("machine_key")["name"]}
    in_force = set(naming["machine_key"][surely(naming["living"])])
    named = machines["machine_key"].isin(names)
    for machine in machines[named | surely(machines["managed"])].itertuples():
        fits = fitting(machine, (SCALE_SET, CLIENT))
        evidence = told(machine, "os_name", "image_publisher", "image_offer", "image_sku", "scale_set") | {
            "is_managed": or_none(machine.managed),
            "named_by": names.get(machine.machine_key, [])[:SHOWN],
            "portal": resource_page(machine.subject_id),
            "also": [cause.key for cause in fits[1:]],
        }
        severity = Severity.MEDIUM if machine.machine_key in in_force else Severity.INFO
        yield found(fits[0], subject(machine), evidence, severity=severity, known=known(machine))
    refuse_unsure(managed_machines, machines[~named])


def _naming(
    machines: pd.DataFrame, assignments: pd.DataFrame | None, configurations: pd.DataFrame | None
) -> pd.DataFrame:
    """Return machine_key, name and living of each configuration that names a machine, unless it lies where
    nothing can be seen.
    """
    if assignments is None or configurations is None:
        return pd.DataFrame({"machine_key": [], "name": [], "living": []})
    rows = assignments[assignments["static"] & surely(assignments["configuration_visible"])]
    rows = rows[among(rows["machine_key"], machines["machine_key"])]
    told_of = configurations[["configuration_key", "name", "living"]]
    rows = rows[["machine_key", "configuration_key"]].merge(told_of, on="configuration_key", how="left")
    return rows.assign(name=rows["name"].fillna(after_last(rows["configuration_key"], "/")))
