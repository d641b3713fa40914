"""One row per judged run and machine that it should have reached: did it take part?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.estate import as_of
from umdiag.frames.funnels import members, selected
from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import after_last, among, folded, looked_up
from umdiag.frames.targets import machine_key
from umdiag.model import Adding

_RUN = ("run_key", "run_id", "configuration", "configuration_key", "start_time", "previous_start")
_DAY = pd.Timedelta(days=1)


def derive(
    runs: pd.DataFrame,
    targets: pd.DataFrame,
    machine_runs: pd.DataFrame,
    funnels: Adding | None,
    estate: Adding | None,
    machine_changes: Adding | None,
) -> pd.DataFrame:
    """Return run_key, run_id, configuration, configuration_key, start_time, previous_start, machine_key,
    computer, via, took_part, missed (null: whether it should have taken part cannot be told).

    `via` is how the machine was expected: "named", "dynamic group", "previous run" (the configuration was
    modified after the run, so its machines of then are not known), "changed" or "deleted" (in the previous
    run, and taken out of the group since, as recorded), "gone" (in the previous run, and its resource is not
    shown now). Runs under way and runs whose configuration is gone are left out.
    Where it cannot be told whom a dynamic group selected at the time, it counts whom it selects now and the
    previous run reached.
    """
    present = _by_run(machine_runs)
    reached = None if funnels is None else selected(funnels)
    by_configuration = dict(tuple(targets.groupby("configuration_key")))
    rows: list[dict[str, Any]] = []
    for run in runs[runs["judged"]].itertuples():
        aims = by_configuration.get(run.configuration_key)
        if aims is None:
            continue
        took_part, before = present.get(run.run_key, set()), present.get(run.previous_key, set())
        if aims["modified"].max() > run.start_time:
            expected = dict.fromkeys(sorted(before), "previous run")
        else:
            groups = aims[aims["group"] >= 0]
            chosen = set() if reached is None else reached.get(run.run_key, set())
            if reached is None and estate is not None:
                chosen = before & members(groups, estate[estate["virtual"]])
            expected = dict.fromkeys(sorted(chosen), "dynamic group")
            expected |= {key: "named" for named in aims["machines"] for key in named}
            if len(groups) and estate is not None:
                left = before - set(expected)
                if machine_changes is not None:
                    removed = _removed(left, run, machine_changes)
                    expected |= dict.fromkeys(sorted(removed), "deleted")
                    out = changed_out(left - removed, run, groups, estate, machine_changes)
                    expected |= dict.fromkeys(sorted(out), "changed")
                expected |= dict.fromkeys(sorted(_gone(left - set(expected), estate)), "gone")
        shared = {name: getattr(run, name) for name in _RUN}
        rows += [
            shared | {"machine_key": key, "via": via, "took_part": key in took_part}
            for key, via in expected.items()
        ]
    texts = dict.fromkeys(
        ("run_key", "run_id", "configuration", "configuration_key", "machine_key", "via"), "str"
    )
    result = typed(rows, texts | {"start_time": TIME, "previous_start": TIME, "took_part": "bool"})
    segment = after_last(result["machine_key"].str.removeprefix("name:"), "/")
    if estate is not None:
        segment = looked_up(result["machine_key"], estate.set_index("machine_key")["name"]).fillna(segment)
    missed = (~result["took_part"]).astype("boolean").mask(result["via"] == "gone")
    return result.assign(computer=segment, missed=missed)


def changed_out(
    keys: set[str], run: Any, groups: pd.DataFrame, estate: pd.DataFrame, changes: pd.DataFrame
) -> set[str]:
    """Return the machines that a change of tag or location took out of every group between two runs.

    The time between is at least the day before the run.
    """
    since = (
        run.start_time - _DAY
        if pd.isna(run.previous_start)
        else min(run.previous_start, run.start_time - _DAY)
    )
    between = changes[
        (changes["changed"] > since) & (changes["changed"] <= run.start_time) & (changes["property"] != "")
    ]
    candidates = estate[estate["virtual"] & among(estate["machine_key"], keys & set(between["machine_key"]))]
    if candidates.empty:
        return set()
    before, then = (as_of(candidates, changes, moment) for moment in (since, run.start_time))
    return members(groups, before) - members(groups, then)


def _removed(keys: set[str], run: Any, changes: pd.DataFrame) -> set[str]:
    """Return the machines that were deleted between two runs and not created again until the second."""
    between = changes[(changes["changed"] > run.previous_start) & (changes["changed"] <= run.start_time)]
    ends = between[between["change_type"].isin(["create", "delete"])]
    newest = ends.drop_duplicates("machine_key", keep="last")
    return keys & set(newest["machine_key"][newest["change_type"] == "delete"])


def _gone(keys: set[str], estate: pd.DataFrame) -> set[str]:
    """Return the machines of Azure whose resource is not shown."""
    return {key for key in keys - set(estate["machine_key"]) if key.startswith("/")}


def _by_run(machine_runs: pd.DataFrame) -> dict[str, set[str]]:
    keys = machine_runs["target"].map(machine_key)
    return {run: set(found) for run, found in keys.groupby(folded(machine_runs["run_id"]))}
