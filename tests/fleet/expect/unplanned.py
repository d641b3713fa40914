"""Expect the findings of family ``unplanned``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.expect.assessment import expect_machines
from fleet.expect.states import DEFENDER
from fleet.installs import installs
from fleet.model import HOUR, NEVER, Bools, Planted, World, known
from fleet.reports import INSTALLED
from fleet.rhythm import tick_between

NEVER_REBOOT = ("never", "neverreboot")
RESTARTS = ("restart", "unclean", "power_lost")


def expect_unplanned(world: World) -> Iterator[Planted]:
    """Yield restarts and updates that nobody asked for."""
    yield from _reboots(world)
    by_schedule = (world.texts("au_options") == "4") | world.flags("installs_on_schedule")
    cause = np.where(by_schedule, "automatic_updates_enabled", "unknown").astype(object)
    yield from expect_machines(world, _unasked(world), "update_without_deployment", cause, "medium")


def _reboots(world: World) -> Iterator[Planted]:
    """Yield the machines that restarted though their deployment says never to."""
    policy = (world.texts("au_options") == "4") | world.flags("reboots_always")
    cause = np.full(len(policy), None, dtype=object)
    never = [n for n, d in enumerate(world.deployments) if d.reboot.lower() in NEVER_REBOOT]
    rows = world.attended[world.attended["deployment"].isin(never)]
    runs: dict[int, list[tuple[int, int]]] = {}
    for row in rows[rows["machine"].isin({one.machine for one in world.happenings})].itertuples():
        runs.setdefault(row.machine, []).append((row.start, row.end + 2 * HOUR))
    for one in world.happenings:
        within = any(since <= one.at <= until for since, until in runs.get(one.machine, []))
        if one.kind not in RESTARTS or not within:
            continue
        if one.kind == "restart" and not one.detail.startswith("NT AUTHORITY"):
            cause[one.machine] = "restarted_by_user"
        elif cause[one.machine] is None:
            cause[one.machine] = "policy_reboots" if policy[one.machine] else "unknown"
    severity = np.where(cause == "restarted_by_user", "low", "medium").astype(object)
    yield from expect_machines(world, known(cause), "unexpected_reboot", cause, severity)


def _unasked(world: World) -> Bools:
    """Tell which Windows machines had an update installed that no run of theirs installed."""
    rows = world.reports
    machine = rows["machine"].to_numpy()
    about = world.catalogue.iloc[rows["update"]]
    since, installed = rows["since"].to_numpy(), rows["installed"].to_numpy()
    until = rows["until"].to_numpy()
    maybe = (world.texts("os_type") == "Windows")[machine] & (about["kb"] != DEFENDER).to_numpy()
    maybe &= (rows["after"].to_numpy() == INSTALLED) & (installed > np.maximum(since, world.start))
    at = np.flatnonzero(maybe & (installed < NEVER))
    begin = np.maximum(since[at], world.start + 1)
    needed = tick_between(world, "scan", begin, np.minimum(installed, until)[at] - 1, machine[at])
    had = tick_between(world, "scan", installed[at], until[at] - 1, machine[at])
    done = installs(world)
    done = done[done["status"] == "Succeeded"]
    newest = done.groupby(["machine", "update"])["at"].max().to_dict()
    chosen = np.zeros(len(world.machines), dtype=np.bool_)
    update = rows["update"].to_numpy()
    for place, seen, there in zip(at.tolist(), needed.tolist(), had.tolist(), strict=True):
        named = newest.get((machine[place], update[place]), -1)
        if seen < NEVER and there < NEVER and named < seen:
            chosen[machine[place]] = True
    return chosen
