"""What scenarios on machines of Azure Update Manager share: which they judge, and how they describe them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import after_last, among, last_segment, looked_up, subscription_of
from umdiag.model import UPDATE_MANAGER
from umdiag.scenarios.evidence import SHOWN, undecided
from umdiag.scenarios.steps import traits
from umdiag.words.steps import Traits

#: The facts that tell which machines Update Manager manages.
MANAGED = (
    "azure_machines", "patch_assessments", "patch_installations", "configuration_assignments",
    "maintenance_configurations",
)  # fmt: skip
_GONE = "adds only machines that are gone, and those are not judged here"
#: Why what else lies behind managed machines does not matter to who is managed.
NOT_READ = {
    "needed_patches": "counts missing updates, which are not read here",
    "resource_changes": _GONE,
    "schedule_machine_runs": _GONE,
    "schedule_runs": "shows whether runs are hidden, and runs are not read here",
}
_HIDDEN = "no assessment at all is shown where some should be: your role may lack patchAssessmentResults/read"


def supported(machines: pd.DataFrame) -> pd.DataFrame:
    """Return the machines whose resource is shown and that Update Manager supports, with computer and
    subject_id; `machines` has the columns of `estate`.
    """
    rows = machines[machines["resource_id"].notna()]
    unsupported = rows["scale_set_instance"].astype(bool) | rows["windows_client"].astype(bool)
    return described(rows[~unsupported])


def described(machines: pd.DataFrame) -> pd.DataFrame:
    """Add what identifies each machine: computer and subject_id."""
    identity = machines["resource_id"].str.rstrip("/")
    return machines.assign(computer=after_last(identity, "/"), subject_id=identity)


def known(machine: Any) -> Traits:
    """Return what is known of a machine of Update Manager, for the steps that fit it."""
    system = machine.operating_system
    told = {"os": "windows" if system == "windows" else "linux"} if system else {}
    return traits(machine, service=UPDATE_MANAGER, **told)


def schedules_of(
    keys: Iterable[str], selections: pd.DataFrame | None, configurations: pd.DataFrame | None
) -> dict[str, list[str]]:
    """Return the names of the schedules that reach each of these machines; what cannot be read, by its id."""
    if selections is None:
        return {}
    rows = selections[selections["machine_key"].isin(set(keys))]
    rows = rows[surely(rows["living"]) | surely(~rows["readable"].astype("boolean"))]
    name = after_last(rows["configuration_key"], "/")
    if configurations is not None:
        named = configurations.set_index("configuration_key")["name"]
        name = looked_up(rows["configuration_key"], named).fillna(name)
    pairs = rows.assign(name=name)[["machine_key", "name"]].drop_duplicates().sort_values("name")
    return {str(key): list(names)[:SHOWN] for key, names in pairs.groupby("machine_key")["name"]}


def unread_schedules(keys: Iterable[str], selections: pd.DataFrame | None) -> dict[str, list[str]]:
    """Say of each of these machines that only schedules reach it which cannot be read."""
    if selections is None:
        return {}
    rows = selections[selections["machine_key"].isin(set(keys))]
    readable = rows["machine_key"][surely(rows["living"])]
    rows = rows[surely(~rows["readable"].astype("boolean")) & ~among(rows["machine_key"], readable)]
    told: dict[str, list[str]] = {}
    for row in rows.sort_values("configuration_key").drop_duplicates("machine_key").itertuples():
        subscription = subscription_of(row.configuration_key)
        told[row.machine_key] = [
            f"the schedule {last_segment(row.configuration_key)}: its subscription cannot be seen"
            f" (have Reader on /subscriptions/{subscription} assigned to you)"
        ]
    return told


def refuse_unsure(everyone: pd.DataFrame, machines: pd.DataFrame) -> None:
    """Raise Inconclusive where it is not known of some of `machines` whether Update Manager manages them.

    Both have the columns of `managed_machines`; `everyone` shows whether any assessment could be read.
    """
    managed = machines["managed"].astype("boolean")
    hidden = surely(~managed) & surely(machines["blind"])
    if not everyone["has_assessment"].fillna(True).astype(bool).any():
        hidden = surely(~managed)
    doubts = [
        undecided(number, f"whether Azure Update Manager manages it{why}")
        for number, why in ((int(managed.isna().sum()), ""), (int(hidden.sum()), f", because {_HIDDEN}"))
        if number
    ]
    if doubts:
        raise Inconclusive("; ".join(doubts))
