"""Why Azure Update Manager does not assess a machine: what a missing and an old assessment share."""

from __future__ import annotations

from umdiag.model import Cause, Lead, Severity
from umdiag.scenarios.azure_steps import (
    AGENT_STATE,
    ASSESS_NOW,
    EXTENSION_LOG,
    EXTENSION_STATE,
    PERIODIC_ASSESSMENT,
    REINSTALL_EXTENSION,
    register,
)
from umdiag.scenarios.leads import TOGETHER
from umdiag.scenarios.steps import on_arc, on_azure_vm

OPTIONS = "https://learn.microsoft.com/azure/update-manager/assessment-options"
PREREQUISITES = "https://learn.microsoft.com/azure/update-manager/prerequisites"
GUIDE = "https://learn.microsoft.com/azure/update-manager/troubleshoot"
_EXTENSIONS = Lead(
    notebook="onboarding",
    why="see what keeps the extensions from working, and how to allow them.",
    root=True,
)
_PROVIDER = Lead(
    notebook="onboarding",
    why="see which subscriptions lack the provider Microsoft.Compute, and register it.",
    root=True,
)
_FAILED = Lead(
    notebook="onboarding", why="see which patch extensions failed, and with which message.", root=True
)
_SETTINGS = Lead(notebook="onboarding", why="see which machines are not assessed every day.", root=True)

#: What keeps the service from assessing a machine, in the order in which it is decided.
HINDRANCES = (
    Cause(
        key="extension_operations_blocked",
        sentence="Settings of the machine keep Azure from using the extension that assesses it.",
        resolution=(
            "Allow the extension as the finding of extension_operations_blocked on the machine says.",
            on_azure_vm(
                "Look at the settings: az vm show --ids <resource id> --query"
                ' "osProfile.[allowExtensionOperations,windowsConfiguration.provisionVMAgent,'
                'linuxConfiguration.provisionVMAgent]".'
            ),
            on_arc("Look at the settings on the machine: azcmagent config list."),
            *ASSESS_NOW,
        ),
        source=PREREQUISITES,
        leads_to=(_EXTENSIONS,),
    ),
    Cause(
        key="provider_not_registered",
        sentence="The machine's subscription has not registered Microsoft.Compute, which Arc machines need.",
        resolution=(*register("Microsoft.Compute"), *ASSESS_NOW),
        source=OPTIONS,
        leads_to=(_PROVIDER,),
    ),
    Cause(
        key="extension_failed",
        sentence="The extension that assesses the machine has failed on it.",
        resolution=(
            "See which extension failed: the finding of patch_extension_not_healthy on the machine shows its"
            " message.",
            *EXTENSION_STATE,
            *AGENT_STATE,
            *EXTENSION_LOG,
            *REINSTALL_EXTENSION,
        ),
        source=GUIDE,
        leads_to=(_FAILED,),
    ),
)
#: What passes by itself, or is as somebody set it.
SETTINGS = (
    Cause(
        key="enabled_recently",
        sentence="Periodic assessment was enabled less than a day ago; the first one is still to come.",
        resolution=("Wait: the service assesses the machine within 24 hours while it is on.", *ASSESS_NOW),
        source=OPTIONS,
        severity=Severity.INFO,
    ),
    Cause(
        key="periodic_assessment_off",
        sentence="Periodic assessment is off, so the machine is assessed only when somebody asks for it.",
        resolution=PERIODIC_ASSESSMENT,
        source=OPTIONS,
        severity=Severity.INFO,
        leads_to=(_SETTINGS,),
    ),
)
#: Where to look when nothing shows why.
LOOK_ON_MACHINE = (
    *ASSESS_NOW,
    "If that fails, follow the error that it returns; if it succeeds, see whether the next daily one comes.",
    *AGENT_STATE,
    *EXTENSION_STATE,
    *EXTENSION_LOG,
)
TO_SEE = (TOGETHER,)
