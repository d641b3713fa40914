"""What Resource Graph leaves out without a word: subscriptions, or rows of them, that one may not read.

What lies below a management group may be read whole by who may read the group: rights are handed down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeAlias

import pandas as pd

from umdiag.model import State
from umdiag.queries import kql
from umdiag.queries.kql import Query
from umdiag.sources import damage
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.graph import ResourceGraph
from umdiag.sources.live.hidden import operations_of
from umdiag.sources.live.management import ResourceManager
from umdiag.sources.live.rights import NEEDS, Granted, granted_in, lacking
from umdiag.sources.live.target import Target, group_id, name_of
from umdiag.words.once import Once

#: Its rows are the subscriptions that can be seen: of those it is always whole.
SUBSCRIPTIONS = "subscriptions"
#: Rows of a Resource Graph query, how much of them came, and why not all.
GraphAnswer: TypeAlias = tuple[pd.DataFrame, State, str]
#: What a scope is called, and its ARM id.
Scope: TypeAlias = tuple[str, str]


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
        lost = damage.of_answer(query, frame)
        if not cuts and not lost:
            return frame, State.COMPLETE, ""
        told = f"{what} is not complete: {', '.join([*dict.fromkeys(cuts)][:5])}" if cuts else ""
        return frame, State.PARTIAL, damage.joined(told, *lost)

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

    @property
    def rights_are_known(self) -> bool:
        """Whether the service says of every scope what the caller may do there."""
        return all(self._lacks(scope, ()) is not None for _, scope in self._scopes())

    def blind(self, operations: Sequence[str]) -> Mapping[Scope, list[str]]:
        """Return the operations that the caller lacks, by scope of which he may read the machines.

        Where he may not read those, that is told, and stands for everything.
        """
        readable = [
            scope
            for scope in (self._scopes() if operations else ())
            if self._lacks(scope[1], NEEDS["subscription"][1]) == []
        ]
        found = {scope: self._lacks(scope[1], operations) for scope in readable}
        return {scope: lacks for scope, lacks in found.items() if lacks}

    def _hidden(self, query: Query, frame: pd.DataFrame) -> list[str]:
        """Return of which scopes no row came that the caller's role could show."""
        blind = self.blind(operations_of(query.name))
        shown = set(frame["id"].str.split("/", n=3).str[2].str.lower()) if blind else set()
        return [
            f"rows of {what} cannot be seen, {missing(lacks, scope)}"
            for (what, scope), lacks in blind.items()
            # Which subscriptions lie below a management group the rows do not say: any stands for it.
            if (name_of(scope).lower() not in shown if scope.startswith("/subscriptions/") else not shown)
        ]

    def _lacks(self, scope: str, operations: Sequence[str]) -> list[str] | None:
        """Return which operations the caller may not do in a scope, None where nobody says."""
        try:
            return lacking(self._granted(scope), operations)
        except Fault:
            return None

    def _scopes(self) -> list[Scope]:
        subscriptions = [
            (f"subscription {id_}", f"/subscriptions/{id_}") for id_ in self._target.subscriptions
        ]
        return subscriptions + [
            (f"management group {group}", group_id(group)) for group in self._target.management_groups
        ]

    def _granted(self, scope: str) -> Granted:
        """Return what the caller is granted in a scope, asked once. Raises Fault where nobody says."""
        return self._once.do(("granted", scope), lambda: granted_in(self._management, scope))

    def _gaps(self) -> list[str]:
        scopes = self._scopes()
        named = scopes[: len(self._target.subscriptions)]
        groups = scopes[len(named) :]
        unseen: list[str] = []
        visible = []
        try:
            seen = self.seen() if named else set()
        except Fault as fault:
            unseen.append(f"which subscriptions can be seen is unknown: {fault.reason}")
        else:
            for what, scope in named:
                if name_of(scope).lower() in seen:
                    visible.append((what, scope))
                else:
                    unseen.append(f"{what} cannot be seen, {_fix(scope)}")
        gaps = self._pool.map(lambda scope: self._gap(*scope), [*visible, *groups])
        return [*unseen, *filter(None, gaps)]

    def _gap(self, what: str, scope: str) -> str:
        try:
            lacks = lacking(self._granted(scope), NEEDS["subscription"][1])
        except Fault as fault:
            return f"how much of {what} may be read is unknown (its permissions: {fault.reason})"
        return f"only a part of {what} may be read, {_fix(scope)}" if lacks else ""


def missing(operations: Sequence[str], scope: str) -> str:
    """Say what to have assigned where a role lacks operations."""
    return f"have a role with {' and '.join(operations)} on {scope} assigned to you"


def _fix(scope: str) -> str:
    return f"have Reader on {scope} assigned to you"
