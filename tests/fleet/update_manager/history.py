"""Hold the schedules of the last 30 days: whom each run took, and what was installed there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.catalogue import patch_tuesdays
from fleet.model import DAY, HOUR, NEVER, Bools, Ints
from fleet.update_manager.model import RETAINED, Configuration, Estate, Outcome, ScheduleRun
from fleet.update_manager.reach import is_client, registered, schedulable, selected
from fleet.update_manager.schedule import occurrences
from fleet.update_manager.updates import LINUX, WINDOWS

MINUTE = 60
NO_ROWS = {
    "machine": [], "configuration": [], "place": [], "scheduled": [], "outcome": [],
}  # fmt: skip
#: What a run of a healthy machine installs, by how much there was to install.
INSTALLED = {
    "much": (("lcu", "net", "msrt"), ("ssl", "kernel", "other-3", "other-8")),
    "little": (("other-5",), ("other-11", "other-12")),
    "nothing": ((), ()),
}
AMOUNTS = tuple(INSTALLED)


def hold_runs(estate: Estate) -> None:
    """Let every configuration run, and every machine that can take part."""
    told = _outcomes(estate)
    parts = [pd.DataFrame(NO_ROWS, dtype=np.int64)]
    for number, configuration in enumerate(estate.configurations):
        _make_runs(estate, configuration)
        for place, run in enumerate(configuration.runs):
            outcome = told.get((number, len(configuration.runs) - 1 - place), {})
            took = _took(estate, configuration, run, place) if run.stamp <= estate.asked else []
            machines = np.union1d(np.asarray(took, dtype=np.int64), np.array(sorted(outcome), dtype=np.int64))
            parts.append(
                pd.DataFrame(
                    {
                        "machine": machines, "configuration": number, "place": place, "scheduled": run.stamp,
                        "outcome": [outcome.get(machine, -1) for machine in machines.tolist()],
                    }
                )
            )  # fmt: skip
    estate.machine_runs = _begin(estate, pd.concat(parts, ignore_index=True).astype(np.int64))
    estate.installations, estate.children = _install(estate)


def _make_runs(estate: Estate, configuration: Configuration) -> None:
    """Hold the runs of a configuration whose rows are still kept."""
    since = max(estate.asked - RETAINED, configuration.begins)
    stamps = occurrences(configuration, since, estate.asked)
    last = len(stamps) - 1
    stamps = [at for place, at in enumerate(stamps) if last - place not in configuration.skipped]
    for back, at in enumerate(reversed(stamps)):
        status, trouble = configuration.held.get(back, ("Completed", None))
        configuration.runs.insert(
            0, ScheduleRun(stamp=at + configuration.shift, status=status, trouble=trouble)
        )


def _outcomes(estate: Estate) -> dict[tuple[int, int], dict[int, int]]:
    """Return the places of what is not left to chance, by configuration and run, by machine."""
    found: dict[tuple[int, int], dict[int, int]] = {}
    for place, one in enumerate(estate.outcomes):
        if one.configuration is not None:
            found.setdefault((one.configuration, one.back), {})[one.machine] = place
    return found


def _took(estate: Estate, configuration: Configuration, run: ScheduleRun, place: int) -> Ints:
    """Return the machines that a run takes."""
    at = run.stamp
    if len(configuration.runs) - 1 - place in configuration.bare:
        return np.zeros(0, dtype=np.int64)
    chosen = selected(estate, configuration, at) & present_at(estate, at)
    fit = schedulable(estate) | (estate.column("unfit_to") > at)
    chosen &= fit & ~estate.flags("scale_set") & ~is_client(estate)
    chosen &= registered(estate, "Microsoft.Maintenance")
    chosen[configuration.spared] = False
    return np.flatnonzero(chosen)[: configuration.limit]


def present_at(estate: Estate, at: int) -> Bools:
    """Tell which machines were there, on, and not left out for no reason."""
    there = (estate.column("created") <= at) & (estate.column("deleted") > at)
    off = (estate.column("off_from") <= at) & (at < estate.column("off_to"))
    away = (estate.column("away_from") <= at) & (at < estate.column("away_to"))
    anew = (estate.column("recreated") <= at) & (at < estate.column("recreated") + 12 * HOUR)
    gone: Bools = there & ~off & ~away & ~anew
    return gone


def _begin(estate: Estate, rows: pd.DataFrame) -> pd.DataFrame:
    """Add when each machine began and ended, and how it went."""
    rng, count = estate.rng("machine runs"), len(rows)
    begun = rows["scheduled"].to_numpy() + rng.integers(30, 4 * MINUTE, count)
    rows["minutes"] = rng.integers(9, 46, count)
    rows["begun"], rows["status"], rows["installs"] = begun, "Succeeded", True
    told, at = _told(estate, rows)
    rows.loc[at, "begun"] = rows["scheduled"].to_numpy()[at] + [one.late * MINUTE for one in told]
    for column in ("minutes", "status", "installs"):
        rows.loc[at, column] = [getattr(one, column) for one in told]
    rows["ended"] = rows["begun"] + rows["minutes"] * MINUTE
    held = {
        (number, place): run.status
        for number, configuration in enumerate(estate.configurations)
        for place, run in enumerate(configuration.runs)
        if run.status != "Completed"
    }
    pairs = zip(rows["configuration"], rows["place"], strict=True)
    rows["run_status"] = [held.get(pair, "Completed") for pair in pairs]
    cut = rows["run_status"].isin(["Cancelled", "Canceled", "Cancel"]) & (rows["outcome"] < 0)
    rows.loc[cut, "status"], rows.loc[cut, "installs"] = "Cancelled", False
    going = rows["run_status"] == "InProgress"
    rows.loc[going, "status"], rows.loc[going, "installs"] = "InProgress", False
    return rows


def _told(estate: Estate, rows: pd.DataFrame) -> tuple[list[Outcome], Ints]:
    """Return what is not left to chance, and in which rows."""
    places = rows["outcome"].to_numpy()
    at = np.flatnonzero(places >= 0)
    return [estate.outcomes[place] for place in places[at]], at


def _install(estate: Estate) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the installations of runs and those without one, and the updates of each."""
    runs = estate.machine_runs
    usual = runs[runs["installs"]].rename(columns={"begun": "started"})
    rows = usual[["machine", "configuration", "place", "scheduled", "outcome", "started", "minutes"]]
    alone = [
        {
            "machine": one.machine, "configuration": -1, "place": -1, "scheduled": NEVER, "outcome": place,
            "started": estate.asked - one.back * HOUR, "minutes": one.minutes,
        }
        for place, one in enumerate(estate.outcomes)
        if one.configuration is None
    ]  # fmt: skip
    rows = pd.concat([rows, pd.DataFrame(alone, columns=rows.columns)], ignore_index=True)
    rows = rows.astype(np.int64)
    rows["ended"] = rows["started"] + rows["minutes"] * MINUTE
    for column, value in (
        ("status", "Succeeded"), ("exceeded", False), ("reboot", "NotNeeded"), ("trouble", None),
        ("by", "Platform"),
    ):  # fmt: skip
        rows[column] = pd.Series([value] * len(rows), dtype=object)
    told, at = _told(estate, rows)
    for column in ("status", "exceeded", "reboot", "trouble", "by"):
        rows.loc[at, column] = [getattr(one, column) for one in told]
    children = _children(estate, rows)
    for state in ("Installed", "Failed", "Pending", "Excluded", "NotSelected"):
        counted = children.loc[children["state"] == state, "installation"].value_counts()
        rows[state] = counted.reindex(rows.index).fillna(0).astype(np.int64)
    return rows, children


def _children(estate: Estate, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each installation did to which update."""
    release = estate.machines["release"].to_numpy()[rows["machine"]]
    amount = _amounts(estate, rows)
    healthy = rows["outcome"].to_numpy() < 0
    rows.loc[healthy & (amount == "much"), "reboot"] = "Completed"
    parts = []
    for word, (of_windows, of_linux) in INSTALLED.items():
        for name, keys in [(r, of_windows) for r in WINDOWS] + [(r, of_linux) for r in LINUX]:
            at = np.flatnonzero(healthy & (amount == word) & (release == name))
            for key in keys if len(at) else ():
                parts.append(
                    pd.DataFrame(
                        {"installation": at, "update": estate.update(name, key), "state": "Installed"}
                    )
                )
    told = [
        (at, estate.update(str(release[at]), key), state)
        for at in np.flatnonzero(~healthy)
        for key, state in estate.outcomes[rows.at[at, "outcome"]].children
    ]
    columns = ["installation", "update", "state"]
    parts.append(pd.DataFrame(told, columns=columns).astype({"installation": np.int64, "update": np.int64}))
    return pd.concat(parts, ignore_index=True).sort_values(["installation", "update"], ignore_index=True)


def _amounts(estate: Estate, rows: pd.DataFrame) -> np.ndarray:
    """Return how much healthy installations had to do: much in the first run after a Patch Tuesday."""
    after = patch_tuesdays(estate.asked)
    scheduled = rows["scheduled"].to_numpy()
    first = np.zeros(len(rows), dtype=np.bool_)
    for tuesday in after:
        first |= (scheduled > tuesday) & (scheduled <= tuesday + 7 * DAY)
    never = [one.reboot.startswith("Never") for one in estate.configurations] or [False]
    keeps = np.array(never)[np.maximum(rows["configuration"].to_numpy(), 0)]
    little = estate.rng("amounts").random(len(rows)) < 0.5
    usual = np.where(little, "little", "nothing")
    return np.where(first & ~keeps, "much", usual)
