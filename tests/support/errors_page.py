"""The page of the documentation that lists what `umdiag explain` knows."""

from __future__ import annotations

from pathlib import Path

from umdiag.explain.listing import document

PAGE = Path(__file__).parents[2] / "lib" / "umdiag" / "docs" / "errors.md"


def forms() -> dict[Path, str]:
    """Return the page with what it should hold."""
    return {PAGE: document()}
