"""Say what must be found in a fleet, from what is true of it and not from its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.expect.assessment import expect_assessment, expect_machines
from fleet.expect.jobs import expect_jobs
from fleet.expect.mismatch import expect_mismatch
from fleet.expect.missed import expect_missed
from fleet.expect.onboarding import expect_onboarding
from fleet.expect.quota import expect_quota
from fleet.expect.states import machine_states
from fleet.expect.unplanned import expect_unplanned
from fleet.expect.update_runs import expect_update_runs
from fleet.model import Planted, World

__all__ = ["expect_findings", "machine_states"]


def expect_findings(world: World) -> tuple[Planted, ...]:
    """Return every finding the kit must report, sorted; nothing else may be reported."""
    found = [
        *expect_quota(world), *expect_assessment(world), *expect_onboarding(world),
        *expect_missed(world), *expect_update_runs(world), *expect_unplanned(world),
        *expect_mismatch(world), *expect_jobs(world), *_expect_declared(world),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda p: (p.scenario, p.cause, p.kind, p.name.lower(), p.id)))


def _expect_declared(world: World) -> Iterator[Planted]:
    """Yield a finding for each machine of the faults that say themselves what is found."""
    for name, severity, machines in world.declared:
        chosen = np.isin(np.arange(len(world.machines)), machines)
        yield from expect_machines(world, chosen, *name.split("/"), severity)
