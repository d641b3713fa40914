"""One row per dynamic scope of an active maintenance configuration and predicate: how many machines pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.scopes import PREDICATES, comparable, matches, wanted
from umdiag.frames.shared.text import among


def derive(
    assignments: pd.DataFrame,
    configurations: pd.DataFrame,
    occurrences: pd.DataFrame,
    estate: pd.DataFrame,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return what `funnels` has, of the machines that there are now: run_key (the configuration's key),
    run_id (the assignment's id), configuration, start_time (the next start, else now), group (scopes of a
    configuration, from 1), step, predicate, wanted, kept, of, machine_keys (on the last step only).
    """
    living = configurations[configurations["living"]].set_index("configuration_key")["name"]
    scopes = assignments[~assignments["static"] & among(assignments["configuration_key"], living.index)]
    ahead = occurrences[occurrences["start"] > asked_at].groupby("configuration_key")["start"].min()
    machines = estate[~estate["scale_set_instance"]]
    compared, keys = comparable(machines), machines["machine_key"].to_numpy(dtype="object")
    rows: list[dict[str, Any]] = []
    for number, scope in zip(
        scopes.groupby("configuration_key").cumcount() + 1, scopes.itertuples(), strict=True
    ):
        named = {
            "run_key": scope.configuration_key,
            "run_id": scope.assignment_id,
            "configuration": living[scope.configuration_key],
            "start_time": ahead.get(scope.configuration_key, asked_at),
            "group": number,
        }
        fits = matches(scope, compared)
        rows += [named | step for step in _steps(scope, fits, keys)]
    texts = dict.fromkeys(("run_key", "run_id", "configuration", "predicate", "wanted"), "str")
    numbers = dict.fromkeys(("group", "step", "kept", "of"), "int64")
    return typed(rows, texts | {"start_time": TIME} | numbers | {"machine_keys": "object"})


def _steps(scope: Any, fits: Mapping[str, Any], keys: np.ndarray[Any, Any]) -> Iterator[dict[str, Any]]:
    kept, of = np.ones(len(keys), dtype=bool), len(keys)
    for step, predicate in enumerate(PREDICATES):
        kept &= fits[predicate]
        yield {
            "step": step,
            "predicate": predicate,
            "wanted": wanted(scope, predicate),
            "kept": int(kept.sum()),
            "of": of,
            "machine_keys": list(keys[kept]) if step == len(PREDICATES) - 1 else [],
        }
        of = int(kept.sum())
