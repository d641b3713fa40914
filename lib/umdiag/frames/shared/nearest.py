"""Find the dynamic scope that comes nearest to selecting a machine, and the word that leaves it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from umdiag.frames.shared.near_words import near
from umdiag.frames.shared.scopes import PREDICATES, Comparable, Flags, comparable, matches

#: A word of a scope, the word of machines that is near it, and which machines have it.
Miss: TypeAlias = tuple[str, str, Flags]


def nearest(machines: pd.DataFrame, scopes: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key, assignment_id and predicate: for each machine the scope of which it passes most
    predicates, and the first that it fails; of scopes that come equally near the first by its id.

    `machines` has the columns of `estate`, `scopes` are the dynamic ones among `assignments`.
    """
    compared = comparable(machines)
    best, place = np.full(len(machines), -1), np.full(len(machines), -1)
    failed = np.zeros(len(machines), dtype=int)
    ordered = scopes.sort_values("assignment_id", kind="stable")
    for number, scope in enumerate(ordered.itertuples()):
        fits = np.stack([*matches(scope, compared).values()])
        first = np.argmin(fits, axis=0)
        near_so_far = fits.sum(axis=0) * len(PREDICATES) + first
        better = (near_so_far > best) & ~fits.all(axis=0)
        best, place = np.where(better, near_so_far, best), np.where(better, number, place)
        failed = np.where(better, first, failed)
    found = place >= 0
    return pd.DataFrame(
        {
            "machine_key": machines["machine_key"].to_numpy()[found],
            "assignment_id": ordered["assignment_id"].to_numpy(dtype="object")[place[found]],
            "predicate": np.array(PREDICATES, dtype="object")[failed[found]],
        }
    )


def near_misses(machines: pd.DataFrame, scopes: pd.DataFrame) -> pd.DataFrame:
    """Return machine_key, assignment_id, wanted_word and actual_word for each machine that a scope leaves out
    for one mistyped word of a tag alone; the first scope by its id, the first word of it.
    """
    compared = comparable(machines)
    keys = machines["machine_key"].to_numpy(dtype="object")
    rows: dict[str, dict[str, Any]] = {}
    for scope in scopes.sort_values("assignment_id", kind="stable").itertuples():
        fits = matches(scope, compared)
        others = np.logical_and.reduce([fits[name] for name in PREDICATES if name != "tags"])
        if not (left_out := others & ~fits["tags"]).any():
            continue
        for wanted, actual, missed in _misses(scope, compared, left_out):
            for key in keys[missed]:
                told = {"assignment_id": scope.assignment_id, "wanted_word": wanted, "actual_word": actual}
                rows.setdefault(key, {"machine_key": key} | told)
    columns = ["machine_key", "assignment_id", "wanted_word", "actual_word"]
    return pd.DataFrame([*rows.values()], columns=columns, dtype="str")


def _misses(scope: Any, machines: Comparable, left_out: Flags) -> Iterator[Miss]:
    """Yield each word of a scope's tags that machines among these nearly have."""
    held = {key: machines.tagged(key, values) for key, values in scope.tags.items()}
    failing = sum((~flags).astype(int) for flags in held.values())
    for key, values in scope.tags.items():
        alone = left_out & ~held[key]
        if scope.tag_operator == "all":
            alone &= failing == 1
        if alone.any():
            for wanted, actual, has_it in _near(key, values, machines):
                if (missed := alone & has_it).any():
                    yield wanted, actual, missed


def _near(key: str, values: list[str], machines: Comparable) -> Iterator[Miss]:
    """Yield the values of a wanted key, and the keys with a wanted value, that are near what is wanted."""
    if values and key in machines.tags:
        _, borne = machines.tags[key]
        for actual in sorted(borne.values):
            if wanted := next((value for value in values if near(value, actual)), None):
                yield f"{key}={wanted}", f"{key}={actual}", machines.tagged(key, [actual])
    for other in sorted(machines.tags):
        if near(key, other):
            for value in values:
                yield f"{key}={value}", f"{other}={value}", machines.tagged(other, [value])
            if not values:
                yield key, other, machines.tagged(other, [])
