"""Register faults and look-alikes, and choose the machines that each is done to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from umdiag.fleet.model import Bools, Ints, World

Make = Callable[[World, Ints], None]
Who = Callable[[World], Bools]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Say what spoils machines, which may be chosen, and how many."""

    name: str
    make: Make
    who: Who
    fixed: int | None
    weight: float


FAULTS: dict[str, Fault] = {}
LOOKALIKES: dict[str, Fault] = {}


def fault(name: str, who: Who, *, fixed: int | None = None, weight: float = 1.0) -> Callable[[Make], Make]:
    """Register a fault as ``scenario/cause``: a fixed number of machines, or a share of the fleet."""

    def keep(make: Make) -> Make:
        FAULTS[name] = Fault(name=name, make=make, who=who, fixed=fixed, weight=weight)
        return make

    return keep


def lookalike(who: Who, *, fixed: int) -> Callable[[Make], Make]:
    """Register a case that looks like a fault and is none."""

    def keep(make: Make) -> Make:
        name = make.__name__
        LOOKALIKES[name] = Fault(name=name, make=make, who=who, fixed=fixed, weight=0)
        return make

    return keep


def anyone(world: World) -> Bools:
    """Allow every machine."""
    return np.ones(len(world.machines), dtype=np.bool_)


def windows(world: World) -> Bools:
    """Allow Windows machines."""
    chosen: Bools = (world.machines["os_type"] == "Windows").to_numpy()
    return chosen


def linux(world: World) -> Bools:
    """Allow Linux machines."""
    return ~windows(world)


def azure(world: World) -> Bools:
    """Allow Azure virtual machines."""
    chosen: Bools = (world.machines["kind"] == "azure").to_numpy()
    return chosen


def hosted(world: World) -> Bools:
    """Allow machines with an ARM id."""
    chosen: Bools = (world.machines["kind"] != "plain").to_numpy()
    return chosen


def azure_windows(world: World) -> Bools:
    """Allow Azure virtual machines that run Windows."""
    return azure(world) & windows(world)


def spoil(world: World, names: Collection[str] | None, *, lookalikes: bool, share: float) -> None:
    """Apply the faults asked for (None: all), each to machines of its own, then the look-alikes."""
    wanted = list(FAULTS) if names is None else [name for name in FAULTS if name in set(names)]
    unknown = sorted(set(names or ()) - set(FAULTS))
    if unknown:
        raise ValueError(f"no such fault: {', '.join(unknown)}; known are {', '.join(FAULTS)}")
    chosen = [FAULTS[name] for name in wanted]
    chosen += list(LOOKALIKES.values()) if lookalikes else []
    sharing = max(1, sum(one.fixed is None for one in FAULTS.values()))
    per_fault = share * len(world.machines) / sharing
    for one in chosen:
        count = one.fixed if one.fixed is not None else max(2, round(per_fault * one.weight))
        one.make(world, _choose(world, one, count))


def _choose(world: World, one: Fault, count: int) -> Ints:
    """Choose machines that nothing has been done to yet."""
    free = np.flatnonzero(one.who(world) & ~world.taken)
    if len(free) < count:
        raise ValueError(
            f"{len(world.machines)} machines are too few for {one.name}: "
            f"it needs {count}, {len(free)} are left; make more or ask for fewer faults"
        )
    picked = np.sort(world.rng(f"choose {one.name}").choice(free, count, replace=False))
    world.taken[picked] = True
    return picked.astype(np.int64)
