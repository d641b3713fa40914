"""Expect the state of every machine, and the latest state of every update it reports."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.model import DAY, HOUR, NEVER, Bools, Texts, World
from fleet.reports import INSTALLED
from fleet.rhythm import HALF_HOUR, connected_at, last_heartbeat, last_scan

STALE_AFTER = DAY
WINDOWS_REACH, LINUX_REACH = 14 * HOUR, 5 * HOUR
DEFENDER = "2267602"


def latest_reports(world: World) -> pd.DataFrame:
    """Return the reports that still count, with what they said when last sent."""
    rows = world.reports
    machine = rows["machine"].to_numpy()
    newest = last_scan(world)[machine]
    told = _last_report(world)
    linux = (world.machines["os_type"] == "Linux").to_numpy()[machine]
    counts = (told >= newest - np.where(linux, LINUX_REACH, WINDOWS_REACH)) & (newest >= 0)
    update = world.catalogue.iloc[rows["update"]].reset_index(drop=True)
    latest = rows.assign(
        needed=told < rows["installed"].to_numpy(),
        has=(told >= rows["installed"].to_numpy()) & (rows["after"].to_numpy() == INSTALLED),
        in_newest=told >= newest,
        **{name: update[name] for name in ("kb", "series", "published", "serious", "critical", "optional")},
    )
    latest["refused"] = latest["approved"] == 0
    latest["counts"] = counts
    return mark_superseded(latest[(told >= 0) & (newest >= 0)])


def _last_report(world: World) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return when each report was last sent; -1 for never."""
    rows = world.reports
    machine = rows["machine"].to_numpy()
    first = world.column("scan_first")[machine]
    period = world.column("scan_period")[machine]
    newest = last_scan(world)[machine]
    end = np.minimum(newest, rows["until"].to_numpy() - 1)
    told = first + (end - first) // period * period
    gap_from = world.column("scan_gap_from")[machine]
    in_gap = (told >= gap_from) & (told < world.column("scan_gap_to")[machine])
    told = np.where(in_gap, first + (gap_from - 1 - first) // period * period, told)
    since = np.maximum(np.maximum(rows["since"].to_numpy(), first), world.column("scan_from")[machine])
    return np.where((newest < 0) | (told < since), -1, told)


def mark_superseded(latest: pd.DataFrame) -> pd.DataFrame:
    """Mark reports of which a later one of the series is installed or needed on the machine."""
    there = latest["counts"] & (latest["needed"] | latest["has"]) & latest["series"].notna()
    newest = latest[there].groupby(["machine", "series"])["published"].max()
    pairs = pd.MultiIndex.from_frame(latest[["machine", "series"]])
    later = newest.reindex(pairs).fillna(0).to_numpy() if len(newest) else 0
    return latest.assign(superseded=later > latest["published"].to_numpy())


def is_needed(latest: pd.DataFrame) -> Bools:
    """Tell which reports say that an update is needed and wanted."""
    wanted = ~latest["refused"] & (~latest["optional"] | latest["serious"])
    found: Bools = (latest["counts"] & latest["needed"] & wanted).to_numpy()
    return found


def lacking(world: World, latest: pd.DataFrame) -> tuple[Bools, Bools]:
    """Tell which machines lack a critical or security update that counts, and which a critical one."""
    grave = is_needed(latest) & latest["serious"] & ~latest["superseded"]
    grave &= (latest["kb"] != DEFENDER).to_numpy()
    some, worst = (np.zeros(len(world.machines), dtype=np.bool_) for _ in range(2))
    some[latest.loc[grave, "machine"]] = True
    worst[latest.loc[grave & latest["critical"], "machine"]] = True
    return some, worst


def reporting(world: World) -> Bools:
    """Tell which rows are machines with a row in the window: second agents are none."""
    some: Bools = (last_heartbeat(world) >= 0) | (last_scan(world) >= 0)
    return some & ~world.flags("ghost")


def machine_states(world: World, latest: pd.DataFrame) -> Texts:
    """Return the state of every machine as ``machines.csv`` must tell it."""
    beat, scan = last_heartbeat(world), last_scan(world)
    tests = [
        _unknown(world),
        (beat < 0) | (beat < world.asked - STALE_AFTER),
        (scan < 0) & elsewhere(world),
        scan < 0,
        scan < world.asked - STALE_AFTER,
        lacking(world, latest)[0],
    ]
    names = ["unknown", "disconnected", "unknown", "not_assessed", "assessment_stale", "non_compliant"]
    return np.select(tests, [np.array(n, dtype=object) for n in names], default="compliant")


def elsewhere(world: World) -> Bools:
    """Tell which machines Azure Update Manager has a view of."""
    known: Bools = np.isin(np.arange(len(world.machines)), world.elsewhere)
    return known


def _unknown(world: World) -> Bools:
    """Tell which machines were connected when their workspace fell silent for good."""
    chosen = np.zeros(len(world.machines), dtype=np.bool_)
    beat, home = last_heartbeat(world), world.column("workspace")
    for number, workspace in enumerate(world.workspaces):
        since, until = workspace.heartbeat_gap
        if since < world.asked - HALF_HOUR and until == NEVER:
            began = int(beat[home == number].max())
            chosen |= (home == number) & connected_at(world, began)
    return chosen
