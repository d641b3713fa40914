"""What the machines of an incident have in common, and others have not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from umdiag.judging.incidents.joins import Call
from umdiag.judging.incidents.properties import properties_of_machines
from umdiag.model import Common

#: So large a part of an incident's machines must have a value, and at most so large a part of all others.
LEAST_HERE, MOST_ELSEWHERE = 0.8, 0.2
_MOST_SAID = 3

Bools: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Values:
    """The known values of one property: which machine (a place in the population) has which of `words`.

    `known` tells of every machine whether it has any.
    """

    known: Bools
    machines: Ints
    codes: Ints
    words: Sequence[str]

    def shares(self, here: Bools) -> Iterator[tuple[str, float, float]]:
        """Yield each value that is common `here`, with its shares here and elsewhere: of known machines."""
        known_here, known_elsewhere = (self.known & here).sum(), (self.known & ~here).sum()
        if not known_here or not known_elsewhere:
            return
        inside, count = here[self.machines], len(self.words)
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
    values = {name: _values(column, len(places)) for name, column in told.values.items()}
    return Properties(places=places, values=values)


def _values(column: pd.Series[Any], count: int) -> Values:
    column = column[column.notna() & (column != "")]
    codes, words = pd.factorize(column)
    pairs = column.index.to_numpy(dtype=np.int64) * max(len(words), 1) + codes
    if not column.index.is_unique:
        pairs = pd.unique(pairs)
    machines, codes = np.divmod(pairs, max(len(words), 1))
    known = np.zeros(count, dtype=np.bool_)
    known[machines] = True
    return Values(known=known, machines=machines, codes=codes, words=list(words))
