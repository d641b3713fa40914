"""One row per run and machine that the run's dynamic groups select, and the funnel that led there."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames import estate as estates
from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import among
from umdiag.frames.targets import PREDICATES


def derive(
    runs: pd.DataFrame, targets: pd.DataFrame, estate: pd.DataFrame, machine_changes: pd.DataFrame
) -> pd.DataFrame:
    """Return run_key, run_id, configuration, start_time, group, step, predicate, wanted,
    kept, of, machine_keys (those kept, on the last step only).

    One row per run, dynamic group and predicate: how many Azure virtual machines that existed at the run's
    start each predicate keeps of those the one before it kept, with tags and locations of that time.
    """
    groups = targets[targets["group"] >= 0]
    virtual = estate[estate["virtual"]].reset_index(drop=True)
    now = {index: matches(group, virtual) for index, group in groups.iterrows()}
    rows = []
    for run in runs.itertuples():
        then = estates.at(virtual, machine_changes, run.start_time)
        existed = ~(virtual["created"] > run.start_time)
        for index, group in groups[groups["configuration_key"] == run.configuration_key].iterrows():
            fits = now[index].copy()
            if len(then):
                positions = virtual.index[among(virtual["machine_key"], then["machine_key"])]
                past = matches(
                    group, then.set_index("machine_key").loc[virtual["machine_key"][positions]].reset_index()
                )
                fits.loc[positions] = past.to_numpy()
            shared = {
                name: getattr(run, name) for name in ("run_key", "run_id", "configuration", "start_time")
            }
            kept, of = existed, int(existed.sum())
            for step, predicate in enumerate(PREDICATES):
                kept = kept & fits[predicate]
                row = shared | {"group": int(group["group"]) + 1, "step": step, "predicate": predicate}
                last = step == len(PREDICATES) - 1
                keys = list(virtual["machine_key"][kept]) if last else []
                rows.append(
                    row
                    | {
                        "wanted": wanted(group, predicate),
                        "kept": int(kept.sum()),
                        "of": of,
                        "machine_keys": keys,
                    }
                )
                of = int(kept.sum())
    texts = dict.fromkeys(("run_key", "run_id", "configuration", "predicate", "wanted"), "str")
    numbers = dict.fromkeys(("group", "step", "kept", "of"), "int64")
    return typed(rows, texts | {"start_time": TIME} | numbers | {"machine_keys": "object"})


def matches(group: Any, machines: pd.DataFrame) -> pd.DataFrame:
    """Return one boolean column per predicate of a dynamic group: does each machine pass it?"""
    system = group["operating_system"]
    return pd.DataFrame(
        {
            "scope": _in_scope(machines["machine_key"], group["scope"]),
            "location": among(machines["location"], group["locations"]) | (not group["locations"]),
            "operating_system": (machines["operating_system"] == system) | (system == ""),
            "tags": _tagged(machines["tags"], group["tags"], group["operator"]),
        },
        index=machines.index,
    ).astype(bool)


def members(groups: pd.DataFrame, machines: pd.DataFrame) -> set[str]:
    """Return the keys of the machines that any of these dynamic groups selects, as they are."""
    fits = [machines["machine_key"][matches(group, machines).all(axis=1)] for _, group in groups.iterrows()]
    return set().union(*fits)


def wanted(group: Any, predicate: str) -> str:
    """Write in words what a predicate asks for."""
    match predicate:
        case "scope":
            return ", ".join(group["scope"]) or "any"
        case "location":
            return ", ".join(group["locations"]) or "any"
        case "operating_system":
            return group["operating_system"] or "any"
    pairs = [f"{key} in ({', '.join(values)})" for key, values in group["tags"].items()]
    return (" and " if group["operator"] == "all" else " or ").join(pairs) or "any"


def selected(funnels: pd.DataFrame) -> dict[str, set[str]]:
    """Return the machines that any dynamic group of each run selects, by run."""
    last = funnels[funnels["step"] == len(PREDICATES) - 1]
    return {key: set().union(*keys) for key, keys in last.groupby("run_key")["machine_keys"]}


def _in_scope(keys: pd.Series[Any], scopes: list[str]) -> pd.Series[bool]:
    within = tuple(f"{scope}/" for scope in scopes)
    return keys.str.startswith(within) if within else pd.Series(True, index=keys.index)


def _tagged(tags: pd.Series[Any], asked: dict[str, list[str]], operator: str) -> pd.Series[bool]:
    if not asked:
        return pd.Series(True, index=tags.index)
    fits = [
        pd.Series(
            [key in machine and machine[key] in values for machine in tags], index=tags.index, dtype=bool
        )
        for key, values in asked.items()
    ]
    together = pd.concat(fits, axis=1)
    return together.all(axis=1) if operator == "all" else together.any(axis=1)
