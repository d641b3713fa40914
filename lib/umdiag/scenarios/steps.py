"""Say which machines a step of a resolution fits, and which step fits a machine; steps that causes share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import pandas as pd

from umdiag.frames.shared.text import fold
from umdiag.words.steps import Step, Traits

Service: TypeAlias = Literal["update_management", "update_manager"]


def traits(machine: Any, **known: Any) -> Traits:
    """Return what a row tells of its machine, from those of these columns that it has: os_type, arm_key,
    subject_id, environment, wsus_server, service (without it, Update Management). `known` is what the
    scenario knows better.
    """
    system = fold(getattr(machine, "os_type", ""))
    told: dict[str, Any] = {"service": fold(getattr(machine, "service", "")) or "update_management"}
    if system:
        told["os"] = "linux" if system == "linux" else "windows"
    if known.get("os", told.get("os")) == "linux":
        told["wsus"] = False
    elif (server := getattr(machine, "wsus_server", None)) is not None and pd.notna(server):
        told["wsus"] = bool(server.strip())
    told |= _place(machine)
    return Traits(**told | {trait: value for trait, value in known.items() if value is not None})


def _place(machine: Any) -> dict[str, bool]:
    """Say by a machine's ARM id, else by what its agent says, whether it is one of Azure or of Azure Arc."""
    arm_id = fold(getattr(machine, "arm_key", "")) or fold(machine.subject_id)
    if "/" in arm_id:
        return {"azure_vm": "/microsoft.compute/" in arm_id, "arc": "/microsoft.hybridcompute/" in arm_id}
    environment = fold(getattr(machine, "environment", ""))
    if environment == "azure":
        return {"azure_vm": True, "arc": False}
    # Of a machine without an ARM id it is not known whether Azure Arc has it.
    return {"azure_vm": False} if environment else {}


def windows(text: str, **more: Any) -> Step:
    """Return a step for Windows machines; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(os="windows", **more))


def linux(text: str, **more: Any) -> Step:
    """Return a step for Linux machines; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(os="linux", **more))


def on_azure_vm(text: str, **more: Any) -> Step:
    """Return a step for virtual machines of Azure; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(azure_vm=True, **more))


def outside_azure(text: str, **more: Any) -> Step:
    """Return a step for machines outside Azure, also those of Azure Arc; `more` are further traits."""
    return Step(text=text, only=Traits(azure_vm=False, **more))


def on_arc(text: str, **more: Any) -> Step:
    """Return a step for machines of Azure Arc; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(arc=True, **more))


def with_wsus(text: str, **more: Any) -> Step:
    """Return a step for machines that ask a WSUS server; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(wsus=True, **more))


def without_wsus(text: str, **more: Any) -> Step:
    """Return a step for machines that ask no WSUS server; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(wsus=False, **more))


def in_update_management(text: str, **more: Any) -> Step:
    """Return a step for machines of the retired Update Management; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(service="update_management", **more))


def in_update_manager(text: str, **more: Any) -> Step:
    """Return a step for machines of Azure Update Manager; `more` are further traits it asks for."""
    return Step(text=text, only=Traits(service="update_manager", **more))


def only_in(service: Service, steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return steps as they are told to machines of one service alone."""
    return tuple(replace(step, only=replace(step.only, service=service)) for step in steps)


#: Restart the Log Analytics agent.
RESTART_AGENT = (
    windows("Restart the agent: Restart-Service HealthService."),
    linux("Restart the agent: sudo /opt/microsoft/omsagent/bin/service_control restart."),
)
#: See whether the Log Analytics agent runs.
CHECK_AGENT = (
    windows(
        "Check that the agent runs (Get-Service HealthService), and start it if it does not (Start-Service"
        " HealthService)."
    ),
    linux(
        "Check that the agent runs (sudo sh /opt/microsoft/omsagent/bin/omsadmin.sh -l), and start it if"
        " it does not (sudo /opt/microsoft/omsagent/bin/service_control restart)."
    ),
)
#: Let the update agent troubleshooter look at the machine.
TROUBLESHOOT = (
    on_azure_vm(
        "Run the checks of the update agent: Automation account > Update management > Machines, the link"
        " Troubleshoot in the column Update agent readiness."
    ),
    outside_azure(
        "Run the update agent troubleshooter on the machine: UM_Windows_Troubleshooter_Offline.ps1 from"
        " https://github.com/Azure/updatemanagement.",
        os="windows",
    ),
    outside_azure(
        "Run the update agent troubleshooter on the machine: UM_Linux_Troubleshooter_Offline.py from"
        " https://github.com/Azure/updatemanagement.",
        os="linux",
    ),
)
#: Let the machine forget its registration as a hybrid worker and register again.
REGISTER_AGAIN = (
    windows(
        "Delete the old registration: Remove-Item -Recurse"
        " HKLM:\\SOFTWARE\\Microsoft\\HybridRunbookWorker; then"
        " Restart-Service HealthService, and the machine registers again."
    ),
    linux(
        "Let the agent fetch its configuration, with which it registers: sudo -u omsagent"
        " python /opt/microsoft/omsconfig/Scripts/PerformRequiredConfigurationChecks.py."
    ),
)
#: Start a machine that is off.
START = (
    on_azure_vm("Start the machine if it should be patched: az vm start --ids <resource id>."),
    on_arc(
        "Start the machine if it is off; if it runs, check the Arc agent on it: azcmagent show, azcmagent"
        " check."
    ),
    outside_azure("Start the machine where it is hosted, if it should be patched.", arc=False),
)
