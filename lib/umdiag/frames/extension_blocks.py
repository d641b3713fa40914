"""One row per machine whose settings keep Azure from using the extensions that assess and patch it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.lists import value_of
from umdiag.frames.shared.text import fold
from umdiag.model import Partial

#: What blocks them, in the order in which it is said.
BLOCKS = (
    "allow_extension_operations_false",
    "vm_agent_not_provisioned",
    "arc_extensions_disabled",
    "arc_extension_blocked",
)
#: The types of the two extensions, folded, by operating system.
EXTENSIONS = {
    "windows": ("windowspatchextension", "windowsosupdateextension"),
    "linux": ("linuxpatchextension", "linuxosupdateextension"),
}


def derive(estate: Partial) -> pd.DataFrame:
    """Return machine_key, a column for each of `BLOCKS` (at least one is true), and blocked_extensions: the
    types that the lists of an Arc agent block or do not allow (folded).
    """
    arc = ~estate["virtual"]
    blocked = _blocked(estate[arc]).reindex(estate.index)
    rows = pd.DataFrame(
        {
            "machine_key": estate["machine_key"],
            "allow_extension_operations_false": ~arc & surely_not(estate["extension_operations"]),
            "vm_agent_not_provisioned": ~arc & surely_not(estate["vm_agent"]),
            "arc_extensions_disabled": arc & surely_not(estate["extensions_enabled"]),
            "arc_extension_blocked": surely(blocked.str.len() > 0),
            "blocked_extensions": blocked,
        }
    )
    rows = rows[rows[list(BLOCKS)].any(axis=1)].reset_index(drop=True)
    rows["blocked_extensions"] = [[*types] if types else [] for types in _lists(rows["blocked_extensions"])]
    return rows


def _lists(column: pd.Series[Any]) -> list[Any]:
    return [value if isinstance(value, tuple) else () for value in column]


def _blocked(machines: pd.DataFrame) -> pd.Series[Any]:
    """Return the extensions of each Arc machine that its lists keep out; without lists, no row."""
    allowed = machines["extensions_allowed"].map(types_of)
    barred = machines["extensions_blocked"].map(types_of)
    listed = (allowed.str.len() > 0) | (barred.str.len() > 0)
    found = [
        tuple(type_ for type_ in _of(system) if type_ in out or (let_in and type_ not in let_in))
        for system, let_in, out in zip(
            machines["operating_system"][listed], allowed[listed], barred[listed], strict=True
        )
    ]
    return pd.Series(found, index=machines.index[listed], dtype="object")


def _of(system: str) -> tuple[str, ...]:
    """Return the extensions of an operating system; of one that is not known nothing can be said."""
    return EXTENSIONS.get(system or "", EXTENSIONS["linux"] if system else ())


def types_of(entries: object) -> frozenset[str]:
    """Return the types, folded, of a list's entries, `Publisher/Type` or an object with both."""
    if not isinstance(entries, list):
        return frozenset()
    types = (fold(entry if isinstance(entry, str) else value_of(entry, "type")) for entry in entries)
    return frozenset(type_.rpartition("/")[2] for type_ in types if type_)
