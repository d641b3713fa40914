"""Expect the findings of family ``assessment``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fleet.deployments import off
from fleet.expect.codes import cause_of_code
from fleet.expect.quota import over_quota_now, the_stop
from fleet.expect.states import (
    DEFENDER,
    is_needed,
    lacking,
    latest_reports,
    machine_states,
    reporting,
)
from fleet.identity import present_ids
from fleet.model import HOUR, NEVER, Bools, Planted, Texts, World, known, where
from fleet.reports import WSUS
from fleet.rhythm import first_heartbeat, last_scan

OVERDUE = 15 * HOUR


def expect_machines(
    world: World, chosen: Bools, scenario: str, cause: str | Texts, severity: str | Texts
) -> Iterator[Planted]:
    """Yield one finding for each chosen machine."""
    ids = present_ids(world)
    # who writes no row has no name but that of its resource
    names = np.where(reporting(world), world.texts("computer"), world.texts("name"))
    for machine in np.flatnonzero(chosen & ~world.flags("ghost")):
        yield Planted(
            scenario=scenario, kind="machine", name=names[machine], id=ids[machine],
            cause=cause if isinstance(cause, str) else cause[machine],
            severity=severity if isinstance(severity, str) else severity[machine],
        )  # fmt: skip


def expect_assessment(world: World) -> Iterator[Planted]:
    """Yield what must be said of every machine's state and updates."""
    latest = latest_reports(world)
    states = where(reporting(world), machine_states(world, latest))
    some, worst = lacking(world, latest)
    yield from expect_machines(
        world, states == "non_compliant", "machine_non_compliant", "security_updates_missing",
        np.where(worst, "high", "medium").astype(object),
    )  # fmt: skip
    yield from _disconnected(world, states, some)
    failed = failed_scans(world)
    yield from expect_machines(world, known(failed), "assessment_failed", failed, "medium")
    quota = explained_by_quota(world)
    yield from expect_machines(
        world, (states == "assessment_stale") & ~known(failed), "assessment_stale",
        np.where(quota, "quota_reached", "unknown").astype(object), "medium",
    )  # fmt: skip
    yield from _updates(world, latest)


def _disconnected(world: World, states: Texts, some: Bools) -> Iterator[Planted]:
    """Yield the machines that do not report any more."""
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    gone = (world.column("deleted") < NEVER) & visible & (world.texts("kind") != "plain")
    halted = off(world) & visible & ~world.flags("unread")
    cause = np.select(
        [gone, halted],
        [np.array("machine_deleted", dtype=object), np.array("machine_off", dtype=object)],
        default="agent_stopped",
    )
    severity = np.where(gone | halted, "low", np.where(some, "high", "medium")).astype(object)
    yield from expect_machines(world, states == "disconnected", "machine_disconnected", cause, severity)


def explained_by_quota(world: World) -> Bools:
    """Tell whose next assessment fell due after its workspace had stopped taking data."""
    over = np.array([over_quota_now(w) for w in world.workspaces])
    stops = np.array([the_stop(w) for w in world.workspaces])
    home = world.column("workspace")
    wait = np.where(world.column("scan_period") > HOUR, 12 * HOUR, 3 * HOUR)
    scan = last_scan(world)
    due = np.where(scan < 0, np.minimum(first_heartbeat(world), NEVER) + 12 * HOUR, scan + wait)
    explained: Bools = over[home] & (due >= stops[home])
    return explained


def failed_scans(world: World) -> Texts:
    """Return why each machine's overdue assessment failed; None where no failure tells."""
    newest: dict[int, tuple[int, str]] = {}
    for one in world.happenings:
        if one.kind == "scan_failed" and world.start < one.at <= world.asked:
            newest[one.machine] = max(newest.get(one.machine, (0, "")), (one.at, one.detail))
    scan, by_wsus = last_scan(world), world.flags("wsus")
    cause = np.full(len(scan), None, dtype=object)
    for machine, (at, code) in newest.items():
        if code and at > scan[machine] >= 0 and world.asked - scan[machine] >= OVERDUE:
            cause[machine] = cause_of_code(code, wsus=bool(by_wsus[machine]))
    return cause


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
