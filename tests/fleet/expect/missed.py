"""Expect the findings of family ``missed_machines``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.deployments import attended, has_worker, matches, names, off, registered
from fleet.expect.assessment import expect_machines
from fleet.identity import subscription_id
from fleet.model import DAY, NEVER, Bools, Planted, Run, Texts, World, known
from fleet.rhythm import connected_at, first_heartbeat, workspace_silent_at

SCENARIO = "scheduled_run_missed_machine"


def expect_missed(world: World) -> Iterator[Planted]:
    """Yield whom the schedules left out, and why."""
    cause = np.full(len(world.machines), None, dtype=object)
    runs = sorted(
        ((run.start, number, place) for number, deployment in enumerate(world.deployments)
         for place, run in enumerate(deployment.runs) if run.status != "InProgress"),
    )  # fmt: skip
    for _, number, place in runs:
        missed = _expected(world, number, place) & ~attended(world, number, place)
        # a newer run decides over an older one
        cause = np.where(missed, _cause(world, number, place), cause)
    patched = np.zeros(len(cause), dtype=np.bool_)
    patched[world.attended["machine"]] = True
    for machine in world.suspects:
        if cause[machine] is None and not patched[machine]:
            cause[machine] = "filter_excludes_machine"
    cause[world.flags("ghost")] = None
    yield from expect_machines(world, known(cause), SCENARIO, cause, "medium")
    yield from _scopes(world)


def _expected(world: World, number: int, place: int) -> Bools:
    """Tell whom one run should have patched."""
    run = world.deployments[number].runs[place]
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    listed = visible & (world.column("deleted") == NEVER) & (world.column("created") <= run.start)
    listed &= ~world.flags("unread")
    expected = names(world, number)
    matching = matches(world, world.deployments[number], run.start)
    expected = expected | (listed & matching)
    if place > 0:
        before = attended(world, number, place - 1)
        since = world.deployments[number].runs[place - 1].start
        lost = _between(world, "deleted", since, run)
        lost |= _between(world, "changed", since, run) & ~matching
        expected |= before & lost
    return expected


def _between(world: World, column: str, since: int, run: Run) -> Bools:
    """Tell to whom something happened after a moment and before a run."""
    moment = world.column(column)
    chosen: Bools = (moment > since) & (moment <= run.start)
    return chosen


def _cause(world: World, number: int, place: int) -> Texts:
    """Return why each machine would have been missed by one run; the first that fits."""
    runs = world.deployments[number].runs
    run = runs[place]
    since = min(runs[place - 1].start if place else run.start, run.start - DAY)
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    hosted = (world.machines["kind"] != "plain").to_numpy()
    dynamic = world.deployments[number].query is not None
    lost = ~matches(world, world.deployments[number], run.start) & dynamic
    reported = first_heartbeat(world) < NEVER
    tests = [
        ~registered(world),
        hosted & visible & (world.column("deleted") < NEVER),
        lost & _between(world, "changed", since, run),
        (reported & ~connected_at(world, run.start) & ~workspace_silent_at(world, run.start)) | off(world),
        ~has_worker(world),
    ]
    causes = [
        "provider_not_registered", "machine_deleted", "changed_before_run",
        "machine_unavailable", "worker_not_installed",
    ]  # fmt: skip
    return np.select(tests, [np.array(n, dtype=object) for n in causes], default="unknown")


def _scopes(world: World) -> Iterator[Planted]:
    """Yield the subscriptions that a dynamic group names and nobody can see."""
    named = {s for d in world.deployments if d.query for s, _ in d.query.scopes}
    for number in sorted(named):
        if not world.subscriptions[number].visible:
            yield Planted(
                scenario=SCENARIO, cause="scope_not_visible", kind="subscription",
                name=world.subscriptions[number].id,
                id=subscription_id(world.subscriptions[number]), severity="medium",
            )  # fmt: skip
