"""Why did a run fail on Linux machines?

Looks for:
    Linux machines whose newest machine run of an update deployment failed; what the package manager said
    about each package, and stretches of an hour or more in the run without a heartbeat. In Azure Update
    Manager: those whose newest installation failed within its window, and its error codes and messages.

Why it matters:
    On Linux one package can make the whole run fail, and the portal shows no more than that it did.

Cannot see:
    The log of the run on the machine: /var/opt/microsoft/omsagent/run/automationworker/omsupdatemgmt.log, or
    that of the patch extension.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues-linux (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.error_causes import linux_run_causes
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import (
    BLIND,
    COUNTS,
    MACHINES,
    NAMES,
    PATCHED,
    PATCHES,
    SCHEDULED,
    UPDATE_MANAGEMENT,
    Rests,
)
from umdiag.scenarios.azure_steps import ASSESS_AGAIN, ASSESS_NOW, EXTENSION_LOG, HISTORY
from umdiag.scenarios.causes_of_errors import ERROR_CAUSES
from umdiag.scenarios.evidence import SHOWN, or_none, subject
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import refuse_no_runs
from umdiag.scenarios.leads import PACKAGES, SILENCE
from umdiag.scenarios.steps import in_update_management, in_update_manager, traits
from umdiag.scenarios.update_runs._run_findings import described
from umdiag.words.steps import Step

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_MANAGER = "https://learn.microsoft.com/azure/update-manager/troubleshoot"
_LOG = "/var/opt/microsoft/omsagent/run/automationworker/omsupdatemgmt.log"
_EXCLUDE = "Azure Update Manager > Machines > Maintenance configurations > <configuration> > Updates"

DEPENDENCIES = Cause(
    key="dependencies_unresolved",
    sentence="Packages could not be installed because of dependencies, conflicts or holds.",
    resolution=(
        "Let the package manager fix it on the machine: sudo apt-get --fix-broken install, sudo yum check"
        " dependencies or sudo zypper verify.",
        "Look for held packages: apt-mark showhold, yum versionlock list or zypper locks.",
        in_update_management("Exclude the package in the evidence from the deployment until it is fixed."),
        in_update_manager(f"Exclude the package until it is fixed: {_EXCLUDE} > Exclude by package name."),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(PACKAGES,),
)
UNHEALTHY = Cause(
    key="package_manager_unhealthy",
    sentence=(
        "The package manager itself does not work: interrupted, locked, damaged or without repositories."
    ),
    resolution=(
        "On Debian and Ubuntu: sudo dpkg --configure -a, then sudo apt-get update.",
        "On Red Hat, CentOS and SUSE: sudo rpm --rebuilddb, then sudo yum clean all or sudo zypper refresh.",
        "See what holds the lock (other update services at the same hour) and which repository does not"
        " answer.",
        *ASSESS_AGAIN,
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(PACKAGES,),
)
INTERFERES = Cause(
    key="package_interferes",
    sentence="One package's own script, or a file that two packages claim, made the run fail.",
    resolution=(
        "Install the package in the evidence by hand on the machine and read what its script says.",
        in_update_management("Exclude it from the deployment until its publisher has fixed it."),
        in_update_manager(
            f"Exclude it until its publisher has fixed it: {_EXCLUDE} > Exclude by package name."
        ),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(PACKAGES,),
)
UNREACHABLE = Cause(
    key="machine_unreachable",
    sentence="The machine sent no heartbeat for an hour or more in the middle of the run.",
    resolution=(
        "See whether the machine restarted or lost its network at that time: last -x, journalctl.",
        "Restart the agent: sudo /opt/microsoft/omsagent/bin/service_control restart.",
    ),
    source="https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues-linux",
    leads_to=(SILENCE,),
)
SUDO = replace(next(cause for cause in ERROR_CAUSES if cause.key == "sudo_denied"), leads_to=(PACKAGES,))
REBOOT = Cause(
    key="reboot_failed",
    sentence="The restart that the run asked for did not happen, or the machine did not come back in time.",
    resolution=(
        "See on the machine what kept it from restarting: last -x, journalctl --list-boots.",
        "Restart the machine, then assess it.",
        *ASSESS_NOW,
    ),
    source="https://learn.microsoft.com/azure/update-manager/workflow-update-manager",
    leads_to=(SILENCE,),
)
ALL_INSTALLED = Cause(
    key="all_installed_but_failed",
    sentence="Every update was installed, but the run still counts as failed.",
    resolution=(
        "Nothing needs to be installed again: assess the machine, and see that nothing is missing.",
        *ASSESS_NOW,
        "If every run ends like this, look in the log for the operation that failed after the installation.",
        *EXTENSION_LOG,
    ),
    source=_MANAGER,
    severity=Severity.LOW,
    leads_to=(PACKAGES,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run failed, and none of its messages is known.",
    resolution=(
        in_update_management(f"Read the run's log on the machine: {_LOG}; umdiag explain reads it too."),
        in_update_management("Open the job of the run (Automation account > Jobs) and read its output."),
        in_update_manager(HISTORY),
        *(Step(text=step.text, only=replace(step.only, service="update_manager")) for step in EXTENSION_LOG),
    ),
    source=_GUIDE,
    manager_source=_MANAGER,
    leads_to=(PACKAGES,),
)
_CAUSES = (DEPENDENCIES, UNHEALTHY, INTERFERES, UNREACHABLE, SUDO, REBOOT, ALL_INSTALLED)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("error_code", "failed", "configuration", "start_time")
RESTS = Rests(
    symptom=("machine_runs", "update_runs", "patch_installations", *SCHEDULED),
    causes=(
        "install_outcomes",
        "failed_machine_runs",
        "heartbeats_of_failures",
        "heartbeat_hours",
        *MACHINES,
        *PATCHED,
    ),
    indifferent=COUNTS | NAMES | PATCHES | BLIND,
)


def judge(
    linux_failures: Partial | None,
    judged_installations: Partial | None,
    machine_run_outcomes: Partial | None,
    managed_machines: Partial | None,
) -> Iterator[Finding]:
    """Report each Linux machine whose newest machine run of a deployment or schedule failed."""
    failed = None if judged_installations is None else _failed(judged_installations)
    for cause, also, run, others in by_machine(linux_failures, failed, causes=_CAUSES, otherwise=UNKNOWN):
        about = described(run, others) | {"also": also}
        if getattr(run, "service", "") != UPDATE_MANAGER:
            about |= _told_by_logs(run)
        yield found(cause, subject(run), about, known=traits(run, os="linux"))
    refuse_no_runs(machine_run_outcomes, judged_installations, managed_machines)


def _failed(installations: pd.DataFrame) -> pd.DataFrame:
    """Return the newest installations that failed on Linux, with the causes that they show."""
    failed = installations["newest"] & (installations["status"] == "failed")
    failed &= ~surely(installations["window_exceeded"]) & (installations["os_type"] == "linux")
    rows = installations[failed]
    done = (rows["installed"] > 0) & (rows["failed"] == 0) & (rows["pending"] == 0)
    return pd.concat([rows, linux_run_causes(rows["texts"])], axis=1).assign(
        reboot_failed=rows["reboot_status"] == "failed", all_installed_but_failed=done
    )


def _told_by_logs(run: Any) -> dict[str, Any]:
    silence = {"begin": or_none(run.gap_begin), "minutes": or_none(run.gap_minutes)}
    return {"texts": (run.texts or [])[:SHOWN], "longest_silence": silence}
