"""Look-alikes among machines: what resembles a fault and must not be reported as one."""

from __future__ import annotations

import json

import numpy as np

from fleet.model import DAY, HOUR, Ints, iso
from fleet.update_manager.faults.assessment import enable
from fleet.update_manager.faults.missed import join_linux
from fleet.update_manager.faults.placing import add_place, end, leave_schedules, record, retag, share
from fleet.update_manager.faults.registry import (
    anyone,
    arc,
    azure,
    azure_linux,
    azure_windows,
    linux,
    lookalike,
)
from fleet.update_manager.identity import arm_ids
from fleet.update_manager.model import Estate, Verdict


@lookalike(anyone, fixed=2)
def be_assessed_right_now(estate: Estate, machines: Ints) -> None:
    """Let an assessment be under way for an hour, or have a status that nobody knows."""
    estate.set(machines[:1], assess_status="InProgress", assessed=estate.asked - HOUR)
    estate.set(machines[1:], assess_status="Unknown")


@lookalike(anyone, fixed=3)
def count_otherwise(estate: Estate, machines: Ints) -> None:
    """Count nothing in the assessment: only updates that matter little are told, or none at all."""
    estate.set(machines[:2], by_children=True)
    estate.set(machines[2:], uncounted=True)


@lookalike(linux, fixed=1)
def cut_the_list(estate: Estate, machines: Ints) -> None:
    """Cut the list of needed packages; the counts are whole."""
    estate.set(machines, cut_list=True)


@lookalike(anyone, fixed=3)
def be_off_tonight(estate: Estate, machines: Ints) -> None:
    """Switch machines off for some hours; they were assessed the day before."""
    power = np.where((estate.texts("kind") == "arc")[machines], "Disconnected", "PowerState/deallocated")
    estate.set(machines, off_from=estate.asked - 7 * HOUR, assessed=estate.asked - 9 * HOUR)
    estate.machines.loc[machines, "power"] = power


@lookalike(anyone, fixed=2)
def break_other_extension(estate: Estate, machines: Ints) -> None:
    """Let an extension fail that has to do with nothing of this."""
    estate.set(machines, alien_extension=True)


@lookalike(azure_linux, fixed=2)
def be_tagged_after_run(estate: Estate, machines: Ints) -> None:
    """Tag machines for a schedule after its newest run, or in good time before it."""
    at = join_linux(estate, machines)
    estate.set(machines, maintenance=None)
    retag(estate, machines[:1], "maintenance", "weekly", at + 20 * HOUR)
    retag(estate, machines[1:], "maintenance", "weekly", at - 9 * HOUR)


@lookalike(azure, fixed=2)
def be_made_after_run(estate: Estate, machines: Ints) -> None:
    """Make machines after the newest run of their schedule; they are assessed already."""
    share(estate, machines)
    at = estate.asked - 28 * HOUR
    estate.set(machines, created=at, assessed=estate.asked - 4 * HOUR)
    record(estate, machines, at, "Create")


def _bare(estate: Estate, machines: Ints) -> None:
    """Let nothing manage machines."""
    leave_schedules(estate, machines)
    estate.set(machines, assess_mode="ImageDefault", patch_mode="Manual", bypass=-1, assessed=-1)


@lookalike(azure_windows, fixed=6)
def need_no_service(estate: Estate, machines: Ints) -> None:
    """Be in no service's care, rightly: nodes of a cluster, managed by others, off, for clients, scaled."""
    _bare(estate, machines)
    cluster = (
        "/subscriptions/x/resourceGroups/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks"
    )
    estate.set(machines[:1], group="MC_rg-aks_aks_westeurope")
    estate.set(machines[1:2], managed_by=cluster)
    estate.set(machines[2:3], group="rg-databricks", subscription=0)
    estate.managed_groups[0, "rg-databricks"] = cluster
    estate.set(machines[3:4], power="PowerState/deallocated", off_from=0)
    estate.set(machines[4:5], release="win11")
    estate.needed = estate.needed[estate.needed["machine"] != machines[4]].reset_index(drop=True)
    estate.set(machines[5:], scale_set=True)


@lookalike(azure, fixed=6)
def hide_assessments(estate: Estate, machines: Ints) -> None:
    """Let nobody see the assessments of a subscription."""
    share(estate, machines)
    estate.set(machines, subscription=add_place(estate, "sub-blind", withheld=("assessments",)))


@lookalike(azure, fixed=6)
def hide_everything(estate: Estate, machines: Ints) -> None:
    """Let nobody see any patch row of a subscription."""
    share(estate, machines)
    withheld = ("assessments", "installations", "runs")
    estate.set(machines, subscription=add_place(estate, "sub-dark", withheld=withheld))


@lookalike(azure, fixed=2)
def be_invisible(estate: Estate, machines: Ints) -> None:
    """Leave machines out of what may be read, though their rows are there."""
    share(estate, machines)
    estate.set(machines, unread=True)


@lookalike(anyone, fixed=4)
def be_judged_rightly(estate: Estate, machines: Ints) -> None:
    """Let the policy be right, or not have looked since the setting was changed."""
    at = estate.asked - 5 * HOUR
    states = ("Compliant", "NonCompliant", "Exempt", "Compliant")
    for machine, state in zip(machines.tolist(), states, strict=True):
        estate.verdicts.append(Verdict(machine=machine, state=state, at=at))
    enable(estate, machines[1:2], estate.asked - 25 * HOUR)


@lookalike(arc, fixed=4)
def share_placeholder(estate: Estate, machines: Ints) -> None:
    """Share an id that hardware without one tells."""
    estate.set(machines[:2], vm_uuid="03000200-0400-0500-0006-000700080009")
    estate.set(machines[2:], vm_uuid="00000000-0000-0000-0000-000000000000")


@lookalike(arc, fixed=2)
def be_cloned_and_off(estate: Estate, machines: Ints) -> None:
    """Share the hardware's id with a machine that is not connected: one of them was moved."""
    estate.set(machines, vm_uuid=str(estate.texts("vm_uuid")[machines[0]]))
    estate.set(
        machines[1:], power="Disconnected", off_from=estate.asked - 3 * HOUR, assessed=estate.asked - 6 * HOUR
    )


@lookalike(anyone, fixed=1)
def suspect_patched(estate: Estate, machines: Ints) -> None:
    """Suspect a machine that is patched as it should."""
    share(estate, machines)
    estate.suspects += machines.tolist()


@lookalike(anyone, fixed=2)
def install_right_now(estate: Estate, machines: Ints) -> None:
    """Install by hand at this moment, or not have begun to."""
    share(estate, machines)
    end(estate, machines[:1], None, back=1, minutes=40, status="InProgress", by="User")
    end(estate, machines[1:], None, back=1, minutes=1, status="NotStarted", by="User")


@lookalike(arc, fixed=2)
def allow_extension(estate: Estate, machines: Ints) -> None:
    """Bar another extension, or allow those that are needed."""
    for machine in machines.tolist():
        system = str(estate.texts("os_type")[machine])
        kinds = [f"Microsoft.CPlat.Core/{system}PatchExtension",
                 f"Microsoft.SoftwareUpdateManagement/{system}OsUpdateExtension"]  # fmt: skip
        estate.machines.loc[machine, "allow_list"] = json.dumps(kinds)
    estate.set(machines[1:], allow_list=None, block_list='["Microsoft.Compute/CustomScriptExtension"]')


@lookalike(azure, fixed=2)
def be_gone(estate: Estate, machines: Ints) -> None:
    """Delete machines days ago whose rows are old; nothing names them any more."""
    leave_schedules(estate, machines)
    at = estate.asked - 5 * DAY
    estate.set(machines, deleted=at, assessed=at - HOUR)
    record(estate, machines, at, "Delete")


@lookalike(anyone, fixed=1)
def be_of_another_sort(estate: Estate, machines: Ints) -> None:
    """Have rows of machines of VMware beside those of others."""
    target = str(arm_ids(estate)[machines[0]])
    stem = (
        target.split("/providers/")[0] + "/providers/Microsoft.ConnectedVMwarevSphere/virtualMachines/esx-7"
    )
    place = estate.subscriptions[estate.column("subscription")[machines[0]]]
    estate.extra.setdefault("patchassessmentresources", []).append(
        {
            "id": f"{stem}/patchAssessmentResults/latest", "name": "latest",
            "type": "microsoft.connectedvmwarevsphere/virtualmachines/patchassessmentresults",
            "subscriptionId": place.id, "tenantId": place.tenant, "resourceGroup": "rg-apps",
            "properties": {
                "status": "Failed", "lastModifiedDateTime": iso(estate.asked - 4 * HOUR), "osType": "Windows",
                "startDateTime": iso(estate.asked - 5 * HOUR), "rebootPending": True,
            },
        }
    )  # fmt: skip
