"""Faults of scenario ``worker_not_responding``."""

from __future__ import annotations

from fleet.faults.registry import anyone, fault
from fleet.model import Ints, World


# TODO(new-scenario): choose who may have it (anyone, windows, azure, …) and take ready=False away
@fault("worker_not_responding/worker_silent", anyone, fixed=2, finds="medium", ready=False)
def worker_silent(world: World, machines: Ints) -> None:
    """TODO(new-scenario): Spoil these machines so that the judge must report each."""
