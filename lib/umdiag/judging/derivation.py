"""Facts and the frames derived from them, each derived once, whoever asks first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from umdiag.errors import Inconclusive
from umdiag.judging import needs
from umdiag.judging.verdicts import Datum, together
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
        fact: Callable[[str], Datum],
        named: Mapping[str, Any],
        prepared: Callable[[str], Datum | None] = lambda name: None,
    ) -> None:
        self._fact = fact
        self._named = named
        self._prepared = prepared
        self._once = Once()

    def datum(self, name: str) -> Datum:
        """Return a fact or frame with how much of it could be seen."""
        if name in queries():
            return self._fact(name)
        return self._once.do(name, lambda: self._prepared(name) or self._derive(name))

    def known(self) -> dict[str, Datum]:
        """Return the frames derived so far, by name."""
        return {str(name): datum for name, datum in self._once.known().items()}

    def _derive(self, name: str) -> Datum:
        function = needs.frame_functions()[name]
        inputs = [(need, self.datum(need.name)) for need in needs.needs(function) if need.is_data]
        lacking = [datum for need, datum in inputs if datum.frame is None and not need.optional]
        if lacking:
            denied = any(datum.state is State.DENIED for datum in lacking)
            state = State.DENIED if denied else State.MISSING
            return Datum(frame=None, state=state, reason=together(datum.reason for datum in lacking))
        named = {need.name: self._named[need.name] for need in needs.needs(function) if not need.is_data}
        try:
            frame = function(*(datum.frame for _, datum in inputs), **named)
        except Inconclusive as unseen:
            return Datum(frame=None, state=State.MISSING, reason=str(unseen))
        partial = [datum.reason for need, datum in inputs if not datum.whole and not need.optional]
        state = State.PARTIAL if partial else State.COMPLETE
        frame.attrs["state"] = state.value
        return Datum(frame=frame, state=state, reason=together(partial))
