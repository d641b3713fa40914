"""Which Linux machines still need the very updates that a run by class should have installed?

Looks for:
    The newest succeeded run of a machine in a deployment that installs security or critical packages only,
    and packages of such a class that were needed before it and, in the same version, still an hour or more
    after.

Why it matters:
    The run says succeeded, and the machine is not patched: the list takes its classes from the distributor's
    data, the installation from the package manager's own.

Cannot see:
    Which package the package manager would have taken: ask it on the machine (evidence has the command).
    A package that was needed, gone and needed again in the same version looks like one that stayed.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/update-management/overview (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.model import Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import COUNTS, NAMES, SERVICE, Rests
from umdiag.scenarios.evidence import SHOWN, or_none, refuse_nobody, subject, told

_DOCS = "https://learn.microsoft.com/azure/automation/update-management/overview"
_REFUSED = Lead(notebook="update_runs", why="did the package manager refuse these packages in a run?")

NO_METADATA = Cause(
    key="no_security_metadata",
    sentence="CentOS repositories carry no classes, so a run by class finds nothing to install.",
    resolution=(
        "Deploy to CentOS machines without classifications, or include the packages by name.",
        "Or use repositories that carry errata, and check them on the machine: yum updateinfo list security.",
    ),
    source=_DOCS,
    leads_to=(_REFUSED,),
)
DIFFERS = Cause(
    key="package_manager_differs",
    sentence=(
        "The package manager on the machine does not count these packages among the class to be installed."
    ),
    resolution=(
        "Compare what the machine's package manager lists with the packages of the evidence.",
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


RESTS = Rests(
    symptom=(
        "machine_runs",
        "needed_packages",
        "update_configurations",
        "update_runs",
        "assessments",
    ),
    causes=("heartbeats", "summaries", "shared_identities", "azure_machines"),
    indifferent=COUNTS | NAMES | SERVICE,
)


def judge(
    lingering_packages: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine that a run by class left with packages of that class."""
    rows: dict[int, list[Any]] = {}
    for package in lingering_packages.sort_values(["package", "package_arch"]).itertuples():
        rows.setdefault(package.machine, []).append(package)
    for machine in machines[machines["machine"].isin(rows)].itertuples():
        own = rows[machine.machine]
        run = own[0]
        system = next((one.os_name for one in own if or_none(one.os_name)), "")
        cause = NO_METADATA if "centos" in system.lower() else DIFFERS
        command = _command(system)
        shown = [
            told(one, "package", "package_arch", "package_version", "classification") for one in own[:SHOWN]
        ]
        yield found(
            cause,
            subject(machine),
            told(run, "run_id", "configuration", "classifications", "start_time", "end_time")
            | {
                "os_name": system or None,
                "command": command,
                "count": len(own),
                "packages": shown,
                "also": [],
            }
            | {"not_checked": _not_checked(run)},
            resolution=(f"Run on the machine: {command}.", *cause.resolution),
        )
    refuse_nobody(machines)


def _command(system: str) -> str:
    """Return how the machine's own package manager lists what it counts as security updates."""
    name = system.lower()
    return next((command for words, command in _COMMANDS if any(word in name for word in words)), _ANY)


def _not_checked(run: Any) -> list[str]:
    modified = pd.notna(run.modified) and run.modified > run.start_time
    return ["what the deployment excluded at the time of the run: it was modified since"] if modified else []
