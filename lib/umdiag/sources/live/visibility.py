"""What Resource Graph leaves out without a word: subscriptions, or parts of them, that one may not read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from umdiag.queries import kql
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.graph import ResourceGraph
from umdiag.sources.live.management import ResourceManager
from umdiag.sources.live.rights import lacking
from umdiag.sources.live.target import Target
from umdiag.words.once import Once

#: Its rows are the subscriptions that can be seen: of those it is always whole.
SUBSCRIPTIONS = "subscriptions"


class Visibility:
    """Finds out, once, what of the named subscriptions cannot be seen. Thread-safe."""

    def __init__(
        self, target: Target, graph: ResourceGraph, management: ResourceManager, pool: Executor
    ) -> None:
        self._target = target
        self._graph = graph
        self._management = management
        self._pool = pool
        self._once = Once()

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
        try:
            lacks = lacking(self._management, "subscription", f"/subscriptions/{subscription}")
        except Fault:
            return ""
        return f"of subscription {subscription} only a part may be read, {fix}" if lacks else ""
