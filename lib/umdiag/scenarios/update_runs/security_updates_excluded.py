"""Which schedules can never install the security updates that their machines need?

Looks for:
    Critical and security updates that machines need, and that the lists of the maintenance configuration
    which reaches them leave out: by KB number, by package name, or because their classification is not
    selected; no other schedule that reaches the machine would install them either.

Why it matters:
    No run of the schedule ever closes the gap, and every run succeeds.

Cannot see:
    What a schedule that cannot be read installs. Updates that need an Ubuntu Pro subscription are left out.

Sources:
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
    https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, Subject, found
from umdiag.scenarios.account import BLIND, Rests
from umdiag.scenarios.evidence import SHOWN, told, undecided
from umdiag.scenarios.portal import resource_page

_SCHEDULING = "https://learn.microsoft.com/azure/update-manager/scheduled-patching"
_NEEDS = Lead(notebook="assessment", why="see which machines need these updates, and for how long.")
_OPEN = "Azure Update Manager > Machines > Maintenance configurations > <resource name> > Updates"

KB = Cause(
    key="kb_excluded",
    sentence="The schedule excludes KB numbers of critical or security updates that machines need.",
    resolution=(
        f"Take the KB numbers in the evidence off the list: {_OPEN} > Exclude by KB ID.",
        "If they are excluded for a reason, say until when, and look for the update that replaces them.",
    ),
    source=_SCHEDULING,
    leads_to=(_NEEDS,),
)
MASK = Cause(
    key="package_mask_excludes",
    sentence="A mask of excluded packages keeps critical or security updates from machines that need them.",
    resolution=(
        f"Narrow the mask, or take it off the list: {_OPEN} > Exclude by package name.",
        "Write name_version where one version alone is to be left out: later ones are then installed.",
    ),
    source=_SCHEDULING,
    leads_to=(_NEEDS,),
)
CLASS = Cause(
    key="class_not_included",
    sentence="The schedule does not select the classification of updates that machines need.",
    resolution=(
        f"Select Critical and Security for the operating system: {_OPEN} > Include update classification.",
        "Or let another schedule that selects them reach the machines.",
    ),
    source="https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations",
    leads_to=(_NEEDS,),
)
_CAUSES = (KB, MASK, CLASS)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("count", "machines", "windows_classes", "linux_classes")
RESTS = Rests(
    symptom=(
        "needed_patches",
        "patch_assessments",
        "azure_machines",
        "configuration_assignments",
        "maintenance_configurations",
    ),
    causes=("subscriptions", "resource_changes", "patch_installations", "schedule_machine_runs"),
    indifferent=BLIND,
)


def judge(
    withheld_updates: Partial, configurations: pd.DataFrame, managed_machines: Partial
) -> Iterator[Finding]:
    """Report each living configuration whose lists keep needed security updates from its machines."""
    by_configuration: dict[str, list[Any]] = {}
    for update in withheld_updates.itertuples():
        by_configuration.setdefault(update.configuration_key, []).append(update)
    concerned = configurations[configurations["configuration_key"].isin(by_configuration)]
    for configuration in concerned.itertuples():
        updates = by_configuration[configuration.configuration_key]
        fits = [cause for cause in _CAUSES if any(update.reason == cause.key for update in updates)]
        yield found(
            fits[0],
            Subject(
                kind="maintenance_configuration", name=configuration.name, id=configuration.configuration_id
            ),
            _evidence(configuration, updates) | {"also": [cause.key for cause in fits[1:]]},
        )
    hidden = surely(managed_machines["reached"]) & surely(managed_machines["blind"])
    if number := int(hidden.sum()):
        raise Inconclusive(
            undecided(number, "whether they lack updates: their subscriptions show no assessment")
        )


def _evidence(configuration: Any, updates: list[Any]) -> dict[str, Any]:
    columns = ("title", "kb", "version", "classification", "published", "reason", "machines")
    unread = max(int(update.unread) for update in updates)
    lists = ("windows_classes", "linux_classes", "kb_excluded", "masks_excluded")
    return {
        "count": len(updates),
        "machines": max(int(update.machines) for update in updates),
        "updates": [told(update, *columns) | {"computers": update.computers} for update in updates[:SHOWN]],
        **{name: getattr(configuration, name) for name in lists},
        "portal": resource_page(configuration.configuration_id),
        "not_checked": _NOT_READ if unread else [],
    }


_NOT_READ = ["what another schedule installs on some of these machines: its subscription cannot be seen"]
