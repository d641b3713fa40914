"""What each fact behind a scenario means to it: data beside its causes, complete or refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from umdiag.model import UPDATE_MANAGEMENT as UPDATE_MANAGEMENT
from umdiag.model import UPDATE_MANAGER as UPDATE_MANAGER


@dataclass(frozen=True, kw_only=True)
class Rests:
    """The account of the facts (queries) behind a judge, none left out.

    `symptom`: whether there is a finding rests on it; where it was not seen whole, the diagnosis says so
    and is not HEALTHY. `causes`: it only distinguishes causes or adds evidence; where it was not seen whole,
    each finding says that it was not checked. `manager`: like `symptom` where Update Manager is looked at;
    where it is not, the fact matters only if it is among the causes. `indifferent`: it changes no finding and
    no state, and why.
    """

    symptom: Collection[str]
    causes: Collection[str] = ()
    manager: Collection[str] = ()
    indifferent: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> set[str]:
        """Every fact that is accounted for."""
        return {*self.symptom, *self.causes, *self.manager, *self.indifferent}


#: The facts that tell which machines there are, when each was heard and when assessed.
MACHINES = ("heartbeats", "assessments", "summaries", "shared_identities")
#: Reasons that several scenarios share.
NAMES = {"workspace_settings": "gives a workspace its name; without it the workspace is known by its id"}
COUNTS = {"latest_updates": "counts missing updates, which are not read here"}
PATCHES = {"needed_patches": "counts missing updates, which are not read here"}
#: The facts that tell whether Update Manager manages a machine, which it then judges itself.
MANAGED = (
    "azure_machines",
    "patch_assessments",
    "patch_installations",
    "configuration_assignments",
    "maintenance_configurations",
    "subscriptions",
)
#: The facts that tell which machines of Update Manager are still there.
PATCHED = (
    "azure_machines",
    "subscriptions",
    "resource_changes",
    "patch_assessments",
    "schedule_machine_runs",
)
#: The facts that tell which machines schedules reach: where runs should be, none shown is not none made.
SCHEDULED = ("configuration_assignments", "maintenance_configurations")
BLIND = {"schedule_runs": "says which subscriptions hide assessments, which does not matter here"}
PLACES = {
    "heartbeat_hours": "only adds workspaces that appear nowhere else, and nothing is judged about them here",
    "usage_hours": "only adds workspaces that appear nowhere else, and nothing is judged about them here",
}
