"""Run update deployments over a made fleet: whom they select, and who takes part."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.estate import LOCATIONS
from fleet.model import (
    DAY,
    HOUR,
    NEVER,
    Bools,
    Deployment,
    Ints,
    Query,
    Run,
    Texts,
    World,
    known,
    make_guid,
    random_for,
)
from fleet.rhythm import connected_at, workspace_silent_at

NAMED, TAGGED_ALL, TAGGED_ANY = 0, 1, 2
TAGS = ("env", "patch", "owner")
MINUTE = 60


def make_deployments(seed: int, asked: int, start: int) -> list[Deployment]:
    """Make three deployments with their weekly runs: a list, tags All, and tags Any."""
    rng = random_for(seed, "deployments")
    made = [
        Deployment(
            name="patch-named-weekly", os_type="Windows", reboot="IfRequired",
            classes="Critical, Security, UpdateRollup",
        ),
        Deployment(
            name="Patch-Prod-Windows", os_type="Windows", reboot="IfRequired",
            classes="Critical, Security, UpdateRollup",
            query=Query(
                scopes=((0, None), (1, "rg-apps")),
                locations=("West Europe", "North Europe", "eastus"),
                tags={"env": ("Prod", "preprod"), "Patch": ("weekly",)},
                operator="All",
            ),
        ),
        Deployment(
            name="patch-linux-any", os_type="Linux", reboot="Never", classes="Critical, Security",
            query=Query(
                scopes=((0, None), (1, None)),
                locations=(),
                tags={"patch": ("weekly",), "Owner": ("web",)},
                operator="Any",
            ),
        ),
    ]  # fmt: skip
    newest = (asked - 80 * HOUR, asked - 76 * HOUR, asked - 10 * HOUR)
    for deployment, last in zip(made, newest, strict=True):
        weeks = [last - week * 7 * DAY for week in range((last - start - 12 * HOUR) // (7 * DAY) + 1)]
        for moment in sorted(week for week in weeks if week > start + 12 * HOUR):
            deployment.runs.append(Run(id=make_guid(rng), start=moment, end=moment + 95 * MINUTE))
    return made


def tag_at(world: World, tag: str, moment: int) -> Texts:
    """Return a tag of every machine as it stood at a moment."""
    now, old = world.texts(tag), world.texts(f"old_{tag}")
    before = (world.column("changed") > moment) & known(old)
    return np.where(before, old, now)


def location_at(world: World, moment: int) -> Ints:
    """Return the location of every machine as it stood at a moment."""
    old = world.machines["old_location"]
    before = (world.column("changed") > moment) & old.notna().to_numpy()
    return np.where(before, old.fillna(-1).to_numpy(dtype=np.int64), world.column("location"))


def exists_at(world: World, moment: int) -> Bools:
    """Tell which machines had been made and not been deleted."""
    made: Bools = world.column("created") <= moment
    return made & (world.column("deleted") > moment)


def matches(world: World, deployment: Deployment, moment: int) -> Bools:
    """Tell which machines a dynamic group selects, by their tags and places at a moment."""
    query = deployment.query
    if query is None:
        return np.zeros(len(world.machines), dtype=np.bool_)
    chosen: Bools = (world.machines["kind"] == "azure").to_numpy()
    chosen = chosen & (world.machines["os_type"] == deployment.os_type).to_numpy()
    in_scope = np.zeros(len(chosen), dtype=np.bool_)
    group = world.machines["group"].str.lower().to_numpy(dtype=object)
    for subscription, wanted in query.scopes:
        inside = world.column("subscription") == subscription
        in_scope |= inside if wanted is None else inside & (group == wanted.lower())
    chosen &= in_scope
    if query.locations:
        places = [LOCATIONS.index(p.replace(" ", "").lower()) for p in query.locations]
        chosen &= np.isin(location_at(world, moment), places)
    by_tag = [
        np.isin(tag_at(world, key.lower(), moment), [value.lower() for value in values])
        for key, values in query.tags.items()
    ]
    join = np.logical_and if query.operator == "All" else np.logical_or
    return chosen & join.reduce(by_tag)


def names(world: World, number: int) -> Bools:
    """Tell which machines a deployment names."""
    named: Bools = world.column("named") == number
    named[world.deployments[number].listed] = True
    return named & ~world.flags("ghost")


def selected_at(world: World, number: int, moment: int) -> Bools:
    """Tell which machines the service would patch at a moment."""
    chosen = names(world, number) | matches(world, world.deployments[number], moment)
    return chosen & exists_at(world, moment) & ~world.flags("ghost")


def registered(world: World) -> Bools:
    """Tell whose subscription has the Automation provider; a machine without one needs none."""
    states = [s.registration.lower() == "registered" for s in world.subscriptions]
    known: Bools = np.array(states)[world.column("subscription")]
    return known | (world.machines["kind"] == "plain").to_numpy()


def has_worker(world: World) -> Bools:
    """Tell which machines have a system hybrid runbook worker."""
    known: Bools = world.machines["worker"].isin(["vm", "name", "group"]).to_numpy()
    return known


def mark_patched_by_deployment(world: World) -> None:
    """Note which machines are patched by a deployment, as long as nothing goes wrong."""
    chosen = np.zeros(len(world.machines), dtype=np.bool_)
    for number in range(len(world.deployments)):
        chosen |= selected_at(world, number, world.start)
    world.machines["by_deployment"] = chosen


def attend_runs(world: World) -> None:
    """Let every run find its machines: one row per machine run, runs numbered in order of time.

    ``outcome`` is the place in ``World.outcomes`` of what is not left to chance, else -1.
    """
    rng = world.rng("attendance")
    rows = []
    told = _outcomes(world)
    runs = sorted(
        ((run.start, number, place) for number, deployment in enumerate(world.deployments)
         for place, run in enumerate(deployment.runs))
    )  # fmt: skip
    able = registered(world) & has_worker(world)
    for order, (moment, number, place) in enumerate(runs):
        # where only the workspace was silent the machines were up all the same
        up = connected_at(world, moment) | workspace_silent_at(world, moment)
        present = able & up & (world.column("withheld") > moment)
        outcome = told.get((number, place), np.full(len(present), -1))
        found = np.flatnonzero(present & selected_at(world, number, moment) | (outcome >= 0))
        begun = moment + rng.integers(30, 4 * MINUTE, len(found))
        ended = begun + rng.integers(12 * MINUTE, 80 * MINUTE, len(found))
        usual = "InProgress" if world.deployments[number].runs[place].status == "InProgress" else "Succeeded"
        status = np.full(len(found), usual, dtype=object)
        for at in np.flatnonzero(outcome[found] >= 0):
            one = world.outcomes[outcome[found[at]]]
            status[at], ended[at] = one.status, begun[at] + one.minutes * MINUTE
        rows.append(
            pd.DataFrame(
                {
                    "run": order, "deployment": number, "place": place, "started": moment,
                    "machine": found, "start": begun, "end": ended, "status": status,
                    "outcome": outcome[found],
                }
            )
        )  # fmt: skip
    world.attended = pd.concat(rows, ignore_index=True)


def _outcomes(world: World) -> dict[tuple[int, int], Ints]:
    """Return for each run the place of each machine's outcome; -1 where there is none."""
    found: dict[tuple[int, int], Ints] = {}
    for at, one in enumerate(world.outcomes):
        run = (one.deployment, one.place)
        if run not in found:
            found[run] = np.full(len(world.machines), -1)
        found[run][one.machine] = at
    return found


def attended(world: World, number: int, place: int) -> Bools:
    """Tell who took part in one run of a deployment."""
    rows = world.attended
    there = (rows["deployment"] == number) & (rows["place"] == place)
    chosen = np.zeros(len(world.machines), dtype=np.bool_)
    chosen[rows.loc[there, "machine"]] = True
    return chosen


def off(world: World) -> Bools:
    """Tell which machines are said not to run now."""
    running = world.machines["power"].isin(["PowerState/running", "Connected"])
    hosted = (world.machines["kind"] != "plain") & (world.machines["deleted"] == NEVER)
    return (hosted & ~running).to_numpy()
