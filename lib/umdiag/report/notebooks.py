"""Which notebooks a report runs, and what they need before they run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from umdiag.errors import CallError
from umdiag.judging.wanted import OF_ONE_MACHINE
from umdiag.kit import Kit
from umdiag.scenarios import FAMILIES
from umdiag.starter import home

#: Notebooks that speak of every family; they need everything fetched and judged.
BEFORE, AFTER = "overview", "machine"


def find_notebooks() -> dict[str, Path]:
    """Return the kit's notebooks in reading order."""
    found = {name: home() / "notebooks" / f"{name}.ipynb" for name in (BEFORE, *FAMILIES, AFTER)}
    return {name: path for name, path in found.items() if path.is_file()}


def choose(only: Sequence[str], notebooks: Mapping[str, Path]) -> dict[str, Path]:
    """Pick the notebooks that were asked for. Raises CallError with the names there are."""
    for name in only:
        if name not in notebooks:
            raise CallError(f"--only {name[:80]}: no such notebook; there are {', '.join(notebooks)}")
    return {name: path for name, path in notebooks.items() if not only or name in only}


def fetch_machine(kit: Kit) -> None:
    """Fetch what the machine notebook shows of the worst machine."""
    for name in OF_ONE_MACHINE:
        kit.fact(name, computer=kit.worst_machine())


def families_of(notebooks: Mapping[str, Path]) -> list[str] | None:
    """Return the families that these notebooks show, None where one of them speaks of all."""
    return None if {BEFORE, AFTER} & set(notebooks) else list(notebooks)


def drawn(notebooks: Iterable[Path]) -> list[Callable[..., Any]]:
    """Return what the notebooks draw, so that its queries are fetched too."""
    from umdiag import charts, show

    texts = "\n".join(path.read_text(encoding="utf-8") for path in notebooks)
    words = sorted(set(re.findall(r"\bkit\.draw\((charts|show)\.(\w+)", texts)))
    rooms = {"charts": charts, "show": show}
    return [getattr(rooms[room], word) for room, word in words if hasattr(rooms[room], word)]
