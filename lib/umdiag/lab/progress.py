"""A line that says how far the fetching is, in the output of the cell that waits for it."""

from __future__ import annotations

import time
from typing import Any

from IPython.display import display

from umdiag.words.counting import counted

_WIDTH = 24


class Progress:
    """Is told of each query that is answered; what comes within a moment is not shown."""

    def __init__(self) -> None:
        self._line: Any = None
        self._begun = 0.0

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` queries are answered, the newest of them `name`."""
        if self._line is None:
            self._begun = time.monotonic()
            self._line = display(_text(_bar(done, total)), raw=True, display_id=True)
        elif done < total:
            self._line.update(_text(f"{_bar(done, total)} · {name}"), raw=True)
        if done == total:
            seconds = time.monotonic() - self._begun
            self._line.update(_text(f"{counted(total, 'query', 'queries')} in {seconds:.1f} s"), raw=True)
            self._line = None


def _bar(done: int, total: int) -> str:
    filled = _WIDTH * done // max(total, 1)
    return f"{'█' * filled}{'░' * (_WIDTH - filled)} {done:,} of {counted(total, 'query', 'queries')}"


def _text(said: str) -> dict[str, str]:
    return {"text/plain": said}
