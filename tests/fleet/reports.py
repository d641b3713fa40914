"""Know which updates each machine reports, from when to when, and in which state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fleet.catalogue import WINDOWS
from fleet.model import DAY, HOUR, NEVER, Bools, Ints, World

STATES = ("Needed", "Installed", "NotNeeded", "Not needed")
INSTALLED, NOT_NEEDED, NOT_NEEDED_OLD = 1, 2, 3
SOURCES = (None, "Microsoft Update", "WSUS")
MICROSOFT, WSUS = 1, 2
FOR_EVER = 0


def add_reports(
    world: World,
    machines: Ints,
    key: str,
    *,
    since: int = FOR_EVER,
    until: int = NEVER,
    installed: int = NEVER,
    after: int = INSTALLED,
    approved: int = 1,
    source: int | None = None,
    rollout: bool = False,
) -> None:
    """Let machines report the update of that key for their system.

    Reported as Needed before ``installed``, in the state ``after`` from then on, not at all
    outside ``since`` and ``until``. ``rollout``: the times follow from the machine's patching.
    """
    place = world.catalogue.reset_index().set_index(["key", "os"])["index"]
    wanted = pd.MultiIndex.from_arrays(
        [np.full(len(machines), key, dtype=object), world.texts("os")[machines]]
    )
    linux = np.isin(world.texts("os")[machines], WINDOWS, invert=True)
    mute = world.column("spelling")[machines] == 1
    told = np.where(world.machines["wsus"].to_numpy()[machines], WSUS, MICROSOFT)
    rows = pd.DataFrame(
        {
            "machine": machines,
            "update": place.reindex(wanted).to_numpy(dtype=np.int64),
            "since": np.int64(since),
            "until": np.int64(until),
            "installed": np.int64(installed),
            "after": np.int64(after),
            # null is not a refusal: some machines never say true
            "approved": np.where(linux | (mute & (approved == 1)), -1, approved).astype(np.int64),
            "source": np.where(linux, 0, told if source is None else source).astype(np.int64),
            "rollout": rollout,
            "run": np.int64(-1),
        }
    )
    world.reports = pd.concat([world.reports, rows], ignore_index=True)


def reported(world: World, machines: Ints, keys: Sequence[str]) -> Bools:
    """Select the reports of these updates by these machines."""
    updates = np.flatnonzero(world.catalogue["key"].isin(keys))
    chosen = np.zeros(len(world.machines), dtype=np.bool_)
    chosen[machines] = True
    rows = world.reports
    of_machine: Bools = chosen[rows["machine"].to_numpy()]
    return of_machine & np.isin(rows["update"].to_numpy(), updates)


def change_reports(world: World, machines: Ints, keys: Sequence[str], **values: int | bool) -> None:
    """Set columns of the reports of these updates by these machines."""
    rows = reported(world, machines, keys)
    for column, value in values.items():
        world.reports.loc[rows, column] = value


def drop_reports(world: World, machines: Ints, keys: Sequence[str]) -> None:
    """Let machines no longer report these updates at all."""
    world.reports = world.reports[~reported(world, machines, keys)].reset_index(drop=True)


def report_healthy_fleet(world: World) -> None:
    """Give every machine what a well-kept machine reports."""
    rng = world.rng("reports")
    count = len(world.machines)
    everyone = np.arange(count)
    windows = (world.machines["os_type"] == "Windows").to_numpy()
    chance = rng.random((count, 4))
    for key in ("lcu-prev", "net-prev"):
        add_reports(world, everyone[windows], key, installed=FOR_EVER)
    for key in ("lcu-cur", "net-cur", "msrt-cur", "crit"):
        add_reports(world, everyone[windows], key, rollout=True)
    old = windows & (world.machines["os"] == "2016").to_numpy()
    add_reports(world, everyone[old], "ssu-cur", rollout=True)
    # updates for products the machine does not have, in both spellings the service has used
    drift = windows & (chance[:, 0] < 0.3)
    plainly = chance[:, 1] < 0.7
    add_reports(world, everyone[drift & plainly], "sql", installed=FOR_EVER, after=NOT_NEEDED)
    add_reports(world, everyone[drift & ~plainly], "sql", installed=FOR_EVER, after=NOT_NEEDED_OLD)
    add_reports(world, everyone[windows & (chance[:, 2] < 0.12)], "preview")
    guarded = everyone[windows & world.machines["defender"].to_numpy()]
    for day in range(world.start // DAY, world.asked // DAY + 1):
        add_reports(
            world, guarded, f"def-{day}",
            since=day * DAY, until=(day + 1) * DAY, installed=FOR_EVER, source=MICROSOFT,
        )  # fmt: skip
    add_reports(world, everyone[~windows], "alive", installed=FOR_EVER, after=NOT_NEEDED)
    for key in ("pkg-ssl", "pkg-kernel"):
        add_reports(world, everyone[~windows], key, rollout=True)
    add_reports(world, everyone[~windows & (chance[:, 3] < 0.3)], "pkg-tz")
    add_reports(world, everyone[~windows & (chance[:, 3] < 0.1)], "pkg-vim")


def install_anew(world: World, machines: Ints, os: str) -> None:
    """Let Linux machines run another distribution and report its packages instead."""
    place = world.catalogue.reset_index().set_index(["key", "os"])["index"]
    rows = np.flatnonzero(np.isin(world.reports["machine"].to_numpy(), machines))
    keys = world.catalogue["key"].to_numpy()[world.reports["update"].to_numpy()[rows]]
    world.reports.loc[rows, "update"] = [place[key, os] for key in keys]
    world.machines.loc[machines, "os"] = os


def settle_rollouts(world: World) -> None:
    """Give rolled-out updates their times: by the first run attended, else soon after release.

    A machine that is patched otherwise never shows such an update as Needed: it was installed
    between two assessments.
    """
    rows = world.reports
    machine = rows["machine"].to_numpy()
    rollout = rows["rollout"].to_numpy()
    windows = (world.machines["os_type"] == "Windows").to_numpy()[machine]
    by_run = rollout & world.machines["by_deployment"].to_numpy()[machine]
    released = world.catalogue["published"].to_numpy()[rows["update"]] + 13 * HOUR
    soon = released + world.column("rollout_delay")[machine]
    since = np.where(rollout, np.where(by_run, released, soon), rows["since"])
    installed = np.where(rollout & ~by_run, soon, rows["installed"])
    run = np.full(len(rows), -1)
    for number, attended in world.attended.groupby("run", sort=True):
        ends = np.full(len(world.machines), NEVER)
        done = attended[attended["status"] != "FailedToStart"]
        ends[done["machine"]] = done["end"]
        started = int(attended["started"].iloc[0])
        fits = by_run & (installed == NEVER) & (ends[machine] < NEVER) & (since <= started)
        installed = np.where(fits, ends[machine], installed)
        run = np.where(fits, number, run)
    # what a Linux machine has installed is not reported any more
    until = np.where(rollout & ~windows, installed, rows["until"])
    world.reports = rows.assign(since=since, installed=installed, run=run, until=until)
    some = world.reports["until"] > world.reports["since"]
    world.reports = world.reports[some].sort_values(["machine", "update"], kind="stable", ignore_index=True)
