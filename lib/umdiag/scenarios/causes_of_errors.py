"""What Azure Update Manager's errors mean: its causes beside those of the codes of Windows Update."""

from __future__ import annotations

from umdiag.model import Cause
from umdiag.scenarios.azure_steps import (
    AGENT_STATE,
    ASSESS_NOW,
    EXTENSION_LOG,
    EXTENSION_STATE,
    HISTORY,
    TRY_PACKAGES,
)
from umdiag.scenarios.causes_of_codes import (
    DENIED,
    DISABLED,
    NETWORK,
    OTHER,
    SHUTTING_DOWN,
    TIMED_OUT,
    WSUS,
)

_GUIDE = "https://learn.microsoft.com/azure/update-manager/troubleshoot"

SUDO = Cause(
    key="sudo_denied",
    sentence="The patch extension may not use sudo on the machine.",
    resolution=(
        "Open the rules with sudo visudo and add the line root ALL=(ALL) ALL at the end.",
        "Try it on the machine as root: timeout 10 sudo id.",
        *ASSESS_NOW,
    ),
    source=_GUIDE,
)
PACKAGES = Cause(
    key="package_manager_failure",
    sentence="The package manager of the machine failed when the patch extension asked it for updates.",
    resolution=(
        "Run the command that the error names on the machine, with sudo, and fix what it reports.",
        *TRY_PACKAGES,
        *EXTENSION_LOG,
    ),
    source=_GUIDE,
)
SUPERSEDED = Cause(
    key="superseded_operation",
    sentence="A newer operation on the machine replaced this one before it was finished.",
    resolution=(
        "Look at the result of the newer operation: Azure Update Manager > History > By machines.",
        "If it comes again and again, look for what starts operations at the same time: two schedules, a"
        " script, a policy.",
        *ASSESS_NOW,
    ),
    source="https://github.com/Azure/LinuxPatchExtension",
)
EXTENSION = Cause(
    key="extension_timed_out",
    sentence="The patch extension on the machine did not finish in the time that the agent allows.",
    resolution=(
        *AGENT_STATE,
        *EXTENSION_STATE,
        "Look for what keeps the machine busy, or restart it; then assess it again.",
        *EXTENSION_LOG,
    ),
    source="https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-vm-extensions",
)
PLATFORM = Cause(
    key="platform_error",
    sentence="The service got no answer from the machine, or failed itself.",
    resolution=(
        "Start the operation again after a few minutes.",
        *AGENT_STATE,
        "Check CPU, memory and disk of the machine; restart it if its agent is Not Ready.",
        f"If it fails again, open a support request with the maintenance run id. {HISTORY}",
    ),
    source=_GUIDE,
)
#: In the order in which they are decided; an update server's own cause is one of Update Management alone.
ERROR_CAUSES = (
    NETWORK,
    WSUS,
    SHUTTING_DOWN,
    DISABLED,
    TIMED_OUT,
    DENIED,
    SUDO,
    PACKAGES,
    SUPERSEDED,
    EXTENSION,
    PLATFORM,
    OTHER,
)
#: Those that a failed run on Windows can have.
WINDOWS_RUN_CAUSES = tuple(cause for cause in ERROR_CAUSES if cause not in (WSUS, SUDO, PACKAGES))
