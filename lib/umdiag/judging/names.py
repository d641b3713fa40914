"""Whether the machines that the parameters name are there at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from umdiag.frames.shared.text import identity
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
            yield f"{parameter}: no row in the window is of {_listed(silent)}: only Resource Graph knows it."
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

    def _unknown(self) -> Iterator[tuple[str, list[str]]]:
        for parameter, names in self._names.items():
            heard, silent = self._known(parameter) if names else (set(), set())
            if unknown := [name for name in names if identity(name) not in heard | silent or self._unseen()]:
                yield parameter, unknown

    def _silent(self) -> Iterator[tuple[str, list[str]]]:
        for parameter, names in self._names.items():
            heard, silent = self._known(parameter) if names else (set(), set())
            if found := [name for name in names if identity(name) in silent - heard and not self._unseen()]:
                yield parameter, found

    def _known(self, parameter: str) -> tuple[set[str], set[str]]:
        return self._once.do(parameter, lambda: self._folded(spelled=parameter == "computers"))

    def _folded(self, *, spelled: bool) -> tuple[set[str], set[str]]:
        """Return names of machines, folded: as `computers` must be `spelled`, or all that suspects go by.

        First those of machines that sent a row, then those that Resource Graph alone knows.
        """
        heard: set[str] = set()
        silent: set[str] = set()
        machines, azure = self._seen("population").frame, self._seen("azure_machines").frame
        if machines is not None:
            machines = machines[machines["state"] != "not_managed"]
        if azure is not None:
            ids, names = azure["id"].str.lower(), azure["name"].str.lower()
            logged = ids.isin([] if machines is None else machines["arm_key"])
            # What sent no row is known by its resource's name alone.
            silent |= {*names[~logged]} | (set() if spelled else {*ids[~logged]})
            heard |= set() if spelled else {*names[logged], *ids[logged]}
        if machines is not None:
            heard |= {*machines["name"]}
            if not spelled:
                heard |= {*machines["arm_key"], *machines["name"].str.split(".").str[0]}
        if not self._expects_rows():
            heard, silent = heard | silent, set()
        return heard - {""}, silent - {""}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(json.dumps(name[:80], ensure_ascii=False) for name in names[:_SHOWN]) + more


def _advice(names: Sequence[str]) -> str:
    patterns = any(_PATTERN & set(name) for name in names)
    return " Names are taken as they are written, * and ? are no wildcards." if patterns else ""


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
