"""Expect the findings of family ``assessment``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from umdiag.fleet.deployments import off
from umdiag.fleet.expect.quota import over_quota_now, the_stop
from umdiag.fleet.expect.states import DEFENDER, is_needed, lacking, latest_reports, machine_states
from umdiag.fleet.identity import present_ids
from umdiag.fleet.model import HOUR, NEVER, Bools, Planted, Texts, World
from umdiag.fleet.reports import WSUS
from umdiag.fleet.rhythm import last_scan


def expect_machines(
    world: World, chosen: Bools, scenario: str, cause: str | Texts, severity: str | Texts
) -> Iterator[Planted]:
    """Yield one finding for each chosen machine."""
    ids, names = present_ids(world), world.texts("computer")
    for machine in np.flatnonzero(chosen):
        yield Planted(
            scenario=scenario, kind="machine", name=names[machine], id=ids[machine],
            cause=cause if isinstance(cause, str) else cause[machine],
            severity=severity if isinstance(severity, str) else severity[machine],
        )  # fmt: skip


def expect_assessment(world: World) -> Iterator[Planted]:
    """Yield what must be said of every machine's state and updates."""
    latest = latest_reports(world)
    states = machine_states(world, latest)
    some, worst = lacking(world, latest)
    yield from expect_machines(
        world, states == "non_compliant", "machine_non_compliant", "security_updates_missing",
        np.where(worst, "high", "medium").astype(object),
    )  # fmt: skip
    yield from _disconnected(world, states, some)
    quota = _explained_by_quota(world)
    yield from expect_machines(
        world, states == "assessment_stale", "assessment_stale",
        np.where(quota, "quota_reached", "unknown").astype(object), "medium",
    )  # fmt: skip
    yield from _updates(world, latest)


def _disconnected(world: World, states: Texts, some: Bools) -> Iterator[Planted]:
    """Yield the machines that do not report any more."""
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    gone = (world.column("deleted") < NEVER) & visible & (world.texts("kind") != "plain")
    halted = off(world) & visible
    cause = np.select(
        [gone, halted],
        [np.array("machine_deleted", dtype=object), np.array("machine_off", dtype=object)],
        default="agent_stopped",
    )
    severity = np.where(gone | halted, "low", np.where(some, "high", "medium")).astype(object)
    yield from expect_machines(world, states == "disconnected", "machine_disconnected", cause, severity)


def _explained_by_quota(world: World) -> Bools:
    """Tell whose next assessment fell due after its workspace had stopped taking data."""
    over = np.array([over_quota_now(w) for w in world.workspaces])
    stops = np.array([the_stop(w) for w in world.workspaces])
    home = world.column("workspace")
    wait = np.where(world.column("scan_period") > HOUR, 12 * HOUR, 3 * HOUR)
    explained: Bools = over[home] & (last_scan(world) + wait >= stops[home])
    return explained


def _updates(world: World, latest: pd.DataFrame) -> Iterator[Planted]:
    """Yield what must be said of single updates."""
    needed = is_needed(latest)
    defender = (latest["kb"] == DEFENDER).to_numpy()
    refused = latest["counts"] & latest["needed"] & latest["refused"] & latest["serious"]
    replaced = _replaced(world, latest)
    for scenario, cause, severity, rows in (
        ("superseded_update_missing", "superseded_not_declined", "medium",
         needed & latest["superseded"]),
        ("wsus_not_approved", "not_approved_in_wsus", "medium",
         refused & (latest["source"] == WSUS) & ~latest["superseded"]),
        ("defender_definition_missing", "definition_updates_daily", "info", needed & defender),
        ("installed_update_replaced", "superseded_after_install", "info", replaced),
    ):  # fmt: skip
        chosen = np.zeros(len(world.machines), dtype=np.bool_)
        chosen[latest.loc[rows, "machine"].unique()] = True
        yield from expect_machines(world, chosen, scenario, cause, severity)


def _replaced(world: World, latest: pd.DataFrame) -> Bools:
    """Tell which updates were installed, are reported no more, and have an installed follower."""
    here = latest[latest["in_newest"] & latest["has"] & latest["series"].notna()]
    follower = here.groupby(["machine", "series"])["published"].max()
    pairs = pd.MultiIndex.from_frame(latest[["machine", "series"]])
    later = follower.reindex(pairs).fillna(0).to_numpy() > latest["published"].to_numpy()
    gone: Bools = (latest["has"] & ~latest["in_newest"]).to_numpy()
    return gone & later
