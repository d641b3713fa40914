"""Which runs succeeded, installed nothing, and left security updates behind?

Looks for:
    Machines of Azure Update Manager whose newest installation of a schedule succeeded with nothing installed,
    though critical or security updates that they need now were there already: the run itself lists them as
    excluded or not selected, or they were published a day or more before.

Why it matters:
    The run is green and the machine stays without its updates, month after month.

Cannot see:
    Since when an update of a Linux package was offered: those have no publication date. What a schedule that
    cannot be read installs.

Sources:
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/query-logs (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, found
from umdiag.scenarios.account import BLIND, Rests
from umdiag.scenarios.azure_steps import ASSESS_NOW, HISTORY
from umdiag.scenarios.evidence import subject, told
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import CONFIGURATION, described_installation, refuse_no_installations
from umdiag.scenarios.steps import traits

_SCHEDULING = "https://learn.microsoft.com/azure/update-manager/scheduled-patching"
_NEEDS = Lead(notebook="assessment", why="see what the machines need, and for how long.")

EXCLUDED = Cause(
    key="excluded_by_configuration",
    sentence="The schedule excludes by name the updates that the machine needs.",
    resolution=(
        f"Take the update off the list of excluded ones: {CONFIGURATION} > Updates.",
        "If it is excluded for a reason, say until when, and let another schedule install it then.",
    ),
    source=_SCHEDULING,
    leads_to=(_NEEDS,),
)
NOT_SELECTED = Cause(
    key="classification_not_selected",
    sentence="The schedule does not select the classification of the updates that the machine needs.",
    resolution=(
        f"Select Critical and Security for the machine's operating system: {CONFIGURATION} > Updates >"
        " Include update classification.",
        "Or let another schedule that selects them reach the machine.",
    ),
    source=_SCHEDULING,
    leads_to=(_NEEDS,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The updates were published a day or more before the run, and the run does not mention them.",
    resolution=(
        HISTORY,
        "Check which updates the machine is offered now: it may use another update source than during "
        "the run.",
        *ASSESS_NOW,
    ),
    source="https://learn.microsoft.com/azure/update-manager/troubleshoot",
    leads_to=(_NEEDS,),
)
_CAUSES = (EXCLUDED, NOT_SELECTED, UNKNOWN)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("not_selected", "excluded", "count", "configuration")
RESTS = Rests(
    symptom=(
        "patch_installations",
        "uninstalled_patches",
        "needed_patches",
        "patch_assessments",
        "azure_machines",
        "configuration_assignments",
        "maintenance_configurations",
    ),
    causes=("subscriptions", "resource_changes", "schedule_machine_runs"),
    indifferent=BLIND,
)


def judge(
    idle_installations: Partial, judged_installations: Partial, managed_machines: Partial | None
) -> Iterator[Finding]:
    """Report each machine whose newest run succeeded, installed nothing and left what it needs."""
    for cause, also, row, others in by_machine(idle_installations, causes=_CAUSES):
        evidence = described_installation(row, others) | told(row, "excluded", "not_selected", "count")
        evidence |= {"updates": row.updates, "also": also}
        yield found(cause, subject(row), evidence, known=traits(row))
    refuse_no_installations(judged_installations, managed_machines)
