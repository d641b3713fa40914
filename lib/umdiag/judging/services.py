"""Which services are looked at: those that were asked for, else those that there is something of.

Update Management is decided before anything is fetched, from what there is to be asked. Update Manager is
decided from rows, because Resource Graph can always be asked, and mostly says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from umdiag.judging.needs import queries_behind
from umdiag.judging.seen import Seen
from umdiag.model import UPDATE_MANAGEMENT, UPDATE_MANAGER
from umdiag.queries.belonging import PATCHES, telling_of_update_management
from umdiag.queries.kql import queries
from umdiag.words.services import CALLED

#: What shows that Update Manager is at work: frames, and the column that is true in a row that shows it. They
#: rest on Resource Graph alone: what is filled from a frame of both services would wait for this decision.
SIGNS: tuple[tuple[str, str], ...] = (
    ("managed", "managed"),
    ("configurations", "living"),
)
#: Tables of which nobody may say that they hold nothing of Update Manager unless they were read whole.
TELLING = frozenset({*PATCHES, "resources"})
_NO_SIGN = "no machine is managed by it, and no maintenance configuration is in force"


@dataclass(frozen=True, kw_only=True)
class Services:
    """Decides which services are not looked at, and why: always a mapping of their names to a reason.

    `given` is the parameter, `captured` are the tables that there are to be asked, and `absence` says that
    there is none. `decided` is what a report decided, None where nobody did.
    """

    given: Collection[str]
    captured: Collection[str]
    absence: str
    decided: Mapping[str, str] | None = None

    @property
    def ruled_out(self) -> Mapping[str, str]:
        """Services that are not looked at, whatever rows say: nothing of them is fetched."""
        if self.given:
            named = " and ".join(CALLED[service] for service in CALLED if service in self.given)
            return {
                service: f"services names only {named}" for service in CALLED if service not in self.given
            }
        if self.decided is not None:
            return self.decided
        telling = {UPDATE_MANAGEMENT: telling_of_update_management(), UPDATE_MANAGER: TELLING}
        captured = frozenset(self.captured)
        return {service: self.absence for service in CALLED if not captured & telling[service]}

    @property
    def open(self) -> Collection[str]:
        """Services of which rows decide."""
        if self.given or self.decided is not None:
            return ()
        return {UPDATE_MANAGER} - self.ruled_out.keys()

    def not_asked(self, seen: Callable[[str], Seen]) -> Mapping[str, str]:
        """Return every service that is not looked at; `seen` returns a fact or frame as rows made it."""
        if not self.open or any(_shows(seen(name), column) for name, column in SIGNS) or self._hidden(seen):
            return self.ruled_out
        return {**self.ruled_out, UPDATE_MANAGER: _NO_SIGN}

    def _hidden(self, seen: Callable[[str], Seen]) -> bool:
        """Whether rows that would show Update Manager may be among those that could not be seen."""
        names = deciding_queries()
        asked = {name for name in names if set(queries()[name].tables) <= set(self.captured)}
        return any(not seen(name).whole for name in asked if TELLING & set(queries()[name].tables))


def deciding_queries() -> frozenset[str]:
    """Return the queries whose rows decide whether Update Manager is looked at."""
    return frozenset({"azure_machines"}).union(*(queries_behind(name) for name, _ in SIGNS))


def _shows(sign: Seen, column: str) -> bool:
    return sign.frame is not None and bool(sign.frame[column].eq(True).any())
