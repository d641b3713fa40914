"""Why did a run fail on Linux machines?

Looks for:
    Linux machines whose newest machine run of an update deployment failed; what the package manager said
    about each package, and stretches of an hour or more in the run without a heartbeat.

Why it matters:
    On Linux one package can make the whole run fail, and the portal shows no more than that it did.

Cannot see:
    The log of the run on the machine: /var/opt/microsoft/omsagent/run/automationworker/omsupdatemgmt.log.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/troubleshoot/update-agent-issues-linux (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, NAMES, SERVICE, UPDATE_MANAGEMENT, VISIBLE, Rests
from umdiag.scenarios.evidence import SHOWN, or_none, subject
from umdiag.scenarios.leads import PACKAGES, SILENCE
from umdiag.scenarios.update_runs._run_findings import by_machine, described, refuse_no_runs

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_LOG = "/var/opt/microsoft/omsagent/run/automationworker/omsupdatemgmt.log"

DEPENDENCIES = Cause(
    key="dependencies_unresolved",
    sentence="Packages could not be installed because of dependencies, conflicts or holds.",
    resolution=(
        "Let the package manager fix it on the machine: sudo apt-get --fix-broken install, sudo yum check"
        " dependencies or sudo zypper verify.",
        "Look for held packages: apt-mark showhold, yum versionlock list or zypper locks.",
        "Exclude the package of the evidence from the deployment until it is fixed.",
    ),
    source=_GUIDE,
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
    ),
    source=_GUIDE,
    leads_to=(PACKAGES,),
)
INTERFERES = Cause(
    key="package_interferes",
    sentence="One package's own script, or a file that two packages claim, made the run fail.",
    resolution=(
        "Install the package of the evidence by hand on the machine and read what its script says.",
        "Exclude it from the deployment until its publisher has fixed it.",
    ),
    source=_GUIDE,
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
UNKNOWN = Cause(
    key="unknown",
    sentence="The run failed, and none of its messages is known.",
    resolution=(
        f"Read the run's log on the machine: {_LOG}; umdiag explain reads it too.",
        "Open the job of the run (Automation account > Jobs) and read its output.",
    ),
    source=_GUIDE,
    leads_to=(PACKAGES,),
)
_CAUSES = (DEPENDENCIES, UNHEALTHY, INTERFERES, UNREACHABLE)


SERVICES = (UPDATE_MANAGEMENT,)
RESTS = Rests(
    symptom=("machine_runs", "update_runs"),
    causes=(
        "install_outcomes",
        "failed_machine_runs",
        "heartbeats_of_failures",
        "heartbeat_hours",
        *MACHINES,
        "azure_machines",
    ),
    indifferent=COUNTS | NAMES | SERVICE | VISIBLE,
)


def judge(
    linux_failures: Partial,
    machine_run_outcomes: Partial,
) -> Iterator[Finding]:
    """Report each Linux machine whose newest machine run of a deployment failed."""
    for cause, also, run, others in by_machine(linux_failures, _CAUSES, UNKNOWN):
        silence = {"begin": or_none(run.gap_begin), "minutes": or_none(run.gap_minutes)}
        yield found(
            cause,
            subject(run),
            described(run, others)
            | {"texts": (run.texts or [])[:SHOWN], "longest_silence": silence, "also": also},
        )
    refuse_no_runs(machine_run_outcomes)
