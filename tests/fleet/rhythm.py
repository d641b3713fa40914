"""Tell when machines of a made fleet sent heartbeats and assessments, for all of them at once."""

from __future__ import annotations

import numpy as np

from fleet.model import NEVER, Bools, Ints, World

HALF_HOUR = 1800


def _next_tick(first: Ints, period: Ints, moment: Ints) -> Ints:
    """Return the first tick at or after a moment."""
    steps = np.maximum(0, -((first - moment) // period))
    return first + steps * period


def _last_tick(world: World, what: str, before: Ints) -> Ints:
    """Return the last tick at or before a moment; -1 where there is none."""
    first, period = world.column(f"{what}_first"), world.column(f"{what}_period")
    since, until = world.column(f"{what}_from"), world.column(f"{what}_to")
    gap_from, gap_to = world.column(f"{what}_gap_from"), world.column(f"{what}_gap_to")
    end = np.minimum(np.minimum(before, until), world.asked)
    tick = first + (end - first) // period * period
    in_gap = (tick >= gap_from) & (tick < gap_to)
    earlier = first + (gap_from - 1 - first) // period * period
    tick = np.where(in_gap, earlier, tick)
    return np.where((tick < np.maximum(first, since)), -1, tick)


def last_heartbeat(world: World) -> Ints:
    """Return each machine's newest heartbeat; -1 where there is none."""
    return _last_tick(world, "beat", np.full(len(world.machines), world.asked))


def last_scan(world: World, before: Ints | None = None) -> Ints:
    """Return the start of each machine's newest assessment; -1 where there is none."""
    return _last_tick(world, "scan", np.full(len(world.machines), world.asked) if before is None else before)


def first_heartbeat(world: World) -> Ints:
    """Return each machine's first heartbeat in the window; NEVER where there is none."""
    return tick_between(world, "beat", world.start + 1, world.asked)


def connected_at(world: World, moment: int | Ints) -> Bools:
    """Tell which machines sent a heartbeat in the 30 minutes either side of a moment."""
    return tick_between(world, "beat", moment - HALF_HOUR, moment + HALF_HOUR) < NEVER


def workspace_silent_at(world: World, moment: int) -> Bools:
    """Tell whose workspace got no heartbeat at all in the 30 minutes either side of a moment."""
    silent = [
        since <= moment - HALF_HOUR and moment + HALF_HOUR < until
        for since, until in (workspace.heartbeat_gap for workspace in world.workspaces)
    ]
    told: Bools = np.array(silent)[world.column("workspace")]
    return told


def tick_between(
    world: World, what: str, since: int | Ints, until: int | Ints, machine: Ints | slice = slice(None)
) -> Ints:
    """Return the first tick between two moments, both included; NEVER where there is none.

    ``machine``: the machine of each pair of moments, if they are not one per machine.
    """
    first, period = world.column(f"{what}_first")[machine], world.column(f"{what}_period")[machine]
    gap_from = world.column(f"{what}_gap_from")[machine]
    gap_to = world.column(f"{what}_gap_to")[machine]
    tick = _next_tick(first, period, np.maximum(since, world.column(f"{what}_from")[machine]))
    in_gap = (tick >= gap_from) & (tick < gap_to)
    tick = np.where(in_gap, _next_tick(first, period, gap_to), tick)
    end = np.minimum(np.minimum(until, world.column(f"{what}_to")[machine]), world.asked)
    return np.where(tick <= end, tick, NEVER)
