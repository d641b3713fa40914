"""One row per machine that a run missed, with every reason that fits; its newest missed run decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.attendance import changed_out
from umdiag.frames.estate import as_of, power_of
from umdiag.frames.funnels import matches, wanted
from umdiag.frames.presence import silent_workspaces
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.existence import deleted, hidden
from umdiag.frames.shared.recognition import AUTOMATION, identified, unregistered
from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.text import among, fold, folded, subscriptions_of
from umdiag.frames.system_workers import has_worker
from umdiag.frames.targets import PREDICATES, machine_key
from umdiag.model import Adding, Partial


def derive(
    attendance: Partial,
    runs: pd.DataFrame,
    targets: pd.DataFrame,
    machine_runs: pd.DataFrame,
    estate: Adding | None,
    machine_changes: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    heartbeats: pd.DataFrame | None,
    provider_registrations: pd.DataFrame | None,
    machines: Partial | None,
    presence: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    system_workers: pd.DataFrame | None,
    *,
    suspects: Sequence[str],
    asked_at: datetime,
) -> pd.DataFrame:
    """Return machine_key, computer, subject_id, run_id, configuration, start_time, via ("suspect": no run
    expected it), missed_runs (list of run ids), the reasons as boolean columns (provider_not_registered,
    machine_deleted, changed_before_run, machine_unavailable, worker_not_installed, filter_excludes_machine;
    null where they cannot be told), hidden (what would show its resource, "": nothing has to), dropped_by
    (list of mappings), subscription, environment and os_type ("" where nothing tells). Without `machines`
    or `estate` a machine is named as it was asked for.
    """

    def is_deleted(rows: pd.DataFrame, keys: pd.Series[Any]) -> pd.Series[bool]:
        beats = None if heartbeats is None else rows["last_heartbeat"]
        return deleted(keys, beats, estate, subscriptions, resource_changes, asked_at=asked_at)

    missed = identified(attendance[~attendance["took_part"]].copy(), machines, estate)
    gone = missed["via"] == "gone"
    missed["doubtful"] = gone & ~surely(is_deleted(missed, missed["machine_key"]))
    missed["via"] = missed["via"].mask(gone & ~missed["doubtful"], "deleted")
    missed = missed[attendance.columns.union(["doubtful"])]
    missed = missed.sort_values(["doubtful", "start_time"], ascending=[True, False], kind="stable")
    all_missed = missed[~missed["doubtful"]].groupby("machine_key")["run_id"].agg(list)
    rows = missed.drop_duplicates("machine_key").assign(is_suspect=False)
    rows = _with_suspects(rows, suspects, runs, machine_runs, machines, estate)
    rows["missed_runs"] = [all_missed.get(key, []) for key in rows["machine_key"]]
    rows = identified(rows, machines, estate).rename(columns={"system": "os_type"})
    arm_keys = rows["arm_key"].where(rows["arm_key"] != "", rows["machine_key"])
    rows["subscription"] = subscriptions_of(arm_keys)
    lacking = among(rows["subscription"], unregistered(provider_registrations, AUTOMATION)).astype("boolean")
    rows["provider_not_registered"] = _known(lacking, provider_registrations)
    recorded = (rows["via"] == "deleted").astype("boolean")
    keys = rows["arm_key"].astype("str")
    rows["machine_deleted"] = recorded | is_deleted(rows, keys)
    rows["hidden"] = hidden(keys, rows["machine_deleted"], estate, subscriptions)
    rows["dropped_by"] = _dropped_by(rows, runs, targets, estate, machine_changes)
    changed = (rows["via"] == "changed") | _suspects_changed(rows, runs, targets, estate, machine_changes)
    rows["changed_before_run"] = _known(_known(changed.astype("boolean"), machine_changes), estate)
    rows["machine_unavailable"] = _unavailable(rows, estate, presence, heartbeat_hours)
    rows["worker_not_installed"] = rows["via"].isin(["named", "dynamic group", "previous run"]) & _without(
        rows, system_workers
    )
    dropped = ((rows["via"] == "suspect") & rows["dropped_by"].map(bool)).astype("boolean")
    rows["filter_excludes_machine"] = _known(_known(dropped, machine_changes), estate)
    return rows.reset_index(drop=True)


def _known(told: pd.Series[bool], rests_on: pd.DataFrame | None) -> pd.Series[bool]:
    """Keep what is true; what is not may be, where what it rests on could not be seen."""
    return told.mask(~told) if rests_on is None else told


def _without(rows: pd.DataFrame, system_workers: pd.DataFrame | None) -> pd.Series[bool]:
    if system_workers is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    return (~has_worker(rows, system_workers)).astype("boolean")


def _with_suspects(
    rows: pd.DataFrame,
    suspects: Sequence[str],
    runs: pd.DataFrame,
    machine_runs: pd.DataFrame,
    machines: pd.DataFrame | None,
    estate: pd.DataFrame | None,
) -> pd.DataFrame:
    """Add the suspects that no run in the window reached and that none was expected to reach.

    One whose name cannot be looked up everywhere may be among the others under its ARM id, and is left out.
    """
    in_window = machine_runs[among(folded(machine_runs["run_id"]), runs["run_key"])]
    reached = set(in_window["target"].map(machine_key))
    newest = runs[runs["judged"]].sort_values("start_time", ascending=False).head(1)
    run = newest.iloc[0].to_dict() if len(newest) else {}
    added = []
    for suspect in suspects:
        key, also = _suspect_keys(suspect, machines, estate)
        recognised = key.startswith("/") or (machines is not None and estate is not None)
        if recognised and not {key, *also} & reached and not rows["machine_key"].isin([key, *also]).any():
            columns = (
                "run_key",
                "run_id",
                "configuration",
                "configuration_key",
                "start_time",
                "previous_start",
            )
            added.append(
                {column: run.get(column) for column in columns}
                | {
                    "machine_key": key,
                    "via": "suspect",
                    "took_part": False,
                    "doubtful": False,
                    "written": suspect,
                }
            )
    extra = pd.DataFrame(added, columns=[*rows.columns.drop("is_suspect"), "written"]).assign(is_suspect=True)
    times = dict.fromkeys(("start_time", "previous_start"), TIME)
    for column in times:
        extra[column] = pd.to_datetime(extra[column], utc=True)
    joined = (
        pd.concat([rows.assign(written=None), extra], ignore_index=True)
        if added
        else rows.assign(written=None)
    )
    return joined.astype(times)


def _suspect_keys(
    suspect: str, machines: pd.DataFrame | None, estate: pd.DataFrame | None
) -> tuple[str, set[str]]:
    """Return the key a suspect is known by (its ARM id if it has one) and its other keys."""
    name = fold(suspect)
    also = {machine_key(name)}
    if machines is not None:
        also |= {key for key in machines["arm_key"][machines["name"] == name] if key}
    if estate is not None:
        also |= set(estate["machine_key"][(folded(estate["name"]) == name) | (estate["machine_key"] == name)])
    arm = sorted(key for key in also if key.startswith("/"))
    return (arm or sorted(also))[0], also


def _unavailable(
    rows: pd.DataFrame, estate: pd.DataFrame | None, presence: pd.DataFrame | None, hours: pd.DataFrame | None
) -> pd.Series[bool]:
    _, off = power_of(rows["arm_key"], estate)
    if presence is None or hours is None:
        return off | pd.Series(pd.NA, index=rows.index, dtype="boolean")
    absent = pd.Series(False, index=rows.index, dtype="boolean")
    for moment, here in rows[rows["last_heartbeat"].notna()].groupby("start_time"):
        connected = set(presence["machine"][presence["moment"] == moment])
        silent = silent_workspaces(presence, hours, moment)
        absent[here.index] = ~among(here["machine"], connected) & ~among(here["workspace_id"], silent)
    return off | absent


def _dropped_by(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    targets: pd.DataFrame,
    estate: pd.DataFrame | None,
    changes: pd.DataFrame | None,
) -> list[list[dict[str, Any]] | None]:
    """For each suspect, say per dynamic group which predicates it fails, as it was at the newest run."""
    if estate is None or changes is None:
        return [None] * len(rows)
    asked = rows["arm_key"][rows["via"].isin(["suspect", "changed"])]
    candidates = estate[among(estate["machine_key"], asked)]
    if candidates.empty:
        return [[] for _ in range(len(rows))]
    newest = runs[runs["judged"]].drop_duplicates("configuration_key").set_index("configuration_key")
    failures: dict[str, list[dict[str, Any]]] = {key: [] for key in candidates["machine_key"]}
    for _, group in targets[targets["group"] >= 0].iterrows():
        if group["configuration_key"] in newest.index:
            moment = newest.loc[group["configuration_key"], "start_time"]
            machines = as_of(candidates, changes, moment)
            fits = matches(group, machines)
            for machine, passed in zip(machines.itertuples(), fits.to_dict("records"), strict=True):
                failures[machine.machine_key] += _failed(group, machine, passed)
    is_asked = rows["via"].isin(["suspect", "changed"])
    return [failures.get(key, []) if ask else [] for key, ask in zip(rows["arm_key"], is_asked, strict=True)]


def _failed(group: Any, machine: Any, passed: Mapping[Any, bool]) -> Iterator[dict[str, Any]]:
    named = {"configuration": group["configuration"], "group": int(group["group"]) + 1}
    if not machine.virtual:
        kind = {"predicate": "machine_type", "wanted": "an Azure virtual machine", "actual": "an Arc machine"}
        yield named | kind
        return
    actual = {
        "scope": machine.machine_key,
        "location": machine.location,
        "operating_system": machine.operating_system,
        "tags": ", ".join(f"{key}={value}" for key, value in sorted(machine.tags.items())) or "none",
    }
    for predicate in PREDICATES:
        if not passed[predicate]:
            yield named | {
                "predicate": predicate,
                "wanted": wanted(group, predicate),
                "actual": actual[predicate],
            }


def _suspects_changed(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    targets: pd.DataFrame,
    estate: pd.DataFrame | None,
    changes: pd.DataFrame | None,
) -> pd.Series[bool]:
    keys = set(rows["arm_key"][rows["via"] == "suspect"])
    if estate is None or changes is None or not keys:
        return pd.Series(False, index=rows.index)
    groups = targets[targets["group"] >= 0]
    changed: set[str] = set()
    for run in runs[runs["judged"]].drop_duplicates("configuration_key").itertuples():
        aims = groups[groups["configuration_key"] == run.configuration_key]
        if len(aims):
            changed |= changed_out(keys, run, aims, estate, changes)
    return among(rows["arm_key"], changed) & (rows["via"] == "suspect")
