"""The pages as they are written: Markdown files beside this module, found by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from umdiag.errors import CallError

_FOLDER = Path(__file__).parent
#: Pages in the order in which they are read, for the navigation; those of folders have an index among them.
IN_ORDER = (
    "index",
    "first_report",
    "reading_a_report",
    "own_workspace",
    "update_manager",
    "exported_csv",
    "scheduling",
    "sharing",
    "notebooks",
    "scenarios",
    "errors",
    "parameters",
    "commands",
    "contributing",
)


@cache
def texts() -> Mapping[str, str]:
    """Return the Markdown of every page by its path without ending: `index`, `scenarios/cap_ahead`."""
    files = sorted(_FOLDER.rglob("*.md"))
    return {
        file.relative_to(_FOLDER).with_suffix("").as_posix(): file.read_text(encoding="utf-8")
        for file in files
    }


def title(text: str) -> str:
    """Return the heading of a page, as plain text."""
    return text.partition("\n")[0].removeprefix("# ").replace("`", "").strip()


def find(name: str) -> str:
    """Return the path of a page by its name, with or without its folder, in any case.

    Raises CallError with the nearest names where there is none.
    """
    wanted = re.sub(r"[\s-]+", "_", name.strip().casefold().removesuffix(".md").removesuffix(".html"))
    whole = {page: page for page in texts()}
    known = {page.rpartition("/")[2]: page for page in whole} | whole
    if found := known.get(wanted):
        return found
    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(IN_ORDER)}"
    raise CallError(f"docs: there is no page {name[:80]!r}; {hint}")
