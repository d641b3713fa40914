"""Choose machines to which nothing has happened yet."""

from __future__ import annotations

import numpy as np

from fleet.model import Bools, Ints, World
from fleet.update_manager.model import Estate


class Choose:
    """Hand out machines of an estate, each once: ``choose(who, count, purpose)``."""

    def __init__(self, estate: World | Estate) -> None:
        """Remember what is to be chosen from; machines of both services are left alone."""
        self._estate = estate

    def __call__(self, who: Bools, count: int, purpose: str) -> Ints:
        """Return so many machines of those that may be chosen, in their order."""
        free = np.flatnonzero(who & ~self._estate.taken)
        if len(free) < count:
            raise ValueError(f"{purpose} takes {count} machines, {len(free)} are left")
        rng = self._estate.rng(f"demo {purpose}")
        picked = np.sort(rng.choice(free, count, replace=False)).astype(np.int64)
        self._estate.taken[picked] = True
        return picked
