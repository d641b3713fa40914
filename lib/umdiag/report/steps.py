"""What a run says while it works: bars on a terminal, plain lines elsewhere, and the log in the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Steps:
    """Tells of each step once, nothing where `echo` is None.

    `lines` is the log: one line for each step with its time in UTC and a level of `logging`, without paths,
    names of users or secrets.
    """

    def __init__(
        self, echo: Callable[[str], None] | None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        console = Console(stderr=True)
        self._noted: list[tuple[datetime, int, str]] = []
        self._echo = echo
        self._clock = clock
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if console.is_terminal and echo is not None:
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

    @property
    def lines(self) -> Sequence[str]:
        """What was noted, in order of time: `2026-11-28T06:00:00.000Z INFO judged 27 scenarios`."""
        noted = sorted(self._noted, key=lambda note: note[0])
        return [
            f"{when.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
            f" {logging.getLevelName(level)} {line}"
            for when, level, line in noted
        ]

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

    def say(self, line: str, *, aloud: bool = False, level: int = logging.INFO) -> None:
        """Log a line and print it; under bars, which say the same, only what is said `aloud`."""
        self.note(line, level=level)
        if self._bars is not None:
            if aloud:
                self._bars.console.print(line, markup=False, highlight=False)
        elif self._echo is not None:
            self._echo(line)

    def note(self, line: str, *, level: int = logging.INFO, when: datetime | None = None) -> None:
        """Log a line only, as of now or as of `when` it happened."""
        self._noted.append((when or self._clock(), level, line))
