"""Expect ``linux_classification_mismatch``: a run ended well, and its packages are still needed."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch

import numpy as np

from fleet.catalogue import CLASSLESS
from fleet.expect.assessment import expect_machines
from fleet.expect.states import is_needed, latest_reports, reporting
from fleet.identity import workspace_id
from fleet.model import HOUR, NEVER, Ints, Planted, World
from fleet.rhythm import last_scan, tick_between

ENOUGH = 10


def expect_mismatch(world: World) -> Iterator[Planted]:
    """Yield the machines whose listing and whose package manager disagree."""
    strict = [n for n, d in enumerate(world.deployments) if _restricted(d.classes)]
    rows = world.attended
    rows = rows[rows["deployment"].isin(strict) & (rows["status"] == "Succeeded")]
    rows = rows[(world.texts("os_type") == "Linux")[rows["machine"]]]
    newest = rows.sort_values("start").drop_duplicates("machine", keep="last").set_index("machine")
    count = len(world.machines)
    start, end, number = (np.full(count, NEVER) for _ in range(3))
    for column, values in (("start", start), ("end", end), ("deployment", number)):
        values[newest.index] = newest[column]
    before = last_scan(world, start)
    after = np.where(
        start < NEVER, tick_between(world, "scan", np.minimum(end, world.asked) + HOUR, NEVER), NEVER
    )
    chosen = np.zeros(count, dtype=np.bool_)
    for machine in _still_needing(world, before, after, number):
        chosen[machine] = start[machine] < NEVER
    cause = np.where(world.texts("os") == "centos7", "no_security_metadata", "package_manager_differs")
    yield from expect_machines(world, chosen, "linux_classification_mismatch", cause.astype(object), "medium")
    yield from _without_classes(world)


def _without_classes(world: World) -> Iterator[Planted]:
    """Yield the workspaces of a distribution that classes no package, where many are needed."""
    latest = latest_reports(world)
    needed = latest[is_needed(latest)]
    product = world.catalogue["product"].to_numpy()[needed["update"]]
    plain = (world.texts("os") == CLASSLESS) & reporting(world)
    if len(set(product[plain[needed["machine"]]])) >= ENOUGH:
        for number in sorted(set(world.column("workspace")[plain])):
            workspace = world.workspaces[number]
            yield Planted(
                scenario="linux_classification_mismatch", cause="no_security_metadata", severity="info",
                kind="workspace", name=workspace.name, id=workspace_id(world, workspace),
            )  # fmt: skip


def _restricted(classes: str) -> bool:
    """Tell whether a deployment installs critical or security updates only."""
    return {one.strip().lower() for one in classes.split(",")} <= {"critical", "security"}


def _still_needing(world: World, before: Ints, after: Ints, number: Ints) -> list[int]:
    """List machines that need one serious package in both assessments, not left out by a mask."""
    rows = world.reports
    machine = rows["machine"].to_numpy()
    here = (after[machine] < NEVER) & (before[machine] >= 0)
    for moment in (before[machine], after[machine]):
        here &= (rows["since"].to_numpy() <= moment) & (moment < rows["until"].to_numpy())
        here &= moment < rows["installed"].to_numpy()
    about = world.catalogue.iloc[rows["update"]]
    here &= about["serious"].to_numpy()
    found = []
    for owner, product in zip(machine[here].tolist(), about["product"][here], strict=True):
        masks = world.deployments[number[owner]].masks if number[owner] < NEVER else ()
        if not any(fnmatch(product.lower(), mask.lower()) for mask in masks):
            found.append(owner)
    return found
