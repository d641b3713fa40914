"""Say which steps of a finding cannot be taken on its machine: words of another kind of machine.

What a machine is, is read from the rows here, and not as the scenarios do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from umdiag.errors import UmdiagError
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Finding

WINDOWS = re.compile(
    r"registry|HKLM|HKEY_|wuauclt|usoclient|wuauserv|Windows Update|services\.msc|Get-WinEvent|HealthService"
    r"|(?:Get|Start|Restart)-Service|PowerShell|Control Panel|System log|Setup log|C:\\|\.ps1|sysprep|icacls"
    r"|SCHANNEL|sc\.exe|On Windows"
)
LINUX = re.compile(r"\bsudo\b|omsagent|waagent|/var/|journalctl|apt-|\byum\b|zypper|\.py\b|On Linux")
WSUS = re.compile(r"WSUS|WsusPool|Server Cleanup Wizard")
AZURE_VM = re.compile(r"\baz vm\b|Add Azure VMs|column Update agent readiness|On an Azure VM|pre-script")
ARC = re.compile(r"azcmagent|Azure Arc")
#: What a finding on an ARM id knows of itself.
UNFILLED = re.compile(r"<(?:subscription|resource id|resource group|resource name)>")


def misfits(kit: Kit, diagnosis: Diagnosis) -> list[str]:
    """Return every step that cannot fit its machine, and every finding without any step."""
    machines = _machines(kit) if any(_is_machine(finding) for finding in diagnosis.findings) else {}
    return [
        f"{diagnosis.scenario}/{finding.cause} on {finding.subject.name} ({said}): {step}"
        for finding in diagnosis.findings
        for said, step in _misfits(diagnosis.scenario, finding, machines)
    ]


def _misfits(
    scenario: str, finding: Finding, machines: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    if not finding.resolution:
        yield "no step", ""
    known = machines.get(finding.subject.id.lower(), {}) if _is_machine(finding) else {}
    rules = {
        "Linux": WINDOWS if known.get("linux") is True else None,
        "Windows": LINUX if known.get("linux") is False else None,
        "no WSUS": WSUS if known.get("wsus") is False and not _by_wsus(scenario, finding) else None,
        "outside Azure": AZURE_VM if known.get("azure") is False else None,
        "in Azure": ARC if known.get("azure") is True else None,
        "not filled in": UNFILLED if finding.subject.id.startswith("/subscriptions/") else None,
    }
    for step in finding.resolution:
        yield from ((said, step) for said, words in rules.items() if words and words.search(step))


def _by_wsus(scenario: str, finding: Finding) -> bool:
    """Whether the updates of a finding tell that they come from a WSUS server."""
    updates = finding.evidence.get("updates") or ()
    sources = {str(update.get("approval_source")).lower() for update in updates}
    return scenario == "wsus_not_approved" or "wsus" in sources


def _machines(kit: Kit) -> Mapping[str, Mapping[str, Any]]:
    """Return what is known of each machine by the id that findings know it by, folded."""
    known: dict[str, dict[str, Any]] = {}
    for resource in _rows(kit, "azure_machines"):
        arm_id = resource.id.lower().rstrip("/")
        system = (resource.os_type or "").lower()
        known[arm_id] = {"azure": _in_azure(arm_id)} | ({"linux": system == "linux"} if system else {})
    servers: dict[str, str] = {}
    for summary in sorted(_rows(kit, "summaries"), key=lambda summary: summary.last_assessed):
        servers[summary.source_computer_id.lower()] = (summary.wsus_server or "").strip()
    for machine in _rows(kit, "machines"):
        told = known.setdefault(machine.subject_id.lower(), {})
        if machine.os_type:
            told["linux"] = machine.os_type.lower() == "linux"
        if machine.arm_key or machine.environment:
            told["azure"] = _in_azure(machine.arm_key or machine.environment)
        if told.get("linux") or machine.source_computer_id.lower() in servers:
            told["wsus"] = bool(servers.get(machine.source_computer_id.lower()))
    return known


def _is_machine(finding: Finding) -> bool:
    return finding.subject.kind == "machine"


def _in_azure(place: str) -> bool:
    return "/microsoft.compute/" in place or place.lower() == "azure"


def _rows(kit: Kit, name: str) -> list[Any]:
    """Return the rows of a fact or frame, none where it could not be seen."""
    try:
        return list(kit.frame(name).itertuples())
    except UmdiagError:
        return []
