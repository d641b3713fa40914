"""Write events as Windows and the agent write them, with their variable parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fleet.story import Happening

CLIENT, MODULE = "Microsoft-Windows-WindowsUpdateClient", "HealthService"
AGENT = (
    "Module was unable to {what}\n\nWorkflow name: Microsoft.IntelligencePacks.AzureAutomation.HybridAgent"
    ".Init\nInstance name: {computer}\nManagement group: AOI-{group}\nExtra: Microsoft.EnterpriseManagement."
    "HealthService.AzureAutomation.HybridAgent Unable to Register Machine for Patch Management, "
    "Registration Failed with Exception {why}"
)
SERVICE = "https://{group}.agentsvc.azure-automation.net/accounts/{group}"
REGISTRATION = {
    "refused": "System.InvalidOperationException: {{\"Message\":\"Machine is already registered to a "
    "different account.\"}}\n   at AzureAutomation.HybridAgent.Register(String computer)",
    "algorithm": "System.Net.Http.HttpRequestException: An error occurred while sending the request. ---> "
    "System.Net.WebException: The underlying connection was closed: An unexpected error occurred on a send. "
    "---> System.ComponentModel.Win32Exception: The client and server cannot communicate, because they do "
    "not possess a common algorithm",
    "infinity": "Newtonsoft.Json.JsonReaderException: Error parsing positive infinity value. Path '', line "
    "0, position 0. at Newtonsoft.Json.JsonTextReader.ParsePositiveInfinity()",
    "certificate": "System.Net.Http.HttpRequestException: The certificate presented by the service "
    "{group}.oms.opinsights.azure.com was not issued by a certificate authority used for Microsoft services. "
    "Contact your network administrator to see if they are running a proxy that intercepts TLS/SSL "
    "communication.",
    "denied": "Access is denied. (Exception form HRESULT: 0x80070005(E_ACCESSDENIED))",
    "denied_plainly": "System.UnauthorizedAccessException: Access is denied. (Exception from HRESULT: "
    "0x80070005 (E_ACCESSDENIED))",
    "self_signed": "AgentService.HybridRegistration.PowerShell.Certificates.CertificateCreationException: "
    "Failed to create a self-signed certificate. ---> System.UnauthorizedAccessException: Access is denied.",
    "self_signed_denied": "AgentService.HybridRegistration.PowerShell.Certificates."
    "CertificateCreationException: Failed to create a self-signed certificate. ---> "
    "System.UnauthorizedAccessException: Access is denied. (Exception from HRESULT: 0x80070005 "
    "(E_ACCESSDENIED))",
    "other": "System.TimeoutException: The operation at " + SERVICE + " has timed out.",
}  # fmt: skip
RESTART = (
    "The process {process} ({host}) has initiated the {what} of computer {host} on behalf of user {user} for "
    "the following reason: {reason}\r\n Reason Code: {code}\r\n Shutdown Type: {what}\r\n Comment: {comment}"
)
POWER_LOST = (
    "The system has rebooted without cleanly shutting down first. This error could be caused if the system "
    "stopped responding, crashed, or lost power unexpectedly."
)


def event_of(one: Happening, computer: str) -> dict[str, Any]:
    """Return the columns of the event that tells of a happening."""
    log, source, number, level, text = _parts(one, computer)
    about = {
        "EventLog": log, "Source": source, "EventID": number, "EventLevelName": level,
        "EventLevel": {"Information": 4, "Warning": 3, "Error": 2, "Critical": 1}[level],
        "RenderedDescription": text, "UserName": "N/A",
    }  # fmt: skip
    if one.kind in ("scan_failed", "install_failed") and one.detail:
        about["ParameterXml"] = f"<Param>{one.detail}</Param>"
    return about


def _parts(one: Happening, computer: str) -> tuple[str, str, int, str, str]:
    """Return log, source, number, level and text."""
    host = computer.split(".")[0].upper()
    if one.kind == "scan_failed":
        text = "Windows Update failed to check for updates"
        text += f" with error {one.detail}." if one.detail else ". The service will try again later."
        return "System", CLIENT, 25, "Error", text
    if one.kind == "install_failed":
        text = (
            f"Installation Failure: Windows failed to install the following update with error {one.detail}: "
        )
        return "System", CLIENT, 20, "Error", text + "2026-10 Update for Windows Server"
    if one.kind == "registration":
        return _registration(one, computer)
    if one.kind == "unclean":
        moment = datetime.fromtimestamp(one.at, UTC)
        text = f"The previous system shutdown at {moment:%H:%M:%S} on {moment:%m/%d/%Y} was unexpected."
        return "System", "EventLog", 6008, "Error", text
    if one.kind == "power_lost":
        return "System", "Microsoft-Windows-Kernel-Power", 41, "Critical", POWER_LOST
    if one.kind == "told_of_restart":
        # somebody's own program writes the same number
        return "Application", "Contoso Deployment", 1074, "Information", f"{host}: restart is due."
    off = one.kind == "power_off"
    by_system = one.detail.startswith("NT AUTHORITY")
    text = RESTART.format(
        host=host, user=one.detail, what="power off" if off else "restart",
        process=r"C:\Windows\system32\svchost.exe" if by_system else r"C:\Windows\Explorer.EXE",
        reason="Operating System: Service pack (Planned)" if by_system else "Other (Planned)",
        code="0x80020010" if by_system else "0x85000000",
        comment="restart the host after maintenance" if off else "",
    )  # fmt: skip
    return "System", "User32", 1074, "Information", text


def _registration(one: Happening, computer: str) -> tuple[str, str, int, str, str]:
    """Return the event of a registration that failed, or of something like it."""
    group = f"{one.machine * 7919 % 2**32:08x}-1c2d-4e3f-8a9b-{one.machine:012x}"
    kind = {"other_module": "algorithm", "other_log": "refused"}.get(one.detail, one.detail)
    why = REGISTRATION[kind].format(group=group)
    text = AGENT.format(what="register", computer=computer, group=group, why=why)
    if one.detail == "other_module":
        text = text.replace("AzureAutomation.HybridAgent", "ChangeTracking")
    log = "Application" if one.detail == "other_log" else "Operations Manager"
    return log, MODULE, 4502, "Error", text
