"""The clock of an investigation, and what a reader must be told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from umdiag.parameters import Parameters
from umdiag.sources import Source
from umdiag.words.counting import counted


def clock_of(source: Source, parameters: Parameters) -> datetime:
    """Return the moment that the parameters ask about, UTC; where they leave it open, the source's own."""
    asked_at = parameters.asked_at
    if asked_at == "latest":
        return source.newest().astimezone(UTC)
    return asked_at if isinstance(asked_at, datetime) else source.clock().astimezone(UTC)


def notes_on_clock(source: Source, parameters: Parameters, asked_at: datetime) -> Iterator[str]:
    """Say how far back the rows reach, and how old a clock is that was taken from them."""
    held, asked = source.lookback, parameters.lookback
    if held is not None and held < asked:
        yield f"The snapshot holds {days(held)}; the lookback of {days(asked)} reaches further back."
    if parameters.asked_at == "latest" and parameters.source == "azure":
        age = source.clock().astimezone(UTC) - asked_at
        ago = f"{counted(age.days, 'day')} ago"
        yield f"The clock is the newest row found: {asked_at:%Y-%m-%d %H:%M} UTC, {ago}."


def days(span: timedelta) -> str:
    """Write a span in whole days, else in hours."""
    hours = span / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours % 24 == 0 else f"{hours:g} hours"
