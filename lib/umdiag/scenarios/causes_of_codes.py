"""What the codes of Windows Update mean: the causes that scans and installations share."""

from __future__ import annotations

from umdiag.knowledge import decode
from umdiag.model import Cause

_CODES = "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference"
_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"

NETWORK = Cause(
    key="network_unreachable",
    sentence="The machine did not reach Windows Update: its name, its proxy or the answer fails.",
    resolution=(
        "Look at the machine's proxy: netsh winhttp show proxy (it is the system's proxy that counts).",
        "Let it reach *.windowsupdate.microsoft.com, *.update.microsoft.com and *.delivery.mp.microsoft.com.",
        "Then let it scan again: usoclient StartScan, or restart the service wuauserv.",
    ),
    source=_GUIDE,
)
WSUS = Cause(
    key="wsus_unreachable",
    sentence="The machine is told to ask an update server (WSUS) and cannot reach it.",
    resolution=(
        "Check that the machine resolves and reaches the server named in the evidence, on its port"
        " (8530, 8531).",
        "Check WUServer and WUStatusServer under"
        " HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate.",
        "If the server is gone, take the policy away or set UseWUServer to 0 under its key AU.",
    ),
    source=_GUIDE,
)
SHUTTING_DOWN = Cause(
    key="agent_shutting_down",
    sentence="The Windows Update agent stopped in the middle: its service or the machine was shutting down.",
    resolution=(
        "Restart the machine if a restart is pending, then let it scan again.",
        "If it happens again, look in the System log for what stops the service wuauserv.",
    ),
    source=_GUIDE,
)
DISABLED = Cause(
    key="update_service_disabled",
    sentence="The Windows Update service is disabled, or a policy forbids it to be used.",
    resolution=(
        "Set the service to manual and start it: sc config wuauserv start= demand, then sc start wuauserv.",
        "Check the policies DisableWindowsUpdateAccess and DoNotConnectToWindowsUpdateInternetLocations.",
    ),
    source=_GUIDE,
)
TIMED_OUT = Cause(
    key="timed_out",
    sentence="Windows Update or the update server did not answer in time.",
    resolution=(
        "Check the way to the update server or to Windows Update, above all proxies that hold connections.",
        "If a WSUS is asked, run its cleanup wizard and give its application pool more memory.",
    ),
    source=_GUIDE,
)
DENIED = Cause(
    key="access_denied",
    sentence="The Windows Update agent was denied access to its own files or keys.",
    resolution=(
        "Check that SYSTEM has full control of C:\\Windows\\SoftwareDistribution, and that the disk is"
        " not full.",
        "Stop wuauserv, rename SoftwareDistribution, start wuauserv: the folder is made anew.",
        "Scan the machine for malware: it likes to lock this folder.",
    ),
    source=_GUIDE,
)
OTHER = Cause(
    key="other_hresult",
    sentence="Windows Update failed with a code that the guide does not name.",
    resolution=(
        "Look the code up: umdiag explain with the code of the evidence.",
        "Read what happened around it: Get-WindowsUpdateLog on the machine, and"
        " C:\\Windows\\Logs\\CBS\\CBS.log.",
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


def resolution_of(cause: Cause, code: str, wsus_server: str) -> list[str]:
    """Return the steps of a cause with the code and the server of the finding in them."""
    steps = list(cause.resolution)
    if cause is WSUS:
        steps[0] = f"Check that the machine resolves and reaches {wsus_server}."
    if cause is OTHER and code:
        steps[0] = f"Look the code up: umdiag explain {code}."
    return steps
