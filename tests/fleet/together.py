"""Describe a fleet of Azure Update Manager, or of both services: what must be found, in what states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from fleet.deployments import off
from fleet.expect.states import reporting
from fleet.identity import arm_ids as old_arm_ids
from fleet.model import NEVER, Fleet, Planted, World
from fleet.update_manager.expect import Known, expect_findings
from fleet.update_manager.identity import arm_ids, configuration_id

#: What of the old service is not asked of machines that Azure Update Manager manages.
NOT_ASKED = (
    "machine_non_compliant", "machine_disconnected", "assessment_failed", "assessment_stale",
    "superseded_update_missing", "wsus_not_approved", "defender_definition_missing",
    "installed_update_replaced", "linux_classification_mismatch", "machine_stuck_configuring",
    "machine_not_in_update_management", "registered_to_other_account", "service_unreachable",
    "certificate_not_created", "worker_not_responding",
)  # fmt: skip


def describe_estate(known: Known, folder: Path, days: int, rows: dict[str, int]) -> Fleet:
    """Say what was made of Azure Update Manager alone."""
    estate = known.estate
    return Fleet(
        folder=folder, asked_at=datetime.fromtimestamp(estate.asked, UTC), lookback=f"{days}d",
        planted=_sorted(expect_findings(known)), states=_states(known),
        suspects=tuple(estate.texts("name")[machine] for machine in estate.suspects),
        workspaces=(), automation_account="",
        subscriptions=tuple(s.id for s in estate.subscriptions if s.visible), rows=rows,
        reach=_reach(known),
    )  # fmt: skip


def combine(fleet: Fleet, world: World, known: Known) -> Fleet:
    """Say what was made of both services; machines with rows of both are judged by the living one."""
    adopted = {one.lower() for one in old_arm_ids(world)[world.adopted]}
    kept = [
        one for one in fleet.planted
        if not (one.kind == "machine" and one.scenario in NOT_ASKED and one.id.lower() in adopted)
    ]  # fmt: skip
    alone, unmanaged = _unmanaged(world)
    estate = known.estate
    places = dict.fromkeys([*fleet.subscriptions, *(s.id for s in estate.subscriptions if s.visible)])
    return replace(
        fleet, planted=_sorted([*kept, *expect_findings(known), *unmanaged]),
        states={**fleet.states, **dict.fromkeys(alone, "not_managed"), **_states(known)},
        suspects=(*fleet.suspects, *(estate.texts("name")[machine] for machine in estate.suspects)),
        subscriptions=tuple(places), reach=_reach(known),
    )  # fmt: skip


def _sorted(planted: Iterable[Planted]) -> tuple[Planted, ...]:
    """Return findings in their order."""
    return tuple(sorted(planted, key=lambda p: (p.scenario, p.cause, p.kind, p.name.lower(), p.id)))


def _reach(known: Known) -> dict[str, frozenset[str]]:
    """Return whom each configuration that lives and can be read selects."""
    ids = arm_ids(known.estate)
    return {
        configuration_id(known.estate, configuration).lower(): frozenset(
            ids[machine].lower() for machine in np.flatnonzero(known.reach[number])
        )
        for number, configuration in enumerate(known.estate.configurations)
        if known.lives(configuration)
    }


def _states(known: Known) -> dict[str, str]:
    """Return the state of each machine that is in the table, by its id in small letters."""
    ids = arm_ids(known.estate)
    return {ids[at].lower(): known.states[at] for at in np.flatnonzero(known.states != None)}  # noqa: E711


def _unmanaged(world: World) -> tuple[list[str], list[Planted]]:
    """Return the machines of the old estate that no service has a row of, and what is found of them."""
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    there = (world.texts("kind") != "plain") & visible & (world.column("deleted") == NEVER)
    there &= ~world.flags("ghost") & ~world.flags("unread") & ~reporting(world)
    there[world.adopted] = False
    ids, names = old_arm_ids(world), world.texts("name")
    found = [
        Planted(
            scenario="machine_unmanaged", cause="not_enabled", kind="machine", severity="low",
            name=names[machine], id=ids[machine],
        )
        for machine in np.flatnonzero(there & ~off(world))
    ]  # fmt: skip
    return [ids[machine].lower() for machine in np.flatnonzero(there)], found
