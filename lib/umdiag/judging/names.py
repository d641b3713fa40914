"""Whether the machines that the parameters name are there at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from umdiag.frames.shared.text import among, before_first, identity
from umdiag.judging.needs import data_of, frame_functions
from umdiag.judging.seen import Seen
from umdiag.scenarios import Scenario
from umdiag.words.once import Once

#: Parameters that name machines.
NAMING = ("computers", "suspects")
_PATTERN = frozenset("*?")
_SHOWN = 10


class Named:
    """Compares the names in `computers` and `suspects` with the machines that are known.

    `seen` returns a frame; nothing is derived unless there are names. `expects_rows` tells whether machines
    are expected to send rows to a workspace: Resource Graph alone says that a machine is there where none do.
    """

    def __init__(
        self, named: Mapping[str, Any], seen: Callable[[str], Seen], expects_rows: Callable[[], bool]
    ) -> None:
        self._names: Mapping[str, Sequence[str]] = {
            parameter: tuple(named.get(parameter) or ()) for parameter in NAMING
        }
        self._seen = seen
        self._expects_rows = expects_rows
        self._once = Once()

    def notes(self) -> Iterator[str]:
        """Say which names match no machine."""
        for parameter, silent in self._silent():
            told = f"no row in the window is from {_listed(silent)}"
            yield f"{parameter}: {told}: only Resource Graph knows it."
        for parameter, unknown in self._unknown():
            if unseen := self._unseen():
                yield f"{parameter}: whether these machines are there could not be checked: {unseen}"
            else:
                yield f"{parameter}: no machine is named {_listed(unknown)}.{_advice(unknown)}"

    def doubt(self, scenario: Scenario) -> str:
        """Return why a scenario on machines cannot say that all is well, "" where it can."""
        if not is_on_machines(scenario):
            return ""
        unknown, silent = dict(self._unknown()), dict(self._silent())
        for parameter, names in self._names.items():
            known = len(names) - len(unknown.get(parameter, ()))
            if names and not known:
                return self._unseen() or f"{parameter} names no machine that is known: check the spelling"
            if names and known == len(silent.get(parameter, ())):
                return f"{parameter} names no machine that sent a row in the window"
        return ""

    def _unseen(self) -> str:
        machines = self._seen("machines" if self._expects_rows() else "population")
        return machines.reason if machines.frame is None else ""

    def _unknown(self) -> Iterator[tuple[str, Sequence[str]]]:
        for parameter, names in self._names.items():
            if names and (unknown := names if self._unseen() else self._compared(parameter)[0]):
                yield parameter, unknown

    def _silent(self) -> Iterator[tuple[str, Sequence[str]]]:
        for parameter, names in self._names.items():
            if names and not self._unseen() and (silent := self._compared(parameter)[1]):
                yield parameter, silent

    def _compared(self, parameter: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return the names of no machine, and those of machines that sent no row."""
        return self._once.do(parameter, lambda: self._compare(parameter))

    def _compare(self, parameter: str) -> tuple[Sequence[str], Sequence[str]]:
        names = pd.Series(self._names[parameter], dtype="str")
        wanted = names.map(identity).astype("str")
        heard, silent = (_among_any(wanted, some) for some in self._known(spelled=parameter == "computers"))
        return names[~heard & ~silent].tolist(), names[~heard & silent].tolist()

    def _known(self, *, spelled: bool) -> tuple[Sequence[pd.Series[str]], Sequence[pd.Series[str]]]:
        """Return names of machines, folded: as `computers` must be `spelled`, or all that suspects go by.

        First those of machines that sent a row, then those that Resource Graph alone knows.
        """
        heard: list[pd.Series[str]] = []
        silent: list[pd.Series[str]] = []
        machines, azure = self._seen("population").frame, self._seen("azure_machines").frame
        if machines is not None:
            machines = machines[machines["state"] != "not_managed"]
        if azure is not None:
            ids, names = azure["id"].str.lower(), azure["name"].str.lower()
            logged = ids.isin(()) if machines is None else among(ids, machines["arm_key"])
            # What sent no row is known by its resource's name alone.
            silent += [names[~logged]] if spelled else [names[~logged], ids[~logged]]
            heard += [] if spelled else [names[logged], ids[logged]]
        if machines is not None:
            name = machines["name"]
            heard += [name] if spelled else [name, machines["arm_key"], before_first(name, ".")]
        return (heard, silent) if self._expects_rows() else ([*heard, *silent], ())


def _among_any(wanted: pd.Series[str], known: Sequence[pd.Series[str]]) -> pd.Series[bool]:
    found = wanted.isin(())
    for names in known:
        found |= among(wanted, names)
    return found & (wanted != "")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(json.dumps(name[:80], ensure_ascii=False) for name in names[:_SHOWN]) + more


def _advice(names: Sequence[str]) -> str:
    patterns = any(_PATTERN & set(name) for name in names)
    return " Names are taken as they are written, * and ? are not wildcards." if patterns else ""


def is_on_machines(scenario: Scenario) -> bool:
    """Whether a scenario rests on which machines there are."""
    read = {need.name for need in data_of(scenario.judge)}
    behind = frozenset().union(*map(_behind, read))
    # Resources are behind much that is not about machines; who reads them is.
    return "estate" in read or bool({"machines", "managed_machines"} & behind)


@cache
def _behind(name: str) -> frozenset[str]:
    frames = frame_functions()
    below = (need.name for need in data_of(frames[name])) if name in frames else ()
    return frozenset({name}).union(*map(_behind, below))
