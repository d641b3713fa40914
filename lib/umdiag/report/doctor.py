"""Say, before any analysis, what can be reached and what to do about the rest."""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.errors import SourceError
from umdiag.model import Reach, State
from umdiag.parameters import Parameters
from umdiag.sources import Source
from umdiag.sources.opening import open_source, target_of
from umdiag.words.counting import counted


def examine(parameters: Parameters) -> Iterator[Reach]:
    """Yield what a report would read, one thing at a time, as it is tried.

    Raises ParameterError for parameters that turn out to be wrong.
    """
    if parameters.source == "azure":
        yield from _azure(parameters)
        return
    source = open_source(parameters)
    try:
        yield from _snapshot(source)
    finally:
        source.close()


def _azure(parameters: Parameters) -> Iterator[Reach]:
    from umdiag.sources.live.azure import Azure
    from umdiag.sources.live.reach import reach

    try:
        azure = Azure(target_of(parameters))
    except SourceError as error:
        yield Reach(what="sign-in", ok=False, told=str(error))
        return
    try:
        asked_at = parameters.asked_at
        if asked_at == "latest":
            try:
                asked_at = azure.newest()
            except SourceError as error:
                yield Reach(what="newest row", ok=False, told=str(error))
                asked_at = None
        azure.look_at(asked_at or azure.clock(), parameters.lookback)
        yield from reach(azure)
    finally:
        azure.close()


def _snapshot(source: Source) -> Iterator[Reach]:
    for line in source.health():
        ok = line.state in (State.COMPLETE, State.EMPTY)
        told = counted(line.rows, "row") if ok else line.note or line.state.value
        yield Reach(what=f"table {line.table} of {line.scope}", ok=ok, told=told)
