"""The clock of an investigation, and what a reader must be told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from umdiag.errors import SourceError
from umdiag.parameters import Parameters
from umdiag.sources import Source
from umdiag.words.counting import counted

#: A window may reach so far beyond a capture: within it nothing that is judged goes silent.
SPARE = timedelta(hours=1)


def clock_of(source: Source, parameters: Parameters) -> datetime:
    """Return the moment that the parameters ask about, UTC; where they leave it open, the source's own."""
    asked_at = parameters.asked_at
    if asked_at == "latest":
        return source.newest().astimezone(UTC)
    return asked_at if isinstance(asked_at, datetime) else source.clock().astimezone(UTC)


def covered(source: Source, asked_at: datetime, lookback: timedelta) -> timedelta:
    """Tell a source the window, and return for how much of it the rows of the source were captured."""
    source.look_at(asked_at, lookback)
    return max(lookback - uncovered(source, asked_at, lookback), timedelta())


def uncovered(source: Source, asked_at: datetime, lookback: timedelta) -> timedelta:
    """Return how much of a window lies before the beginning of a capture; up to `SPARE` is none."""
    if source.lookback is None:
        return timedelta()
    try:
        before = source.clock() - source.lookback - (asked_at - lookback)
    except SourceError:  # without a row there is nothing that could be cut
        return timedelta()
    return before if before > SPARE else timedelta()


def notes_on_clock(source: Source, parameters: Parameters, asked_at: datetime) -> Iterator[str]:
    """Say how far back the rows reach, and how old a clock is that was taken from them."""
    held, asked = source.lookback, parameters.lookback
    if held is not None and held < asked:
        yield f"The snapshot holds {days(held)}; the lookback of {days(asked)} reaches further back."
    if parameters.asked_at == "latest" and parameters.source == "azure" and parameters.workspaces:
        age = source.clock().astimezone(UTC) - asked_at
        ago = f"{counted(age.days, 'day')} ago"
        yield f"The clock is the newest row found: {asked_at:%Y-%m-%d %H:%M} UTC, {ago}."


def days(span: timedelta) -> str:
    """Write a span in whole days, else in hours."""
    hours = span / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours % 24 == 0 else f"{hours:g} hours"
