"""Which Linux machines still need updates that a run by classification should have installed?

Looks for:
    The newest succeeded run of a machine in a deployment that installs security or critical packages only,
    and packages of such a class that were needed before it and, in the same version, still an hour or more
    after. Distributions of which ten or more packages are needed and none is ever classified critical or
    security (information about the workspace).

Why it matters:
    The run succeeded, but the machine is not patched: the list takes its classifications from the
    distributor's data, the installation from the package manager's.

Cannot see:
    Which package the package manager would have taken: ask it on the machine (evidence has the command). A
    package that was needed, gone and needed again in the same version looks like one that stayed. A
    distribution whose machines never needed a security package in the window looks like one without
    classifications.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/overview (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.recognition import of_update_management
from umdiag.model import Cause, Finding, Lead, Partial, Severity, Subject, found
from umdiag.scenarios.account import MANAGED, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import SHOWN, or_none, refuse_nobody, subject, told

_DOCS = "https://learn.microsoft.com/azure/automation/update-management/overview"
_REFUSED = Lead(notebook="update_runs", why="did the package manager refuse these packages in a run?")

NO_METADATA = Cause(
    key="no_security_metadata",
    sentence="The distribution's repositories carry no classifications, so a run by them finds nothing.",
    resolution=(
        "Deploy to its machines without classifications, or include the packages by name.",
        "Or use repositories that carry errata, and ask the machine again what it counts as security.",
    ),
    source=_DOCS,
    leads_to=(_REFUSED,),
)
DIFFERS = Cause(
    key="package_manager_differs",
    sentence=("The package manager on the machine does not classify these packages as ones to install."),
    resolution=(
        "Compare what the machine's package manager lists with the packages in the evidence.",
        "Include the packages by name in the deployment, or run it once without classifications.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    leads_to=(_REFUSED,),
)
_COMMANDS = (
    (("ubuntu", "debian"), "sudo apt-get update && sudo apt-get --just-print upgrade | grep -i security"),
    (("suse", "sles"), "sudo zypper list-patches --category security"),
    (("fedora",), "sudo dnf updateinfo list security"),
    (("centos", "red hat", "redhat", "rhel", "oracle", "amazon"), "sudo yum updateinfo list security"),
)
_ANY = "sudo apt-get --just-print upgrade, sudo yum updateinfo list security or sudo zypper list-patches"


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("configuration", "count", "os_name", "start_time")
RESTS = Rests(
    symptom=(
        "machine_runs",
        "needed_packages",
        "latest_updates",
        "update_configurations",
        "update_runs",
        "assessments",
        "heartbeats",
    ),
    manager=MANAGED,
    causes=("azure_machines", "summaries", "shared_identities", "workspace_settings"),
)


def judge(
    lingering_packages: Partial,
    machines: Partial,
    unclassed: Partial | None,
) -> Iterator[Finding]:
    """Report each machine that a run by class left with packages of that class, and each workspace with
    machines of distributions that have no classes.
    """
    machines = of_update_management(machines)
    rows: dict[int, list[Any]] = {}
    for package in lingering_packages.sort_values(["package", "package_arch"]).itertuples():
        rows.setdefault(package.machine, []).append(package)
    for machine in machines[machines["machine"].isin(rows)].itertuples():
        packages = rows[machine.machine]
        run = packages[0]
        system = next((package.os_name for package in packages if or_none(package.os_name)), "")
        cause = NO_METADATA if "centos" in system.lower() else DIFFERS
        command = _command(system)
        shown = [
            told(package, "package", "package_arch", "package_version", "classification")
            for package in packages[:SHOWN]
        ]
        yield found(
            cause,
            subject(machine),
            told(run, "run_id", "configuration", "classifications", "start_time", "end_time")
            | {
                "os_name": system or None,
                "command": command,
                "count": len(packages),
                "packages": shown,
                "also": [],
            }
            | {"not_checked": _not_checked(run)},
            resolution=(f"Run on the machine: {command}.", *cause.resolution),
        )
    if unclassed is not None:
        for _, of_workspace in unclassed.groupby("workspace_id", sort=True):
            yield _without_classes(of_workspace)
    refuse_nobody(machines)


def _without_classes(machines: pd.DataFrame) -> Finding:
    """Return what is said of a workspace with these machines."""
    workspace = machines.iloc[0]
    counted = machines.groupby("distribution", sort=True)
    shown = [
        {
            "distribution": name,
            "machines": len(alike),
            "packages": int(alike["packages"].iloc[0]),
            "command": _command(name),
        }
        for name, alike in counted
    ]
    return found(
        NO_METADATA,
        Subject(
            kind="workspace",
            name=workspace["workspace"],
            id=or_none(workspace["home"]) or workspace["workspace_id"] or workspace["workspace"],
        ),
        {"distributions": shown[:SHOWN], "also": []},
        severity=Severity.INFO,
        resolution=(
            *(f"On a machine of {system['distribution']}: {system['command']}." for system in shown[:SHOWN]),
            *NO_METADATA.resolution,
        ),
    )


def _command(system: str) -> str:
    """Return how the machine's own package manager lists what it counts as security updates."""
    name = system.lower()
    return next((command for words, command in _COMMANDS if any(word in name for word in words)), _ANY)


def _not_checked(run: Any) -> list[str]:
    modified = pd.notna(run.modified) and run.modified > run.start_time
    return ["what the deployment excluded at the time of the run: it was modified since"] if modified else []
