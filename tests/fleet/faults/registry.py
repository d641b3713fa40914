"""Register faults and look-alikes, and choose the machines that each is done to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from fleet.model import Bools, Ints, World

Make = Callable[[World, Ints], None]
Who = Callable[[World], Bools]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Say what spoils machines, which may be chosen, and how many.

    ``touches``: what it changes of a machine; a machine may have several faults that touch
    nothing in common, and one that touches None has no other. ``by_id``: it can only be told
    where heartbeats carry the agent's id. ``finds``: the severity of the finding that each of its
    machines must get, whatever else is so; None: ``fleet.expect`` says who gets one.
    """

    name: str
    make: Make
    who: Who
    fixed: int | None
    weight: float
    touches: frozenset[str] | None = None
    by_id: bool = False
    finds: str | None = None


#: Into how many parts the machines that get a fault are divided.
SHARING = 58
FAULTS: dict[str, Fault] = {}
LOOKALIKES: dict[str, Fault] = {}


def fault(
    name: str,
    who: Who,
    *,
    fixed: int | None = None,
    weight: float = 1.0,
    touches: Collection[str] | None = None,
    by_id: bool = False,
    finds: str | None = None,
    ready: bool = True,
) -> Callable[[Make], Make]:
    """Register a fault as ``scenario/cause``: a fixed number of machines, or a share of the fleet.

    What follows the cause after a blank tells faults of one cause apart.

    One that is not ``ready`` is still being written and is not known yet.
    """

    def keep(make: Make) -> Make:
        changes = None if touches is None else frozenset(touches)
        if ready:
            FAULTS[name] = Fault(
                name=name, make=make, who=who, fixed=fixed, weight=weight,
                touches=changes, by_id=by_id, finds=finds,
            )  # fmt: skip
        return make

    return keep


def lookalike(who: Who, *, fixed: int, by_id: bool = False) -> Callable[[Make], Make]:
    """Register a case that looks like a fault and is none."""

    def keep(make: Make) -> Make:
        name = make.__name__
        LOOKALIKES[name] = Fault(name=name, make=make, who=who, fixed=fixed, weight=0, by_id=by_id)
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


def hosted_windows(world: World) -> Bools:
    """Allow Windows machines with an ARM id."""
    return hosted(world) & windows(world)


def azure_windows(world: World) -> Bools:
    """Allow Azure virtual machines that run Windows."""
    return azure(world) & windows(world)


def spoil(
    world: World,
    names: Collection[str] | None,
    *,
    lookalikes: bool | Collection[str],
    share: float,
    overlap: float,
) -> None:
    """Apply the faults asked for (None: all), then the look-alikes, each to machines it chooses.

    ``lookalikes``: their names, True for all. ``overlap``: the share of a fault's machines that have
    another fault already, where they may.
    """
    wanted = list(FAULTS) if names is None else [name for name in FAULTS if name in set(names)]
    unknown = sorted(set(names or ()) - set(FAULTS))
    if unknown:
        raise ValueError(f"no such fault: {', '.join(unknown)}; known are {', '.join(FAULTS)}")
    chosen = [FAULTS[name] for name in wanted]
    alike = LOOKALIKES if lookalikes is True else lookalikes or ()
    chosen += [one for one in LOOKALIKES.values() if one.name in alike]
    if world.drift:
        chosen = [one for one in chosen if not one.by_id]
    # a fleet of one seed stays as it is when faults are added
    per_fault = share * len(world.machines) / SHARING
    for one in chosen:
        count = one.fixed if one.fixed is not None else max(2, round(per_fault * one.weight))
        picked = _choose(world, one, count, overlap)
        one.make(world, picked)
        world.chosen[one.name] = picked
        if one.finds is not None:
            world.declared.append((one.name, one.finds, picked))


def _choose(world: World, one: Fault, count: int, overlap: float) -> Ints:
    """Choose machines that nothing has been done to yet, and some that have another fault."""
    rng = world.rng(f"choose {one.name}")
    able = one.who(world)
    shared: list[int] = []
    if one.touches is not None and overlap:
        others = [m for m, done in world.touched.items() if able[m] and not done & one.touches]
        most = min(len(others), int(rng.binomial(count, overlap)))
        shared = rng.choice(np.array(others), most, replace=False).tolist() if most else []
    free = np.flatnonzero(able & ~world.taken)
    if len(free) < count - len(shared):
        raise ValueError(
            f"{len(world.machines)} machines are too few for {one.name}: "
            f"it needs {count}, {len(free)} are left; make more or ask for fewer faults"
        )
    picked = np.sort([*rng.choice(free, count - len(shared), replace=False), *shared]).astype(np.int64)
    world.taken[picked] = True
    if one.touches is not None:
        for machine in picked.tolist():
            world.touched.setdefault(machine, set()).update(one.touches)
    return picked
