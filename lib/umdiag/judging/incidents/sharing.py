"""What the machines of an incident have in common, and others have not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from umdiag.judging.incidents.joins import Call
from umdiag.judging.incidents.properties import PROPERTIES, properties_of_machines
from umdiag.model import Common

#: So large a part of an incident's machines must have a value, and at most so large a part of all others.
LEAST_HERE, MOST_ELSEWHERE = 0.8, 0.2
_MOST_SAID = 3

Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Values:
    """The known values of one property: which machine (a place in the population) has which of `words`."""

    machines: Ints
    codes: Ints
    words: Sequence[str]

    def shares(self, here: np.ndarray[Any, np.dtype[np.bool_]]) -> Iterable[tuple[str, float, float]]:
        """Yield each value that is common `here`, with its shares here and elsewhere: of known machines."""
        inside = here[self.machines]
        known_here = len(np.unique(self.machines[inside]))
        known_elsewhere = len(np.unique(self.machines[~inside]))
        if not known_here or not known_elsewhere:
            return
        count = len(self.words)
        shares_here = np.bincount(self.codes[inside], minlength=count) / known_here
        shares_elsewhere = np.bincount(self.codes[~inside], minlength=count) / known_elsewhere
        for code in np.flatnonzero((shares_here >= LEAST_HERE) & (shares_elsewhere <= MOST_ELSEWHERE)):
            yield self.words[int(code)], float(shares_here[code]), float(shares_elsewhere[code])


@dataclass(frozen=True, kw_only=True)
class Properties:
    """Every property of every machine of the population; `places`: where each stands, by its identity."""

    places: Mapping[str, int]
    values: Mapping[str, Values]

    @classmethod
    def of_nothing(cls) -> Self:
        """Return the properties of no machine."""
        return cls(places={}, values={})

    def common(self, machines: Collection[str]) -> tuple[Common, ...]:
        """Return what sets these machines apart from all others, the largest difference first."""
        here = np.zeros(len(self.places), dtype=bool)
        here[[self.places[machine] for machine in machines if machine in self.places]] = True
        found = [
            Common(property=name, value=value, share=round(share, 4), elsewhere=round(elsewhere, 4))
            for name, values in self.values.items()
            for value, share, elsewhere in values.shares(here)
        ]
        order = sorted(found, key=lambda common: common.elsewhere - common.share)
        return tuple(order[:_MOST_SAID])


def properties(call: Call) -> Properties:
    """Look up every property of every machine."""
    told = call(properties_of_machines)
    places = {machine: place for place, machine in enumerate(told.machines)}
    rows = told.rows[told.rows["machine"].isin(places)]
    by_property = dict(tuple(rows.groupby("property", sort=False)))
    values = {name: _values(by_property[name], told.machines) for name in PROPERTIES if name in by_property}
    return Properties(places=places, values=values)


def _values(rows: pd.DataFrame, machines: pd.Index[Any]) -> Values:
    codes, words = pd.factorize(rows["value"], sort=True)
    return Values(machines=machines.get_indexer(rows["machine"]), codes=codes, words=list(words))
