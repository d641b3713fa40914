"""Steps that causes of Azure Update Manager share: real `az` commands and pages of the portal."""

from __future__ import annotations

from umdiag.scenarios.steps import in_update_manager, linux, on_arc, on_azure_vm
from umdiag.words.steps import Step

_VM_MODE = "osProfile.{system}Configuration.patchSettings"
_BYPASS = "automaticByPlatformSettings.bypassPlatformSafetyChecksOnUserSchedule"
_OF_VM = "--resource-group <resource group> --vm-name <resource name> --subscription <subscription>"
_OF_ARC = "--resource-group <resource group> --machine-name <resource name> --subscription <subscription>"

#: Assess the machine now, which also installs the extension that does it.
ASSESS_NOW = (
    on_azure_vm("Assess the machine now: az vm assess-patches --ids <resource id>."),
    on_arc("Assess the machine now: az connectedmachine assess-patches --ids <resource id>."),
)
#: The same, of a cause that both services have.
ASSESS_AGAIN = tuple(
    in_update_manager(f"Assess the machine again: az {command} assess-patches --ids <resource id>.", **place)
    for command, place in (("vm", {"azure_vm": True}), ("connectedmachine", {"arc": True}))
)


def _assessed_daily(system: str) -> tuple[Step, ...]:
    mode = f"{_VM_MODE.format(system=system)}.assessmentMode=AutomaticByPlatform"
    profile = f"{system}-configuration.patch-settings.assessment-mode=AutomaticByPlatform"
    return (
        on_azure_vm(
            f"Turn on periodic assessment: az vm update --ids <resource id> --set {mode}.", os=system
        ),
        on_arc(
            "Turn on periodic assessment: az connectedmachine update --ids <resource id> --os-profile"
            f" {profile}.",
            os=system,
        ),
    )


#: Let the service assess the machine once a day.
PERIODIC_ASSESSMENT: tuple[str | Step, ...] = (
    *_assessed_daily("windows"),
    *_assessed_daily("linux"),
    "In the portal: Azure Update Manager > Machines > Update settings > Periodic assessment: Enable; for many"
    " machines, the policy Configure periodic checking for missing system updates.",
)


def _customer_managed(system: str) -> Step:
    settings = _VM_MODE.format(system=system)
    return on_azure_vm(
        "Let schedules patch the VM: az vm update --ids <resource id> --set"
        f" {settings}.patchMode=AutomaticByPlatform {settings}.{_BYPASS}=true.",
        os=system,
    )


#: Set what a schedule asks of an Azure VM; a machine of Azure Arc needs nothing of it.
CUSTOMER_MANAGED = (
    _customer_managed("windows"),
    _customer_managed("linux"),
    "In the portal: Azure Update Manager > Machines > Update settings > Patch orchestration: Customer Managed"
    " Schedules.",
)
#: See what the machine's agent and its patch extension say of themselves.
AGENT_STATE = (
    on_azure_vm(
        "Check that the VM agent is Ready: az vm get-instance-view --ids <resource id> --query"
        " instanceView.vmAgent."
    ),
    on_arc("Check the Arc agent on the machine: azcmagent show, azcmagent check."),
)
EXTENSION_STATE = (
    on_azure_vm(f"Look at the state of its extensions: az vm extension list {_OF_VM} --output table."),
    on_arc(
        f"Look at the state of its extensions: az connectedmachine extension list {_OF_ARC} --output table."
    ),
)
#: Have a failed extension installed again.
REINSTALL_EXTENSION = (
    on_azure_vm(
        "Assess the VM now, which installs the extension again: az vm assess-patches --ids <resource id>."
    ),
    on_arc(
        f"Remove the failed extension: az connectedmachine extension delete {_OF_ARC} --name <extension>."
    ),
    on_arc(
        "Then assess the machine, which installs it again: az connectedmachine assess-patches --ids"
        " <resource id>."
    ),
)
#: Read on the machine what the extension did.
EXTENSION_LOG = (
    on_azure_vm(
        "Read WindowsUpdateExtension.log on the VM, below"
        " C:\\WindowsAzure\\Logs\\Plugins\\Microsoft.CPlat.Core.WindowsPatchExtension.",
        os="windows",
    ),
    on_arc(
        "Read WindowsUpdateExtension.log on the machine, below C:\\ProgramData\\GuestConfig\\extension_logs"
        "\\Microsoft.SoftwareUpdateManagement.WindowsOsUpdateExtension.",
        os="windows",
    ),
    on_azure_vm(
        "Read the newest .core.log on the VM, in /var/log/azure/Microsoft.CPlat.Core.LinuxPatchExtension;"
        " umdiag explain reads it too.",
        os="linux",
    ),
    on_arc(
        "Read the newest log on the machine, below /var/lib/GuestConfig/extension_logs; umdiag explain reads"
        " it too.",
        os="linux",
    ),
)
#: Try by hand what the extension asks of the package manager.
TRY_PACKAGES = (
    linux("Try it on the machine: sudo apt-get update, sudo yum check-update or sudo zypper refresh."),
)
#: Where to look for what no row says.
HISTORY = (
    "Open the run with its machines and their errors: Azure Update Manager > History > By maintenance run ID."
)
ACTIVITY_LOG = (
    "Look in the activity log for who changed or stopped something at that time: az monitor activity-log list"
    " --resource-id <resource id> --offset 7d --output table."
)


def register(namespace: str) -> tuple[str, ...]:
    """Return the steps that register a resource provider in the finding's subscription."""
    return (
        f"Register it: az provider register --namespace {namespace} --subscription <subscription>, or"
        f" Subscriptions > the subscription > Resource providers > {namespace} > Register.",
        f"Wait a few minutes until it is Registered: az provider show --namespace {namespace} --subscription"
        " <subscription> --query registrationState.",
    )
