"""What the codes of Windows Update mean: the causes that scans and installations of both services share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from umdiag.knowledge import decode
from umdiag.model import Cause, Lead
from umdiag.scenarios.azure_steps import ASSESS_AGAIN
from umdiag.scenarios.steps import in_update_management, in_update_manager, with_wsus, without_wsus
from umdiag.words.steps import Step

_CODES = "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference"
_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_MANAGER = "https://learn.microsoft.com/azure/update-manager/troubleshoot"

NETWORK = Cause(
    key="network_unreachable",
    sentence="The machine did not reach Windows Update: name resolution, the proxy or the answer failed.",
    resolution=(
        "Check the system's proxy, not the user's: netsh winhttp show proxy.",
        with_wsus(
            "Let the machine reach its WSUS server <wsus server> on its port (8530, or 8531 with TLS)."
        ),
        without_wsus(
            "Let it reach *.windowsupdate.microsoft.com, *.update.microsoft.com and"
            " *.delivery.mp.microsoft.com."
        ),
        in_update_management("Let it scan again: usoclient StartScan, or restart the service wuauserv."),
        *ASSESS_AGAIN,
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
)
WSUS = Cause(
    key="wsus_unreachable",
    sentence="The machine is configured to use an update server (WSUS) and cannot reach it.",
    resolution=(
        "Check that the machine resolves the name of its WSUS server and reaches its port: <wsus server>.",
        "Check WUServer and WUStatusServer: reg query"
        " HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate.",
        "If the server is gone, remove the policy, or set UseWUServer to 0 under its key AU.",
    ),
    source=_GUIDE,
)
SHUTTING_DOWN = Cause(
    key="agent_shutting_down",
    sentence="The Windows Update agent stopped in the middle: its service or the machine was shutting down.",
    resolution=(
        in_update_management(
            "If a restart is pending, restart the machine; then let it scan again: usoclient StartScan."
        ),
        in_update_manager("If a restart is pending, restart the machine."),
        *ASSESS_AGAIN,
        "If it fails again, look in the System log for what stops the service wuauserv.",
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
)
DISABLED = Cause(
    key="update_service_disabled",
    sentence="The Windows Update service is disabled, or a policy forbids its use.",
    resolution=(
        "Set the service to manual and start it: sc.exe config wuauserv start= demand, then sc.exe start"
        " wuauserv.",
        "Check the policies DisableWindowsUpdateAccess and DoNotConnectToWindowsUpdateInternetLocations.",
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
)
TIMED_OUT = Cause(
    key="timed_out",
    sentence="Windows Update or the update server did not answer in time.",
    resolution=(
        with_wsus(
            "Check the network path to the WSUS server <wsus server>, above all proxies "
            "that hold connections."
        ),
        with_wsus(
            "On the WSUS server, run the Server Cleanup Wizard and raise the private memory limit of the"
            " application pool WsusPool."
        ),
        without_wsus(
            "Check the network path to Windows Update, especially proxies that hold connections open: "
            "netsh winhttp show"
            " proxy."
        ),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
)
DENIED = Cause(
    key="access_denied",
    sentence="The Windows Update agent was denied access to its own files or keys.",
    resolution=(
        "Give SYSTEM full control of C:\\Windows\\SoftwareDistribution (icacls shows who has it), and check"
        " that the disk is not full.",
        "Rename the folder, and Windows creates it again: Stop-Service wuauserv; Rename-Item"
        " C:\\Windows\\SoftwareDistribution SoftwareDistribution.old; Start-Service wuauserv.",
        "Scan the machine for malware, which often locks this folder.",
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
)
OTHER = Cause(
    key="other_hresult",
    sentence="Windows Update failed with a code that Microsoft's guide does not name.",
    resolution=(
        "Look the code up: umdiag explain <code>.",
        "Read what happened around it: Get-WindowsUpdateLog on the machine, and"
        " C:\\Windows\\Logs\\CBS\\CBS.log.",
        *ASSESS_AGAIN,
    ),
    source=_CODES,
)
#: In the order in which they are decided.
CAUSES = (NETWORK, WSUS, SHUTTING_DOWN, DISABLED, TIMED_OUT, DENIED, OTHER)

_BY_KEY = {cause.key: cause for cause in CAUSES}
_NOT_RESOLVED = "0x8024402C"


def cause_of(code: str, wsus_server: str) -> Cause:
    """Return what a code means; one that is not resolved is the update server's where there is one."""
    if code == _NOT_RESOLVED and wsus_server:
        return WSUS
    return next((_BY_KEY[known.cause] for known in decode(code) if known.cause in _BY_KEY), OTHER)


def resolution_of(cause: Cause, code: str) -> Sequence[str | Step]:
    """Return the steps of a cause; of a code that the guide does not name, what is known of it elsewhere."""
    if cause is not OTHER:
        return cause.resolution
    if not code:
        return cause.resolution[1:]  # what has no code cannot be looked up
    known = next((known for known in decode(code) if known.name and known.cause == OTHER.key), None)
    if known is None:
        return cause.resolution
    first, *rest = (step.replace("`", "") for step in known.resolution)
    return (f"{first} {code} is {known.name}: {known.meaning}", *rest, *ASSESS_AGAIN)


def leading_to(*leads: Lead, causes: Sequence[Cause] = CAUSES) -> tuple[Cause, ...]:
    """Return the causes as a scenario has them, each leading to these notebooks."""
    return tuple(replace(cause, leads_to=leads) for cause in causes)
