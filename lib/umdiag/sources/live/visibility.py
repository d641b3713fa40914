"""What Resource Graph leaves out without a word: subscriptions, or parts of them, that one may not read.

What lies below a management group may be read whole by who may read the group: rights are handed down.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from umdiag.queries import kql
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.graph import ResourceGraph
from umdiag.sources.live.management import ResourceManager
from umdiag.sources.live.rights import lacking
from umdiag.sources.live.target import Target, group_id
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
        """Return why rows may be missing, or why nobody knows; none where all can be seen.

        Who may read some resource groups only sees the subscription, and less of it: the rights tell.
        """
        return self._once.do("gaps", self._gaps)

    def seen(self) -> set[str]:
        """Return the ids of the subscriptions that can be seen, folded. Raises Fault."""
        query = kql.queries()[SUBSCRIPTIONS]
        frame, _ = self._graph.ask(query, query.text)
        return set(frame["subscription_id"].str.lower())

    def _gaps(self) -> list[str]:
        groups = [(f"management group {group}", group_id(group)) for group in self._target.management_groups]
        unseen: list[str] = []
        visible = []
        try:
            seen = self.seen() if self._target.subscriptions else set()
        except Fault as fault:
            unseen.append(f"which subscriptions can be seen is unknown: {fault.reason}")
        else:
            for id_ in self._target.subscriptions:
                place = (f"subscription {id_}", f"/subscriptions/{id_}")
                if id_.lower() in seen:
                    visible.append(place)
                else:
                    unseen.append(f"{place[0]} cannot be seen, {_fix(place[1])}")
        gaps = self._pool.map(lambda place: self._gap(*place), [*visible, *groups])
        return [*unseen, *filter(None, gaps)]

    def _gap(self, what: str, scope: str) -> str:
        try:
            lacks = lacking(self._management, "subscription", scope)
        except Fault as fault:
            return f"how much of {what} may be read is unknown (its permissions: {fault.reason})"
        return f"of {what} only a part may be read, {_fix(scope)}" if lacks else ""


def _fix(scope: str) -> str:
    return f"have Reader on {scope} assigned to you"
