"""Register faults and look-alikes of Azure Update Manager, and choose the machines of each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from fleet.model import Bools, Ints
from fleet.update_manager.model import Estate

Make = Callable[[Estate, Ints], None]
Who = Callable[[Estate], Bools]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Say what spoils machines, which may be chosen, and how many at least.

    ``weight``: its part of the machines that get a fault; 0: never more than the least. ``fleet``: how
    many machines there must be for it, or it is left out where all faults are asked for. ``borrows``:
    its machines stay free for others. ``adopted``: they are such that have rows of the old service too.
    """

    name: str
    make: Make
    who: Who
    least: int
    weight: float
    fleet: int = 0
    borrows: bool = False
    adopted: bool = False


FAULTS: dict[str, Fault] = {}
LOOKALIKES: dict[str, Fault] = {}


def fault(
    name: str,
    who: Who,
    *,
    least: int = 1,
    weight: float = 1.0,
    fleet: int = 0,
    borrows: bool = False,
    adopted: bool = False,
) -> Callable[[Make], Make]:
    """Register a fault as ``scenario/cause``; what follows a blank tells faults of one cause apart."""

    def keep(make: Make) -> Make:
        FAULTS[name] = Fault(
            name=name, make=make, who=who, least=least, weight=weight, fleet=fleet,
            borrows=borrows, adopted=adopted,
        )  # fmt: skip
        return make

    return keep


def lookalike(who: Who, *, fixed: int) -> Callable[[Make], Make]:
    """Register a case that looks like a fault and is none."""

    def keep(make: Make) -> Make:
        LOOKALIKES[make.__name__] = Fault(name=make.__name__, make=make, who=who, least=fixed, weight=0)
        return make

    return keep


def anyone(estate: Estate) -> Bools:
    """Allow every machine."""
    return np.ones(len(estate.machines), dtype=np.bool_)


def azure(estate: Estate) -> Bools:
    """Allow Azure virtual machines."""
    found: Bools = (estate.machines["kind"] == "azure").to_numpy()
    return found


def arc(estate: Estate) -> Bools:
    """Allow Arc machines."""
    return ~azure(estate)


def windows(estate: Estate) -> Bools:
    """Allow Windows machines."""
    found: Bools = (estate.machines["os_type"] == "Windows").to_numpy()
    return found


def linux(estate: Estate) -> Bools:
    """Allow Linux machines."""
    return ~windows(estate)


def azure_windows(estate: Estate) -> Bools:
    """Allow Azure virtual machines that run Windows."""
    return azure(estate) & windows(estate)


def azure_linux(estate: Estate) -> Bools:
    """Allow Azure virtual machines that run Linux."""
    return azure(estate) & linux(estate)


def arc_windows(estate: Estate) -> Bools:
    """Allow Arc machines that run Windows."""
    return arc(estate) & windows(estate)


def spoil(
    estate: Estate, names: Collection[str] | None, *, lookalikes: bool | Collection[str], share: float
) -> None:
    """Apply the faults asked for (None: all that the estate has room for), then the look-alikes."""
    count, both = len(estate.machines), bool((estate.column("old") >= 0).any())
    wanted = [
        one for one in FAULTS.values()
        if (one.fleet <= count and one.adopted <= both if names is None else one.name in names)
    ]  # fmt: skip
    alike = LOOKALIKES if lookalikes is True else lookalikes or ()
    wanted += [one for one in LOOKALIKES.values() if one.name in alike]
    per_fault = share * count / sum(one.weight for one in FAULTS.values())
    for one in wanted:
        one.make(estate, _choose(estate, one, max(one.least, round(per_fault * one.weight))))


def _choose(estate: Estate, one: Fault, count: int) -> Ints:
    """Choose machines that nothing has been done to yet."""
    alone = ~estate.taken & (estate.column("old") < 0)
    free = np.flatnonzero(one.who(estate) & (one.adopted | alone))
    if len(free) < count:
        raise ValueError(
            f"{len(estate.machines)} machines are too few for {one.name}: "
            f"it needs {count}, {len(free)} are left; make more or ask for fewer faults"
        )
    picked = np.sort(estate.rng(f"choose {one.name}").choice(free, count, replace=False)).astype(np.int64)
    estate.taken[picked] |= not one.borrows
    return picked
