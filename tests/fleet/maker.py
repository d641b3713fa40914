"""Make a fleet: a healthy estate, spoiled as asked, written as a snapshot folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from fleet.catalogue import make_catalogue
from fleet.deployments import attend_runs, make_deployments, mark_patched_by_deployment
from fleet.estate import make_machines, make_subscriptions, make_workspaces
from fleet.expect import expect_findings, machine_states
from fleet.expect.states import latest_reports, reporting
from fleet.faults import FAULTS, registry, spoil
from fleet.identity import account_id, present_ids, workspace_id
from fleet.model import DAY, NEVER, Fleet, Root, World, iso, random_for
from fleet.reports import report_healthy_fleet, settle_rollouts
from fleet.tables import write_tables
from fleet.tables.both import write_both
from fleet.together import combine, describe_estate
from fleet.update_manager.expect import Known
from fleet.update_manager.maker import KNOWN_FAULTS as MANAGER_FAULTS
from fleet.update_manager.maker import make_known_estate

DEMO_ASKED_AT = datetime(2026, 11, 18, 6, tzinfo=UTC)
KNOWN_FAULTS = tuple(FAULTS)
DAYS_FOR_FAULTS = 12
UPDATE_MANAGEMENT, UPDATE_MANAGER = "update_management", "update_manager"
SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER, "both")


def make_fleet(
    folder: Path,
    *,
    machines: int = 2000,
    days: int = 14,
    seed: int = 7,
    faults: Collection[str] | None = None,
    lookalikes: bool | Collection[str] = True,
    faulty_share: float = 0.03,
    overlap: float = 0.15,
    drift: bool = False,
    asked_at: datetime = DEMO_ASKED_AT,
    heartbeat_minutes: int | None = None,
    services: str = UPDATE_MANAGEMENT,
) -> Fleet:
    """Write a fleet into a folder and say what must be found in it.

    ``services``: one of ``SERVICES``: the machines are of the old service, of Azure Update Manager,
    or half of them of each, and some that have rows of both.
    ``faults``: names ``scenario/cause``; None is every known one, an empty list a healthy fleet.
    ``faulty_share``: the machines that get a fault of their own; ``overlap``: the share of a
    fault's machines that have another one too, where that may be. ``drift``: write what the
    service has also been seen to write (heartbeats without the agent's id, truth values as text,
    other names and spellings); faults told by the id alone are left out. Equal arguments write
    equal bytes.
    Raises ValueError for what cannot be made.
    """
    _check(days, faults, lookalikes=lookalikes, asked_at=asked_at, heartbeat_minutes=heartbeat_minutes)
    wanted = split_faults(faults, services)
    world, known = None, None
    if services != UPDATE_MANAGER:
        world = make_world(
            machines if services == UPDATE_MANAGEMENT else machines // 2, days, seed, asked_at,
            heartbeat_minutes,
        )  # fmt: skip
        world.drift = drift
        spoil(world, wanted[UPDATE_MANAGEMENT], lookalikes=lookalikes, share=faulty_share, overlap=overlap)
        settle(world)
    if services != UPDATE_MANAGEMENT:
        asked = int(asked_at.timestamp())
        known = make_known_estate(
            seed, machines - (0 if world is None else machines // 2), asked, asked - days * DAY,
            wanted[UPDATE_MANAGER], lookalikes=lookalikes, share=faulty_share, drift=drift, old=world,
        )  # fmt: skip
    fleet = write_fleet(folder, days, world, known)
    write_truth(fleet)
    return fleet


def write_fleet(folder: Path, days: int, world: World | None, known: Known | None) -> Fleet:
    """Write a fleet of either service, or of both, as a snapshot; return what was made."""
    folder.mkdir(parents=True, exist_ok=True)
    if world is not None:
        fleet = _describe(world, folder, days, write_tables(world, folder, known and known.estate))
        fleet = fleet if known is None else combine(fleet, world, known)
    elif known is not None:
        fleet = describe_estate(known, folder, days, write_both(None, known.estate, folder))
    else:
        raise ValueError("a fleet is of one service at least")
    _write_json(
        folder / "snapshot.json",
        {
            "format": 1,
            "asked_at": iso(int(fleet.asked_at.timestamp())),
            "lookback": fleet.lookback,
            "tables": {name: {"rows": n, "complete": True} for name, n in sorted(fleet.rows.items())},
        },
    )
    return fleet


def split_faults(faults: Collection[str] | None, services: str) -> dict[str, Collection[str] | None]:
    """Return the faults of each service; where both are made, a name that both know is of both.

    Raises ValueError for a service and for a fault that nobody knows.
    """
    if services not in SERVICES:
        raise ValueError(f"no such services: {services}; known are {', '.join(SERVICES)}")
    known = {UPDATE_MANAGEMENT: tuple(registry.FAULTS), UPDATE_MANAGER: MANAGER_FAULTS}
    made = {name: names for name, names in known.items() if services in (name, "both")}
    if faults is None:
        return dict.fromkeys(made)
    unknown = sorted(set(faults) - {name for names in made.values() for name in names})
    if unknown:
        every = ", ".join(dict.fromkeys(name for names in made.values() for name in names))
        raise ValueError(f"no such fault: {', '.join(unknown)}; known are {every}")
    return {name: [one for one in names if one in set(faults)] for name, names in made.items()}


def make_world(
    machines: int, days: int, seed: int, asked_at: datetime, heartbeat_minutes: int | None
) -> World:
    """Make a healthy estate and what it reports; patching is settled later."""
    asked = int(asked_at.timestamp())
    start = asked - days * DAY
    world = World(
        seed=seed, asked=asked, start=start,
        machines=make_machines(
            random_for(seed, "machines"), machines,
            asked=asked, start=start, heartbeat_minutes=heartbeat_minutes,
        ),
        catalogue=make_catalogue(random_for(seed, "catalogue"), asked, start),
        subscriptions=make_subscriptions(random_for(seed, "subscriptions")),
        workspaces=make_workspaces(random_for(seed, "workspaces"), asked),
        account_subscription=2,
        deployments=make_deployments(seed, asked, start),
        taken=np.zeros(machines, dtype=np.bool_),
    )  # fmt: skip
    name_machines(world)
    mark_patched_by_deployment(world)
    report_healthy_fleet(world)
    return world


def name_machines(world: World) -> None:
    """Let the first deployment name some Windows machines that no dynamic group selects."""
    table = world.machines
    free = (table["os_type"] == "Windows") & (table["patch"] != "weekly")
    share = min(0.06, 400 / max(1, int(free.sum())))
    chance = world.rng("named").random(len(table))
    table.loc[free & (chance < share), "named"] = 0


def settle(world: World) -> None:
    """Carry what happened to workspaces over to machines, hold the runs, patch who took part."""
    home = world.column("workspace")
    for number, workspace in enumerate(world.workspaces):
        inside = home == number
        for what, (since, until) in (
            ("beat", workspace.heartbeat_gap),
            ("scan", workspace.heartbeat_gap),
            ("scan", workspace.billable_gap),
        ):
            if since < NEVER:
                world.machines.loc[inside, f"{what}_gap_from"] = since
                world.machines.loc[inside, f"{what}_gap_to"] = until
    attend_runs(world)
    settle_rollouts(world)


def _check(
    days: int,
    faults: Collection[str] | None,
    *,
    lookalikes: bool | Collection[str],
    asked_at: datetime,
    heartbeat_minutes: int | None,
) -> None:
    """Refuse what cannot be made."""
    if asked_at.tzinfo is None or asked_at.microsecond:
        raise ValueError("asked_at must be a whole second with a time zone")
    least = DAYS_FOR_FAULTS if lookalikes or faults is None or len(faults) else 2
    if days < least:
        raise ValueError(f"days must be at least {least} for these faults and look-alikes")
    if heartbeat_minutes is not None and not 1 <= heartbeat_minutes <= 30:
        raise ValueError("heartbeat_minutes must be between 1 and 30, or connections go unseen")


def _describe(world: World, folder: Path, days: int, rows: dict[str, int]) -> Fleet:
    """Say what was made."""
    names, ids = world.texts("computer"), present_ids(world)
    states = machine_states(world, latest_reports(world))
    there = np.flatnonzero(reporting(world))
    places = [workspace_id(world, workspace).lower() for workspace in world.workspaces]
    return Fleet(
        folder=folder,
        asked_at=datetime.fromtimestamp(world.asked, UTC),
        lookback=f"{days}d",
        planted=expect_findings(world),
        states={ids[machine].lower(): states[machine] for machine in there},
        suspects=tuple(names[machine] for machine in world.suspects),
        workspaces=tuple(workspace_id(world, workspace) for workspace in world.workspaces),
        automation_account=account_id(world),
        subscriptions=tuple(s.id for s in world.subscriptions if s.visible),
        rows=rows,
        homes={ids[machine].lower(): places[world.column("workspace")[machine]] for machine in there},
    )


def write_truth(fleet: Fleet, roots: Mapping[str, Root] | None = None) -> None:
    """Write ``planted.json``: what must be found, and the parameters to find it with.

    ``roots``: what the findings follow from; what follows from none of them is noise.
    """
    told = {subject: name for name, root in (roots or {}).items() for subject in root.subjects}
    planted = [asdict(one) for one in fleet.planted]
    truth: dict[str, object] = {
        "parameters": {
            "workspaces": list(fleet.workspaces),
            "automation_account": fleet.automation_account,
            "subscriptions": list(fleet.subscriptions),
            "suspects": list(fleet.suspects),
        },
        "states": dict(sorted(Counter(fleet.states.values()).items())),
    }
    if roots is not None:
        planted = [{"root": told.get(one["id"].lower()), **one} for one in planted]
        truth["roots"] = {name: _follows(root, name, planted) for name, root in roots.items()}
    _write_json(fleet.folder / "planted.json", truth | {"planted": planted})


def _follows(root: Root, name: str, planted: Sequence[Mapping[str, str]]) -> dict[str, object]:
    """Return what happened, and how often which cause follows from it."""
    causes = Counter(f"{one['scenario']}/{one['cause']}" for one in planted if one["root"] == name)
    return {"says": root.says, "follows": dict(sorted(causes.items()))}


def _write_json(path: Path, content: dict[str, object]) -> None:
    """Write JSON with plain newlines, the same on every system."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
