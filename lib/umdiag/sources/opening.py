"""Open a folder as what it is: tables that answer anything, or the answers of a report."""

from __future__ import annotations

from pathlib import Path

from umdiag.errors import SourceError
from umdiag.sources.manifest import read_manifest
from umdiag.sources.replay import Replay
from umdiag.sources.snapshot import Snapshot


def open_folder(folder: Path) -> Snapshot | Replay:
    """Open a snapshot or a replay; `facts` in snapshot.json tells them apart. Raises SourceError."""
    try:
        manifest = read_manifest(folder)
    except OSError as error:
        raise SourceError(f"snapshot {folder.name} cannot be opened: {error.strerror or error}") from None
    return Replay(folder) if manifest and manifest.facts is not None else Snapshot(folder)
