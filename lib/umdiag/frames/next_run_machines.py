"""One row per active schedule and machine that it selects or that is asked about: will it be patched?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.records import TIME
from umdiag.frames.shared.scopes import PREDICATES, actual, comparable, matches, wanted
from umdiag.frames.shared.text import among, fold, folded, looked_up
from umdiag.model import Partial

#: What keeps a run from patching a machine that its schedule selects, in the order in which it is told.
PREREQUISITES = (
    "workload_not_supported",
    "not_customer_managed",
    "extension_operations_blocked",
    "provider_not_registered",
    "machine_off",
    "schedule_conflict",
)
#: Of two schedules that start so close to each other a machine is taken by one.
_TOO_CLOSE = pd.Timedelta(minutes=5)
_KEYS = ["configuration_key", "machine_key"]


def derive(
    configurations: Partial,
    assignments: Partial,
    selections: Partial,
    occurrences: Partial,
    estate: Partial,
    extension_blocks: Partial,
    machine_providers: Partial,
    *,
    suspects: Sequence[str],
    asked_at: datetime,
) -> pd.DataFrame:
    """Return configuration_key, start (of the next run, null: not known), machine_key ("": none is shown
    under the name asked for), computer, resource_id, selected, asked (it is one of `suspects`), each of
    `PREREQUISITES` (true: it fails; null: cannot be told), taken (selected, and none is known to fail), and
    dropped_by: what the nearest scope of a machine that is not selected asks for (scope, predicate, wanted,
    actual), none where the schedule has no scope.
    """
    living = configurations[configurations["living"]]
    rows = _rows(living["configuration_key"], selections, _asked(suspects, estate))
    ahead = occurrences[occurrences["start"] > asked_at].groupby("configuration_key")["start"].min()
    rows["start"] = looked_up(rows["configuration_key"], ahead.astype(TIME))
    known = estate.set_index("machine_key")
    for column, source in (("computer", "name"), ("resource_id", "resource_id")):
        rows[column] = looked_up(rows["machine_key"], known[source]).fillna(rows["written"]).astype("str")
    rows["resource_id"] = rows["resource_id"].where(rows["machine_key"] != "", "")
    rows = rows.assign(**_prerequisites(rows, known, extension_blocks, machine_providers))
    rows["schedule_conflict"] = _conflicts(rows, selections, occurrences)
    failing = pd.concat([surely(rows[name]) for name in PREREQUISITES], axis=1).any(axis=1)
    rows["taken"] = rows["selected"] & ~failing
    rows["dropped_by"] = _dropped_by(rows, assignments, estate)
    return rows.drop(columns=["written", "static"]).sort_values(
        ["start", "configuration_key", "asked", "computer"],
        ascending=[True, True, False, True],
        ignore_index=True,
    )


def _asked(suspects: Sequence[str], estate: pd.DataFrame) -> pd.DataFrame:
    """Return the machines that each suspect names by its ARM id or one of its names: machine_key, written."""
    names = {fold(suspect).rstrip("/"): suspect for suspect in suspects if fold(suspect)}
    columns = (estate["machine_key"], folded(estate["name"]), folded(estate["computer_name"]))
    told = pd.concat(
        [pd.DataFrame({"machine_key": estate["machine_key"], "name": column}) for column in columns]
    )
    told = told[among(told["name"], names)].drop_duplicates()
    unknown = [name for name in names if name not in set(told["name"])]
    lacking = pd.DataFrame({"machine_key": "", "name": pd.Series(unknown, dtype="str")})
    found = pd.concat([told, lacking], ignore_index=True)
    found["written"] = found["name"].map(names).astype("str")
    return found.drop_duplicates(["machine_key", "written"])[["machine_key", "written"]]


def _rows(living: pd.Series[Any], selections: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    reached = selections[among(selections["configuration_key"], living)]
    reached = reached.groupby(_KEYS, as_index=False)["static"].any().assign(selected=True)
    pairs = pd.DataFrame({"configuration_key": living}).merge(asked, how="cross").assign(asked=True)
    rows = reached.merge(pairs, on=_KEYS, how="outer")
    for flag in ("selected", "static", "asked"):
        rows[flag] = rows[flag].astype("boolean").fillna(False).astype(bool)
    return rows


def _prerequisites(
    rows: pd.DataFrame, known: pd.DataFrame, blocks: pd.DataFrame, providers: pd.DataFrame
) -> dict[str, pd.Series[Any]]:
    """Say of each machine which prerequisite fails, but conflicts."""

    def of(column: pd.Series[Any]) -> pd.Series[Any]:
        return looked_up(rows["machine_key"], column.astype("boolean"))

    shown = among(rows["machine_key"], known.index)
    blocked = among(rows["machine_key"], blocks["machine_key"]).astype("boolean")
    missing = providers.set_index("machine_key")["maintenance_missing"]
    return {
        # What a schedule names itself it tries to patch, whatever it runs.
        "workload_not_supported": of(known["windows_client"]) & ~rows["static"]
        | of(known["scale_set_instance"]),
        "not_customer_managed": ~of(known["customer_managed"]),
        "extension_operations_blocked": blocked.where(shown),
        "provider_not_registered": of(missing),
        "machine_off": ~of(known["on"]),
    }


def _conflicts(rows: pd.DataFrame, selections: pd.DataFrame, occurrences: pd.DataFrame) -> pd.Series[Any]:
    """Say of each selected machine whether another schedule takes it within five minutes of the start."""
    starts = rows.drop_duplicates("configuration_key")[["configuration_key", "start"]].dropna()
    beside = starts.merge(occurrences[["configuration_key", "start"]], how="cross", suffixes=("", "_other"))
    close = (beside["start"] - beside["start_other"]).abs() <= _TOO_CLOSE
    beside = beside[close & (beside["configuration_key"] != beside["configuration_key_other"])]
    pairs = beside[["configuration_key", "configuration_key_other"]].drop_duplicates()
    reached = selections[surely(selections["living"])][_KEYS].drop_duplicates()
    reached = reached.rename(columns={"configuration_key": "configuration_key_other"})
    taken = pairs.merge(reached, on="configuration_key_other")[_KEYS].drop_duplicates()
    index = pd.MultiIndex.from_frame(rows[_KEYS])
    return pd.Series(among(index, pd.MultiIndex.from_frame(taken)), index=rows.index).astype("boolean")


def _dropped_by(
    rows: pd.DataFrame, assignments: pd.DataFrame, estate: pd.DataFrame
) -> list[list[dict[str, Any]]]:
    """Say of each machine that is asked about and not selected what the scope asks for that is nearest."""
    left_out = rows[rows["asked"] & ~rows["selected"] & (rows["machine_key"] != "")]
    machines = estate[among(estate["machine_key"], left_out["machine_key"])]
    compared, nearest = comparable(machines), dict[tuple[str, str], list[dict[str, Any]]]()
    scopes = assignments[
        ~assignments["static"] & among(assignments["configuration_key"], left_out["configuration_key"])
    ]
    for number, scope in zip(
        scopes.groupby("configuration_key").cumcount() + 1, scopes.itertuples(), strict=True
    ):
        fits = matches(scope, compared)
        for place, machine in enumerate(machines.itertuples()):
            failed = [
                {
                    "scope": number,
                    "predicate": name,
                    "wanted": wanted(scope, name),
                    "actual": actual(machine, name),
                }
                for name in PREDICATES
                if not fits[name][place]
            ]
            key = (scope.configuration_key, machine.machine_key)
            if key not in nearest or len(failed) < len(nearest[key]):
                nearest[key] = failed
    asked = zip(rows["configuration_key"], rows["machine_key"], rows["selected"], strict=True)
    return [[] if selected else nearest.get((key, machine), []) for key, machine, selected in asked]
