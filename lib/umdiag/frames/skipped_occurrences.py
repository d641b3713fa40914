"""One row per start of a maintenance configuration in the window that is over and has no run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.occurrences import starts_of
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import among, folded, looked_up
from umdiag.model import Partial

#: A run belongs to a start if it is due so near to it.
_NEAR = pd.Timedelta(minutes=20)
#: A start so short a time ago may not have its run yet.
_PENDING = pd.Timedelta(hours=1)
#: A start so soon after a change may still be the one before it.
_SETTLED = pd.Timedelta(minutes=15)
_SAME = pd.Timedelta(minutes=1)
_MONTH = timedelta(days=31)


def derive(
    occurrences: Partial,
    configurations: Partial,
    maintenance_runs: pd.DataFrame,
    selections: pd.DataFrame | None,
    configuration_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return configuration_key, start, missed (a run should have been there: the configuration had run before
    and was not changed since), never_ran (no run of it is kept, though it reaches machines now and was last
    changed before the window), offset (by how much every run of the configuration is due beside a start, and
    all by as much; null: they are not); ascending. Null in the first two: cannot be told.
    """
    now = pd.Timestamp(asked_at)
    rows = occurrences[occurrences["start"] <= now - _PENDING][["configuration_key", "start"]]
    runs = maintenance_runs.dropna(subset=["scheduled"]).sort_values("scheduled", kind="stable")
    rows = rows[~_has_run(rows, runs)].reset_index(drop=True)
    key = rows["configuration_key"]
    first = looked_up(key, runs.groupby("configuration_key")["scheduled"].min())
    changed = looked_up(key, _changed(configuration_changes))
    seen = configuration_changes is not None
    settled = (changed.isna() | (rows["start"] >= changed + _SETTLED)).astype("boolean")
    rows["missed"] = (rows["start"] > first).astype("boolean") & (settled if seen else settled.mask(settled))
    old = (changed < now - pd.Timedelta(lookback)).astype("boolean")
    idle = (~among(key, maintenance_runs["configuration_key"])).astype("boolean")
    rows["never_ran"] = idle & _reached(key, selections) & (old if seen else old.mask(~old))
    beside = runs[among(runs["configuration_key"], key)]
    rows["offset"] = looked_up(key, _offsets(beside, configurations, asked_at))
    return rows.sort_values(["start", "configuration_key"], ignore_index=True)


def _has_run(rows: pd.DataFrame, runs: pd.DataFrame) -> pd.Series[bool]:
    """Say of each start, ascending, whether a run of its configuration is due near it."""
    near = pd.merge_asof(
        rows,
        runs[["configuration_key", "scheduled"]],
        left_on="start",
        right_on="scheduled",
        by="configuration_key",
        direction="nearest",
        tolerance=_NEAR,
    )
    return near["scheduled"].notna().set_axis(rows.index)


def _changed(changes: pd.DataFrame | None) -> pd.Series[Any]:
    """Return when each configuration was last created or changed."""
    if changes is None:
        return pd.Series(dtype=TIME)
    kept = changes[folded(changes["change_type"]) != "delete"]
    return kept["changed"].groupby(folded(kept["target_id"]).str.rstrip("/")).max()


def _reached(keys: pd.Series[str], selections: pd.DataFrame | None) -> pd.Series[bool]:
    """Say which configurations are in force and select a machine (null: cannot be told)."""
    if selections is None:
        return pd.Series(pd.NA, index=keys.index, dtype="boolean")
    living = selections["configuration_key"][surely(selections["living"])]
    return among(keys, living).astype("boolean")


def _offsets(runs: pd.DataFrame, configurations: pd.DataFrame, asked_at: datetime) -> pd.Series[Any]:
    """Return the offset that all runs of a configuration have from its starts, if it is the same for all."""
    if runs.empty:
        return pd.Series(dtype="timedelta64[us]")
    since = runs["scheduled"].iloc[0].to_pydatetime() - _MONTH
    of_runs = configurations[among(configurations["configuration_key"], runs["configuration_key"])]
    starts = [
        {"configuration_key": configuration.configuration_key, "start": start}
        for configuration in of_runs.itertuples()
        for start in starts_of(configuration, since, asked_at + _MONTH)
    ]
    told = typed(starts, {"configuration_key": "str", "start": TIME}).sort_values("start", kind="stable")
    beside = pd.merge_asof(
        runs[["configuration_key", "scheduled"]],
        told,
        left_on="scheduled",
        right_on="start",
        by="configuration_key",
        direction="nearest",
    ).dropna(subset=["start"])
    offsets = (beside["scheduled"] - beside["start"]).groupby(beside["configuration_key"])
    spread = offsets.agg(["count", "min", "max"])
    alike = (spread["count"] > 1) & (spread["max"] - spread["min"] < _SAME) & (spread["min"].abs() > _NEAR)
    return spread["min"][alike]
