"""Files that a command writes where it is told to."""

from __future__ import annotations

from pathlib import Path

from umdiag.errors import CallError, is_full
from umdiag.words.files import write_private


def write_into(folder: Path, name: str, text: str) -> Path:
    """Write a file into a folder, which is made, whole or not at all. Raises CallError."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, text.encode("utf-8", "replace"))
    except OSError as error:
        if is_full(error):
            raise
        raise CallError(f"{path}: cannot be written ({error.strerror}); choose another -o") from None
    return path
