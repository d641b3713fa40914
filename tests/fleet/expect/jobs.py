"""Expect the findings about runbook jobs."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.identity import account_id
from fleet.model import HOUR, Planted, World
from fleet.story import Job

CAUSES = {"Suspended": "suspended", "Failed": "failed_by_exception", "Queued": "queued_too_long"}


def expect_jobs(world: World) -> Iterator[Planted]:
    """Yield the newest job of each runbook and group of workers that did not finish."""
    newest: dict[tuple[str, str], Job] = {}
    for job in sorted(world.jobs, key=lambda job: job.created):
        age = world.asked - job.created
        waits = job.status != "Queued" or age > HOUR
        if job.group and job.status in CAUSES and waits and job.created > world.start:
            newest[job.runbook, job.group] = job
    for job in newest.values():
        yield Planted(
            scenario="job_not_finished", cause=CAUSES[job.status], kind="automation_job", name=job.runbook,
            severity="medium" if job.runbook.startswith("Patch-") else "low",
            id=f"{account_id(world)}/jobs/{job.id}",
        )  # fmt: skip
