"""Open a folder as what it is: tables that answer anything, or the answers of a report."""

from __future__ import annotations

from pathlib import Path

from umdiag.errors import SourceError
from umdiag.sources import Source
from umdiag.sources.manifest import read_manifest


def open_folder(folder: Path) -> Source:
    """Open a snapshot or a replay; `facts` in snapshot.json tells them apart. Raises SourceError."""
    try:
        manifest = read_manifest(folder)
    except OSError as error:
        raise SourceError(f"snapshot {folder.name} cannot be opened: {error.strerror or error}") from None
    # Each imported only where it is opened: a report's kernels read a replay and never start the engine.
    if manifest and manifest.facts is not None:
        from umdiag.sources.replay import Replay

        return Replay(folder)
    from umdiag.sources.snapshot import Snapshot

    return Snapshot(folder)
