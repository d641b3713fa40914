"""What Resource Graph leaves out without a word: subscriptions, or rows of them, that one may not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeAlias

import pandas as pd

from umdiag.model import State
from umdiag.queries import kql
from umdiag.queries.kql import Query
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.graph import ResourceGraph
from umdiag.sources.live.hidden import operations_of
from umdiag.sources.live.management import ResourceManager
from umdiag.sources.live.rights import NEEDS, Granted, granted_in, lacking
from umdiag.sources.live.target import Target
from umdiag.words.once import Once

#: Its rows are the subscriptions that can be seen: of those it is always whole.
SUBSCRIPTIONS = "subscriptions"
#: Rows of a Resource Graph query, how much of them came, and why not all.
GraphAnswer: TypeAlias = tuple[pd.DataFrame, State, str]


class Visibility:
    """Finds out, each once, what of the named subscriptions cannot be seen. Thread-safe."""

    def __init__(
        self, target: Target, graph: ResourceGraph, management: ResourceManager, pool: Executor
    ) -> None:
        self._target = target
        self._graph = graph
        self._management = management
        self._pool = pool
        self._once = Once()

    def answer(self, query: Query) -> GraphAnswer:
        """Return what Resource Graph answers, with what it left out in silence."""
        what = f"{' and '.join(query.tables)} in Resource Graph"
        try:
            frame, cuts = self._graph.ask(query, query.text)
        except Fault as fault:
            return kql.empty(query), fault.state, f"{what}: {fault.reason}"
        if query.name != SUBSCRIPTIONS:
            cuts += [*self.gaps(), *self._hidden(query, frame)]
        if not cuts:
            return frame, State.COMPLETE, ""
        return frame, State.PARTIAL, f"{what} is not complete: {', '.join([*dict.fromkeys(cuts)][:5])}"

    def gaps(self) -> Sequence[str]:
        """Return why rows may be missing, none where all can be seen or nobody says.

        Who may read some resource groups only sees the subscription, and less of it: the rights tell.
        """
        return self._once.do("gaps", self._gaps)

    def seen(self) -> set[str]:
        """Return the ids of the subscriptions that can be seen, folded. Raises Fault."""
        query = kql.queries()[SUBSCRIPTIONS]
        frame, _ = self._graph.ask(query, query.text)
        return set(frame["subscription_id"].str.lower())

    def lacks(self, subscription: str, operations: Sequence[str]) -> list[str] | None:
        """Return which operations the caller may not do in a subscription, None where nobody says."""
        granted = self._granted(subscription)
        return None if granted is None else lacking(granted, operations)

    def blind(self, operations: Sequence[str]) -> Mapping[str, list[str]]:
        """Return the operations that the caller lacks, by subscription of which he may read the machines.

        Where he may not read those, that is told, and stands for everything.
        """
        found = {}
        for subscription in self._target.subscriptions if operations else ():
            if self.lacks(subscription, NEEDS["subscription"][1]) == []:
                found[subscription] = self.lacks(subscription, operations) or []
        return {subscription: lacks for subscription, lacks in found.items() if lacks}

    def _hidden(self, query: Query, frame: pd.DataFrame) -> list[str]:
        """Return of which subscriptions no row came that the caller's role could show."""
        blind = self.blind(operations_of(query.name))
        shown = set(frame["id"].str.split("/", n=3).str[2].str.lower()) if blind else set()
        return [
            f"of subscription {subscription} its rows cannot be seen, have a role with {' and '.join(lacks)}"
            f" on /subscriptions/{subscription} assigned to you"
            for subscription, lacks in blind.items()
            if subscription.lower() not in shown
        ]

    def _granted(self, subscription: str) -> Granted | None:
        def asked() -> Granted | None:
            try:
                return granted_in(self._management, f"/subscriptions/{subscription}")
            except Fault:
                return None

        return self._once.do(("granted", subscription), asked)

    def _gaps(self) -> list[str]:
        if not self._target.subscriptions:
            return []
        try:
            seen = self.seen()
        except Fault as fault:
            return [f"which subscriptions can be seen is unknown: {fault.reason}"]
        return [
            gap for gap in self._pool.map(lambda id_: self._gap(id_, seen), self._target.subscriptions) if gap
        ]

    def _gap(self, subscription: str, seen: set[str]) -> str:
        fix = f"have Reader on /subscriptions/{subscription} assigned to you"
        if subscription.lower() not in seen:
            return f"subscription {subscription} cannot be seen, {fix}"
        lacks = self.lacks(subscription, NEEDS["subscription"][1])
        return f"of subscription {subscription} only a part may be read, {fix}" if lacks else ""
