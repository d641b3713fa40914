"""Which assignments name a machine or a schedule that no longer exists?

Looks for:
    Static assignments of maintenance configurations whose machine was deleted or moved to another resource
    group or subscription, and assignments whose configuration was deleted.

Why it matters:
    An assignment does not follow a machine that is moved: the machine is no longer patched, and nothing says
    so. Leftover assignments hide which machines are really scheduled.

Cannot see:
    Machines and configurations in subscriptions that you may not read. A machine whose deletion is not
    recorded, if it was patched within the 14 days for which Azure keeps changes.

Sources:
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import last_segment
from umdiag.model import Cause, Finding, Partial, Severity, Subject, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import SHOWN
from umdiag.scenarios.missed_machines._schedule_findings import ALL, SCHEDULES, TROUBLESHOOT
from umdiag.scenarios.steps import on_arc, on_azure_vm, traits

_DELETE = (
    "az maintenance assignment delete --subscription <subscription> --resource-group <resource group>"
    " --provider-name {} --resource-type {} --resource-name <resource name> --name <assignment>."
)
_REMOVE = (
    on_azure_vm(f"Delete the old assignment: {_DELETE.format('Microsoft.Compute', 'virtualMachines')}"),
    on_arc(f"Delete the old assignment: {_DELETE.format('Microsoft.HybridCompute', 'machines')}"),
)
MOVED = Cause(
    key="machine_moved",
    sentence="The machine was moved, and its assignment still names its old place.",
    resolution=(
        "Assign the machine at its new place (evidence: moved_to): Maintenance configurations > the"
        " schedule > Machines > Add machine.",
        *_REMOVE,
    ),
    source=TROUBLESHOOT,
)
DELETED = Cause(
    key="machine_deleted",
    sentence="The machine that the assignment names was deleted.",
    resolution=(*_REMOVE, "If it was created again under another name, assign the new machine."),
    source=SCHEDULES,
    severity=Severity.LOW,
)
CONFIGURATION_DELETED = Cause(
    key="configuration_deleted",
    sentence="Machines or dynamic scopes are assigned to a maintenance configuration that was deleted.",
    resolution=(
        f"Assign the machines that should be patched (evidence: machines) to a schedule that exists: {ALL}.",
        "Delete what is left of the old one (evidence: assignments): az resource delete --ids <assignment>.",
    ),
    source=SCHEDULES,
)

SERVICES = (UPDATE_MANAGER,)
DECIDES = ("assignment", "count", "moved_to", "machines")
RESTS = Rests(
    symptom=(
        "maintenance_configurations",
        "configuration_assignments",
        "azure_machines",
        "subscriptions",
        "resource_changes",
        # A machine that they name since then is not deleted, though Azure does not show it.
        "patch_assessments",
        "patch_installations",
        "schedule_machine_runs",
    ),
    indifferent={
        "needed_patches": "counts missing updates, which are not read here",
        "schedule_runs": "says whose assessments are hidden, which are not read here",
    },
)


def judge(
    assignments: pd.DataFrame,
    lost_assignments: Partial,
    configurations: Partial,
) -> Iterator[Finding]:
    """Report each machine and each configuration that assignments name and that is gone."""
    names = dict(zip(configurations["configuration_key"], configurations["name"], strict=True))
    lost = lost_assignments[surely(lost_assignments["deleted"])]
    for _, of_machine in lost.groupby("machine_key"):
        yield _of_machine(of_machine, names)
    gone = assignments[surely(assignments["configuration_gone"])]
    for _, of_configuration in gone.groupby("configuration_key"):
        yield _of_configuration(of_configuration)


def _of_machine(lost: pd.DataFrame, names: Mapping[str, str]) -> Finding:
    first = lost.iloc[0]
    evidence = {
        "configurations": [names.get(key, last_segment(key)) for key in lost["configuration_key"]][:SHOWN],
        "assignment": last_segment(first["assignment_id"]),
        "assignments": list(lost["assignment_id"])[:SHOWN],
    }
    cause, severity = DELETED, DELETED.severity
    if first["moved_to"]:
        evidence["moved_to"] = first["moved_to"]
        cause, severity = MOVED, Severity.INFO if lost["reached_there"].all() else MOVED.severity
    name = last_segment(first["resource_id"])
    subject = Subject(kind="machine", name=name, id=first["resource_id"])
    row = first.rename({"machine_key": "arm_key"})
    return found(cause, subject, evidence, severity=severity, known=traits(row, service=UPDATE_MANAGER))


def _of_configuration(gone: pd.DataFrame) -> Finding:
    first = gone.iloc[0]
    machines = gone["resource_id"][gone["static"]]
    return found(
        CONFIGURATION_DELETED,
        Subject(
            kind="maintenance_configuration",
            name=last_segment(first["configuration_id"]),
            id=first["configuration_id"],
        ),
        {
            "assignment": first["assignment_id"],
            "count": len(gone),
            "assignments": list(gone["assignment_id"])[:SHOWN],
            "machines": [last_segment(machine) for machine in machines][:SHOWN],
            "dynamic_scopes": int((~gone["static"]).sum()),
        },
    )
