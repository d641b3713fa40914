"""Write the ids of machines and configurations as Azure writes them."""

from __future__ import annotations

import numpy as np

from fleet.identity import PROVIDERS, TYPES, join_texts
from fleet.model import Ints, Texts, known
from fleet.update_manager.model import Configuration, Estate


def subscriptions_of(estate: Estate, column: str = "subscription") -> Texts:
    """Return each machine's subscription."""
    ids = np.array([s.id for s in estate.subscriptions], dtype=object)
    return ids[estate.column(column)]


def arm_ids(estate: Estate) -> Texts:
    """Return each machine's ARM id."""
    return _ids(estate, subscriptions_of(estate), estate.texts("group"))


def old_ids(estate: Estate) -> Texts:
    """Return the ARM id that each machine had before it moved; the present one if it never did."""
    moved = estate.column("old_subscription") >= 0
    subscription = np.where(moved, estate.column("old_subscription"), estate.column("subscription"))
    ids = np.array([s.id for s in estate.subscriptions], dtype=object)[subscription]
    group = np.where(known(estate.texts("old_group")), estate.texts("old_group"), estate.texts("group"))
    return _ids(estate, ids, group)


def ids_at(estate: Estate, machines: Ints, moments: Ints) -> Texts:
    """Return the ARM ids that machines had at moments."""
    moved = estate.column("moved")[machines]
    before = (moved > moments) & (estate.column("old_subscription")[machines] >= 0)
    return np.where(before, old_ids(estate)[machines], arm_ids(estate)[machines]).astype(object)


def _ids(estate: Estate, subscriptions: Texts, groups: Texts) -> Texts:
    """Return the ids of machines in places."""
    kind = estate.machines["kind"]
    return join_texts(
        "/subscriptions/", subscriptions, "/resourceGroups/", groups, "/providers/",
        kind.map(PROVIDERS).to_numpy(dtype=object), "/", kind.map(TYPES).to_numpy(dtype=object), "/",
        estate.texts("name"),
    )  # fmt: skip


def configuration_id(estate: Estate, configuration: Configuration) -> str:
    """Return the ARM id of a configuration."""
    return (
        f"/subscriptions/{estate.subscriptions[configuration.subscription].id}"
        f"/resourceGroups/{configuration.group}"
        f"/providers/Microsoft.Maintenance/maintenanceConfigurations/{configuration.name}"
    )
