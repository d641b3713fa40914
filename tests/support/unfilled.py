"""Find what `make new-scenario` left to be filled, and nobody has filled yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MARK = "TODO(new-scenario)"
PLACES = (
    *("lib/umdiag/scenarios", "lib/umdiag/frames", "lib/umdiag/queries", "notebooks"),
    *("tests/cases", "tests/fleet/faults", "CHANGELOG.md"),
)
SUFFIXES = {".py", ".kql", ".ipynb", ".yml", ".md"}


def unfilled(root: Path) -> dict[str, list[str]]:
    """Return the files that hold the mark, each with `file:line: what to write`."""
    found = {file.relative_to(root).as_posix(): list(_marked(file)) for file in _files(root)}
    return {name: [f"{name}:{line}" for line in lines] for name, lines in found.items() if lines}


def _files(root: Path) -> list[Path]:
    """Return the files in which a scenario may be unfinished."""
    places = [root / place for place in PLACES]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    return sorted(
        file for file in files if file.suffix in SUFFIXES and ".ipynb_checkpoints" not in file.parts
    )


def _marked(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if MARK in line:
            said = line.partition(f"{MARK}:")[2].strip(" \"',).")
            yield f"{number}: {said or line.strip()}"
