"""How much of a fact or frame could be seen: what the engine carries through every derivation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from umdiag.judging.needs import Need
from umdiag.model import Rows, State


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A fact or frame as far as it could be seen.

    `frame` is None where it could not be seen at all, or not well enough to be derived; `reason` says why
    it is not complete. `gaps` names every fact behind it that could not be seen whole, optional ones
    included, each with its reason.
    """

    frame: pd.DataFrame | None
    state: State
    reason: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether what is not in the frame is not there."""
        return self.frame is not None and self.state is State.COMPLETE

    def serves(self, need: Need) -> bool:
        """Whether a function that has this need can be called."""
        return need.optional or self.handed_to(need) is not None

    def handed_to(self, need: Need) -> pd.DataFrame | None:
        """Return what a function with this need may see."""
        return self.frame if need.partial or self.whole else None


def of_rows(rows: Rows) -> Seen:
    """Return a fact as far as its rows were seen."""
    seen = rows.state in (State.COMPLETE, State.PARTIAL)
    return Seen(
        frame=rows.frame if seen else None,
        state=rows.state,
        reason=rows.reason,
        gaps={} if rows.whole else {rows.name: rows.reason},
    )


def of_answering(rows: Rows) -> Seen:
    """Return a fact as if the workspaces that gave no row at all had not been asked for."""
    return Seen(frame=rows.frame, state=State.COMPLETE) if rows.unseen else of_rows(rows)


def unseen(inputs: Iterable[Seen], gaps: Mapping[str, str]) -> Seen:
    """Return what cannot be derived, because these inputs lack: refused if any of them was."""
    lacking = list(inputs)
    denied = any(seen.state is State.DENIED for seen in lacking)
    return Seen(
        frame=None,
        state=State.DENIED if denied else State.MISSING,
        reason=together(seen.reason for seen in lacking),
        gaps=gaps,
    )


def together(reasons: Iterable[str]) -> str:
    """Join reasons, each said once."""
    return "; ".join(dict.fromkeys(part for reason in reasons if reason for part in reason.split("; ")))
