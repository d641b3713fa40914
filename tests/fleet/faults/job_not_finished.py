"""Faults of scenario ``job_not_finished``."""

from __future__ import annotations

from fleet.deployments import MINUTE
from fleet.faults.registry import anyone, fault, lookalike
from fleet.model import DAY, HOUR, Ints, World, make_guid
from fleet.story import Job

SCENARIO = "job_not_finished"
PATCH = "Patch-MicrosoftOMSComputers"


def add(world: World, name: str, age: int, **more: str) -> None:
    """Let the account have a job that was created so long before the clock and has no end."""
    world.jobs.append(
        Job(created=world.asked - age, ended=world.asked + DAY, id=make_guid(world.rng(name)), **more)
    )


@fault(f"{SCENARIO}/suspended", anyone, fixed=1, touches=())
def suspend(world: World, machines: Ints) -> None:
    """Let a patch runbook be suspended, and twice before a runbook on another group of workers."""
    add(world, "suspended", 4 * HOUR, status="Suspended", runbook=PATCH, group="dc-workers")
    add(world, "suspended once", 3 * HOUR, status="Suspended", runbook="Sync-Inventory", group="site-workers")
    add(
        world, "suspended twice", 2 * HOUR, status="Suspended", runbook="Sync-Inventory", group="site-workers"
    )


@fault(f"{SCENARIO}/failed_by_exception", anyone, fixed=1, touches=())
def fail(world: World, machines: Ints) -> None:
    """Let a runbook on hybrid workers fail, with its exception read and without."""
    text = 'The term "Get-Widget" is not recognized as the name of a cmdlet, function, script file'
    for name, exception in (("failed", text), ("failed unread", None)):
        world.jobs.append(
            Job(
                created=world.asked - 5 * HOUR, ended=world.asked - 4 * HOUR, status="Failed",
                runbook=f"Collect-{name.title().replace(' ', '')}", group="dc-workers", exception=exception,
                id=make_guid(world.rng(name)),
            )
        )  # fmt: skip


@fault(f"{SCENARIO}/queued_too_long", anyone, fixed=1, touches=())
def queue(world: World, machines: Ints) -> None:
    """Let a patch runbook wait for more than an hour."""
    add(world, "queued", HOUR + 10 * MINUTE, status="Queued", runbook=PATCH, group="lost-workers")


@lookalike(anyone, fixed=1)
def finish_elsewhere(world: World, machines: Ints) -> None:
    """Let jobs end badly in Azure, wait for less than an hour, or have been suspended long ago."""
    add(world, "in azure", 3 * HOUR, status="Suspended")
    add(world, "waiting", 50 * MINUTE, status="Queued", runbook=PATCH, group="dc-workers-2")
    world.jobs.append(
        Job(
            created=world.asked - 29 * DAY, ended=world.asked - 28 * DAY, status="Failed", group="dc-workers",
            runbook="Old", id=make_guid(world.rng("long ago")),
        )
    )  # fmt: skip
