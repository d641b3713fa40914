"""Find the kits among a notebook's variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol, TypeGuard

import pandas as pd

from umdiag.errors import UmdiagError
from umdiag.lab.queries import Queries


class Asked(Protocol):
    """What a magic needs of a kit."""

    #: Grows with every kit that is opened in a process.
    number: int

    @property
    def queries(self) -> Queries:
        """Return the kit's own queries."""
        ...

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        """Answer a free question."""
        ...


def is_kit(value: object) -> TypeGuard[Asked]:
    """Tell whether a variable is a kit, without touching what it is."""
    kind = type(value)
    return kind.__module__ == "umdiag.kit" and hasattr(kind, "kql")


def kit_in(namespace: Mapping[str, Any], name: str = "") -> Asked | None:
    """Return the kit of this name, else the one that was opened last; None where there is none.

    Raises UmdiagError for a name that is not a kit's.
    """
    if name:
        kit = namespace.get(name)
        if not is_kit(kit):
            raise UmdiagError(f"--kit {name}: is not a kit; kit = open_kit(globals()) opens one")
        return kit
    kits = [value for value in list(namespace.values()) if is_kit(value)]
    return max(kits, key=lambda kit: kit.number, default=None)
