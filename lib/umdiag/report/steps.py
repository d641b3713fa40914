"""What a run says while it works: bars on a terminal, plain lines elsewhere, and the log in the report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Steps:
    """Tells of each step once; `lines` is the log, without paths, names of users or secrets."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        console = Console(stderr=True)
        self.lines: list[str] = []
        self._echo = echo
        self._started = time.monotonic()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[latest]}"),
                console=console,
            )

    def __enter__(self) -> Steps:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Give the terminal back."""
        if self._bars is not None:
            with suppress(OSError):  # a terminal that was closed takes nothing
                self._bars.stop()
            self._bars = None

    def count(self, what: str, latest: str, done: int, total: int) -> None:
        """Move the bar of `what` on; nothing where there is no terminal."""
        if self._bars is None:
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, latest="")
        self._bars.update(self._tasks[what], completed=done, total=total, latest=latest)

    def say(self, line: str, *, aloud: bool = False) -> None:
        """Log a line and print it; under bars, which say the same, only what is said `aloud`."""
        self.note(line)
        if self._bars is None:
            self._echo(line)
        elif aloud:
            self._bars.console.print(line, markup=False, highlight=False)

    def note(self, line: str) -> None:
        """Log a line only."""
        self.lines.append(f"{time.monotonic() - self._started:7.2f} s  {line}")
