"""What came of one collection of Azure Resource Manager, and what did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from umdiag.model import State
from umdiag.sources.live.faults import Fault


@dataclass(kw_only=True)
class Read:
    """What came of one collection: its objects, and per scope that was not read whole, why.

    `refused` are scopes of which nothing came; `cut` ones of which a part came.
    """

    objects: list[Mapping[str, Any]] = field(default_factory=list)
    refused: dict[str, Fault] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    scopes: int = 0

    @property
    def unseen(self) -> tuple[str, ...]:
        """Scopes of which nothing came, where all came of the others."""
        return () if self.cut or not self.objects else tuple(self.refused)

    def state(self, table: str) -> tuple[State, str]:
        """Fold into one state, with the reasons."""
        reasons = [f"{table} of {scope}: {fault.reason}" for scope, fault in self.refused.items()]
        reasons += [f"{table} of {scope} is not complete: {why}" for scope, why in self.cut.items()]
        if not reasons:
            return State.COMPLETE, ""
        shown = "; ".join(reasons[:5] + [f"and {len(reasons) - 5} more of {table}"] * (len(reasons) > 5))
        if len(self.refused) < self.scopes or self.cut:
            return State.PARTIAL, shown
        denied = any(fault.state is State.DENIED for fault in self.refused.values())
        return State.DENIED if denied else State.MISSING, shown
