"""Whether the machines that the parameters name are there at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from umdiag.judging.needs import data_of, frame_functions
from umdiag.judging.seen import Seen
from umdiag.scenarios import Scenario

#: Parameters that name machines.
NAMING = ("computers", "suspects")
_PATTERN = frozenset("*?")
_SHOWN = 10


class Named:
    """Compares the names in `computers` and `suspects` with the machines that are known.

    `seen` returns a frame; nothing is derived unless there are names.
    """

    def __init__(self, named: Mapping[str, Any], seen: Callable[[str], Seen]) -> None:
        self._names: Mapping[str, Sequence[str]] = {
            parameter: tuple(named.get(parameter) or ()) for parameter in NAMING
        }
        self._seen = seen

    def notes(self) -> Iterator[str]:
        """Say which names match no machine."""
        for parameter, unknown in self._unknown():
            if unseen := self._unseen():
                yield f"{parameter}: whether these machines are there could not be checked: {unseen}"
            else:
                yield f"{parameter}: no machine is named {_listed(unknown)}.{_advice(unknown)}"

    def doubt(self, scenario: Scenario) -> str:
        """Return why a scenario on machines cannot say that all is well, "" where it can."""
        for parameter, unknown in self._unknown() if is_on_machines(scenario) else ():
            if len(unknown) == len(self._names[parameter]):
                return self._unseen() or f"{parameter} names no machine that is known: check the spelling"
        return ""

    def _unseen(self) -> str:
        machines = self._seen("machines")
        return machines.reason if machines.frame is None else ""

    def _unknown(self) -> Iterator[tuple[str, list[str]]]:
        for parameter, names in self._names.items():
            known = self._known(spelled=parameter == "computers") if names else set()
            folded = ((name, name.strip().lower().rstrip("/")) for name in names)
            unknown = [name for name, key in folded if key not in known or self._unseen()]
            if unknown:
                yield parameter, unknown

    def _known(self, *, spelled: bool) -> set[str]:
        """Return names of machines, folded: as `computers` must be `spelled`, or all that suspects go by."""
        known: set[str] = set()
        machines, azure = self._seen("machines").frame, self._seen("azure_machines").frame
        if azure is not None:
            ids = azure["id"].str.lower()
            # What sent no row is known by its resource's name alone.
            logged = ids.isin([] if machines is None else machines["arm_key"]) & spelled
            known |= {*azure["name"].str.lower()[~logged]} | (set() if spelled else {*ids})
        if machines is not None:
            known |= {*machines["name"]}
            if not spelled:
                known |= {*machines["arm_key"], *machines["name"].str.partition(".")[0]}
        return known - {""}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(json.dumps(name[:80], ensure_ascii=False) for name in names[:_SHOWN]) + more


def _advice(names: Sequence[str]) -> str:
    patterns = any(_PATTERN & set(name) for name in names)
    return " Names are taken as they are written, * and ? are no wildcards." if patterns else ""


def is_on_machines(scenario: Scenario) -> bool:
    """Whether a scenario rests on which machines there are."""
    return any("machines" in _behind(need.name) for need in data_of(scenario.judge))


@cache
def _behind(name: str) -> frozenset[str]:
    frames = frame_functions()
    below = (need.name for need in data_of(frames[name])) if name in frames else ()
    return frozenset({name}).union(*map(_behind, below))
