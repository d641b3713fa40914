"""One row per pair of active maintenance configurations that overlap on a machine within 31 days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.records import TIME, typed
from umdiag.model import Partial

_SHOWN = 5
_CLASSES = {"windows": ("windows_classes",), "linux": ("linux_classes",)}


@dataclass(kw_only=True)
class _Shared:
    """What two configurations reach together."""

    machines: int = 0
    computers: list[str] = field(default_factory=list)
    systems: set[str] = field(default_factory=set)


def derive(
    configurations: Partial, selections: Partial, occurrences: Partial, estate: Partial, *, asked_at: datetime
) -> pd.DataFrame:
    """Return configuration_key (the one whose name sorts later), other_key, same_start (false: their windows
    overlap; null: when the two start cannot be told), start (when they first do so), machines (how many both
    reach), computers (the first five), classes_shared (whether both install a class of updates on a system
    that both reach).
    """
    living = configurations[configurations["living"]]
    named = living.assign(folded=living["name"].str.casefold()).sort_values(["folded", "configuration_key"])
    ranks = {key: rank for rank, key in enumerate(named["configuration_key"])}
    known = named.set_index("configuration_key")
    ahead = occurrences[occurrences["start"] > asked_at]
    windows = {str(key): _Windows.of(rows) for key, rows in ahead.groupby("configuration_key")}
    rows = []
    for pair, both in _reached_by_both(selections, estate).items():
        other, later = sorted(pair, key=lambda key: ranks[key])
        shared = {"configuration_key": later, "other_key": other} | vars(both)
        shared["classes_shared"] = _classes_shared(known.loc[other], known.loc[later], both.systems)
        if not known.loc[[other, later], "recurrence_known"].all():
            rows.append(shared | {"same_start": None, "start": None})
        elif meeting := _meeting(windows.get(other), windows.get(later)):
            rows.append(shared | meeting)
    texts = dict.fromkeys(("configuration_key", "other_key"), "str")
    return typed(
        rows,
        texts
        | {"same_start": "boolean", "start": TIME, "machines": "int64", "computers": "object"}
        | {"classes_shared": "bool"},
    )


def _reached_by_both(selections: pd.DataFrame, estate: pd.DataFrame) -> dict[tuple[str, str], _Shared]:
    """Return what each pair of configurations reaches, by way of the sets of them that reach a machine."""
    reached = selections[surely(selections["living"])][["machine_key", "configuration_key"]].drop_duplicates()
    several = reached[reached.duplicated("machine_key", keep=False)].sort_values("configuration_key")
    together = several.groupby("machine_key")["configuration_key"].agg("\n".join).rename("configurations")
    machines = estate[["machine_key", "name", "operating_system"]].merge(together, on="machine_key")
    pairs: dict[tuple[str, str], _Shared] = {}
    for configurations, of_set in machines.sort_values("name").groupby("configurations"):
        names, systems = list(of_set["name"].head(_SHOWN)), set(of_set["operating_system"])
        for pair in combinations(str(configurations).split("\n"), 2):
            both = pairs.setdefault(pair, _Shared())
            both.machines += len(of_set)
            both.computers = sorted([*both.computers, *names])[:_SHOWN]
            both.systems |= systems
    return pairs


@dataclass(frozen=True, kw_only=True)
class _Windows:
    """The maintenance windows of a configuration, ascending."""

    starts: np.ndarray[Any, Any]
    ends: np.ndarray[Any, Any]

    @classmethod
    def of(cls, occurrences: pd.DataFrame) -> _Windows:
        starts = occurrences["start"].dt.tz_localize(None).to_numpy()
        ends = occurrences["end"].fillna(occurrences["start"]).dt.tz_localize(None).to_numpy()
        return cls(starts=starts, ends=ends)

    def inside(self, other: _Windows) -> Iterator[Any]:
        """Yield the starts that lie in a window of another configuration."""
        last = np.searchsorted(other.starts, self.starts, side="right") - 1
        yield from self.starts[(last >= 0) & (other.ends[last] > self.starts)]


def _meeting(first: _Windows | None, second: _Windows | None) -> dict[str, Any] | None:
    if first is None or second is None:
        return None
    same = np.intersect1d(first.starts, second.starts)
    met = same if len(same) else [*first.inside(second), *second.inside(first)]
    return {"same_start": bool(len(same)), "start": pd.Timestamp(min(met), tz="UTC")} if len(met) else None


def _classes_shared(first: pd.Series[Any], second: pd.Series[Any], systems: set[str]) -> bool:
    # Of a machine that does not tell its system the classes of both systems may count.
    columns = {
        column for system in systems for column in _CLASSES.get(system, ("windows_classes", "linux_classes"))
    }
    return any(set(first[column] or ()) & set(second[column] or ()) for column in columns)
