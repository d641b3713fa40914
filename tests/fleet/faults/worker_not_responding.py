"""Faults of scenario ``worker_not_responding``."""

from __future__ import annotations

import numpy as np

from fleet.faults.membership import leave_deployments
from fleet.faults.registry import anyone, fault
from fleet.model import DAY, HOUR, Ints, World


@fault("worker_not_responding/worker_silent", anyone, fixed=4)
def lose_worker(world: World, machines: Ints) -> None:
    """Let the workers of machines that report as before be seen for the last time."""
    leave_deployments(world, machines)
    ago = np.array([2 * HOUR, 9 * HOUR, 3 * DAY, 40 * DAY])[np.arange(len(machines)) % 4]
    world.machines.loc[machines, "worker_seen"] = world.asked - ago
