"""Facts and the frames derived from them, each derived once, whoever asks first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from umdiag.errors import Inconclusive
from umdiag.judging.needs import data_of, frame_functions, needs
from umdiag.judging.seen import Seen, together, unseen
from umdiag.model import State
from umdiag.queries.kql import queries
from umdiag.words.once import Once


class Derivation:
    """Derives frames from one view of the facts. Safe for several threads.

    `fact` returns a fact by name, `prepared` a frame that need not be derived (None: it must), `named` are
    the parameters of the investigation.
    """

    def __init__(
        self,
        fact: Callable[[str], Seen],
        named: Mapping[str, Any],
        prepared: Callable[[str], Seen | None] = lambda name: None,
    ) -> None:
        self._fact = fact
        self._named = named
        self._prepared = prepared
        self._once = Once()

    def seen(self, name: str) -> Seen:
        """Return a fact or frame with how much of it could be seen."""
        if name in queries():
            return self._fact(name)
        return self._once.do(name, lambda: self._prepared(name) or self._derive(name))

    def known(self) -> dict[str, Seen]:
        """Return the frames derived so far, by name."""
        return {str(name): seen for name, seen in self._once.known().items()}

    def _derive(self, name: str) -> Seen:
        function = frame_functions()[name]
        inputs = [(need, self.seen(need.name)) for need in data_of(function)]
        gaps = {fact: reason for _, seen in inputs for fact, reason in seen.gaps.items()}
        if lacking := [seen for need, seen in inputs if not seen.serves(need)]:
            return unseen(lacking, gaps)
        named = {need.name: self._named[need.name] for need in needs(function) if not need.is_data}
        try:
            frame = function(*(seen.handed_to(need) for need, seen in inputs), **named)
        except Inconclusive as inconclusive:
            return Seen(frame=None, state=State.MISSING, reason=str(inconclusive), gaps=gaps)
        fewer = [seen.reason for need, seen in inputs if need.adds_rows and not seen.whole]
        state = State.PARTIAL if fewer else State.COMPLETE
        return Seen(frame=frame, state=state, reason=together(fewer), gaps=gaps)
