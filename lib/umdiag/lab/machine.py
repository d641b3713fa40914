"""One machine at the end of a cell: what is known of it, then its time line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from umdiag.show.blocks import Block


@dataclass(frozen=True, kw_only=True, repr=False)
class MachineView:
    """What is `known` of a machine and what is wrong with it, and its `timeline` (a figure or a note)."""

    name: str
    known: Block
    timeline: Any

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.known, self.timeline)

    def __repr__(self) -> str:
        return repr(self.known)
