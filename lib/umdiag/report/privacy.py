"""Take this machine's paths out of what is published: they name users and folders of no one's concern."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

_HIDDEN = "…"


class Hidden:
    """Replaces known folders in texts. What came out of rows loses only folders that no row would name."""

    def __init__(self, folders: Iterable[Path]) -> None:
        unmistakable = [*folders, Path(sys.prefix), Path(__file__).resolve().parents[2]]
        self._data = _pattern(unmistakable)
        others = [Path(sys.base_prefix), Path.home(), Path.cwd(), Path(tempfile.gettempdir())]
        self._words = _pattern([*unmistakable, *others])

    def words(self, text: str) -> str:
        """Clean what a program said: printed lines, errors, tracebacks."""
        return self._words.sub(_HIDDEN, text)

    def data(self, text: str) -> str:
        """Clean what shows rows."""
        return self._data.sub(_HIDDEN, text)


def _pattern(folders: Iterable[Path]) -> re.Pattern[str]:
    written = {
        text
        for folder in folders
        for path in (folder, folder.resolve())
        for text in (str(path), path.as_posix(), str(path).replace("\\", "\\\\"))
        if path != Path(path.anchor)
    }
    longest_first = sorted(written, key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, longest_first))})(?![\\w-])")
