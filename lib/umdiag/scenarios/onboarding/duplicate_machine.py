"""Which machines are in Azure twice?

Looks for:
    Machines of Azure Arc with the hardware id of an Azure virtual machine, and two or more connected machines
    of Azure Arc with one hardware id. Ids that makers of hardware give to many machines do not count.

Why it matters:
    Two resources stand for one machine, or two machines look like one: updates are counted twice, two
    schedules install at the same time, and a machine of Azure Arc may cost a fee that an Azure VM does not.

Cannot see:
    Machines of Azure Arc that do not report a hardware id. Which of two resources is the one that is wanted.

Sources:
    https://learn.microsoft.com/azure/azure-arc/servers/overview (read 2026-11-27)
    https://learn.microsoft.com/azure/azure-arc/servers/prerequisites (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import SHOWN, fitting, subject, told
from umdiag.scenarios.onboarding._azure_machines import known, supported
from umdiag.scenarios.portal import resource_page

_TWICE = Lead(notebook="machine", why="compare what each of the two resources shows.")
_DELETE = (
    "Delete the resource of Azure Arc that is left: az connectedmachine delete --resource-group"
    " <resource group> --name <resource name> --subscription <subscription>."
)

BOTH = Cause(
    key="arc_and_azure",
    sentence="The machine is an Azure VM and is connected to Azure Arc as well.",
    resolution=(
        "Keep the VM, which needs no Azure Arc: on the machine, disconnect the agent (azcmagent disconnect)"
        " and uninstall it.",
        _DELETE,
        "Remove the agent from the image or the script that put it there.",
    ),
    source="https://learn.microsoft.com/azure/azure-arc/servers/plan-evaluate-on-azure-virtual-machine",
    leads_to=(_TWICE,),
)
CLONED = Cause(
    key="same_hardware_id",
    sentence="Several connected machines of Azure Arc report one hardware id: clones, or one machine twice.",
    resolution=(
        "If it is one machine that was connected twice, keep the resource that its agent names: azcmagent"
        " show.",
        _DELETE,
        "If they are clones, give each a hardware id (SMBIOS UUID) of its own in the hypervisor; then on each"
        " clone azcmagent disconnect --force-local-only, and azcmagent connect again.",
    ),
    source="https://learn.microsoft.com/azure/azure-arc/servers/prerequisites",
    leads_to=(_TWICE,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("count", "machine_fqdn", "created", "power")
RESTS = Rests(symptom=("azure_machines",))


def judge(estate: Partial, hardware_twins: Partial) -> Iterator[Finding]:
    """Report each machine of Azure Arc whose hardware id is that of another resource."""
    columns = ["machine_key", "arc_and_azure", "same_hardware_id", "others"]
    machines = supported(estate).merge(hardware_twins[columns], on="machine_key")
    for machine in machines.itertuples():
        fits = fitting(machine, (BOTH, CLONED))
        evidence = told(machine, "vm_uuid", "machine_fqdn", "power", "created") | {
            "count": len(machine.others),
            "others": machine.others[:SHOWN],
            "portal": resource_page(machine.subject_id),
            "also": [cause.key for cause in fits[1:]],
        }
        yield found(fits[0], subject(machine), evidence, known=known(machine))
