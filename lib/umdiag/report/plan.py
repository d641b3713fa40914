"""The dry run: every query as it would be sent, and nothing sent; or only volumes asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from umdiag import parameters as params
from umdiag.judging.needs import in_order
from umdiag.judging.services import Services
from umdiag.judging.wanted import OF_ONE_MACHINE, wanted_queries
from umdiag.kit import acceptances
from umdiag.queries import kql
from umdiag.queries.belonging import service_of
from umdiag.queries.kql import Query, Value
from umdiag.report.notebooks import AFTER, choose, drawn, families_of, find_notebooks
from umdiag.sources.opening import open_source, target_of
from umdiag.words.counting import counted

if TYPE_CHECKING:
    from umdiag.sources.live.target import Target


def plan(parameters: params.Parameters, *, only: Sequence[str] = (), estimate: bool = False) -> Iterator[str]:
    """Yield the plan of a report as text, a block for each query, with the addresses it goes to.

    With `estimate` each log query also says how much it would read; `Usage` alone is asked for that.
    Raises CallError for a family that is not there, ParameterError for a file of accepted findings that a
    report would refuse, SourceError where volumes cannot be had.
    """
    notebooks = choose(only, find_notebooks())
    asked_at = _clock(parameters)
    acceptances(parameters, asked_at)
    target = target_of(parameters) if parameters.source == "azure" else None
    names = in_order(wanted_queries(families_of(notebooks), drawn(notebooks.values())))
    names += OF_ONE_MACHINE if AFTER in notebooks else ()
    if target is not None:
        left_out = Services(given=parameters.services, captured=target.tables, absence="").ruled_out
        names = [name for name in names if service_of(kql.queries()[name].tables) not in left_out]
    sizes = _sizes(parameters, asked_at) if estimate and target and target.workspaces else {}
    yield f"{counted(len(names), 'query', 'queries')}; nothing is sent" + (
        " except what asks for volumes." if sizes else "."
    )
    if target is not None and target.workspaces:
        if parameters.asked_at == "latest":
            yield "asked_at is the newest row, which a report reads first; a dry run takes the current time."
        yield "\n".join(_counting(target, parameters, asked_at))
    elif target is not None and estimate:
        yield "An estimate covers what is read in workspaces, and the parameters name none."
    for name in names:
        query = kql.queries()[name]
        yield "\n".join(_block(query, target, parameters, asked_at, sizes))
    if sizes:
        from umdiag.sources.live.plan import reads

        total = sum(reads(kql.queries()[name], sizes) or 0 for name in names)
        yield f"All log queries together read at most {_size(total)}."


def _counting(target: Target, parameters: params.Parameters, asked_at: datetime) -> Iterator[str]:
    from umdiag.sources.live.parts import Window
    from umdiag.sources.live.plan import counting

    yield "\n// volumes: rows of every table in the window"
    *requests, text = counting(target, Window(asked_at=asked_at, lookback=parameters.lookback))
    yield from (f"// {line}" for line in requests)
    yield text


def _block(
    query: Query,
    target: Target | None,
    parameters: params.Parameters,
    asked_at: datetime,
    sizes: Mapping[str, float],
) -> Iterator[str]:
    yield f"\n// {query.name}: {query.title}"
    if target is None:
        yield f"// on snapshot {parameters.snapshot.name if parameters.snapshot else ''}"
    else:
        from umdiag.sources.live.parts import Window
        from umdiag.sources.live.plan import addresses, reads

        for line in addresses(target, query, Window(asked_at=asked_at, lookback=parameters.lookback)):
            yield f"// {line}"
        if sizes and (size := reads(query, sizes)) is not None:
            yield f"// reads at most {_size(size)}"
    for parameter in query.parameters.values():
        if parameter.datum:
            filled = f"{parameter.datum}.{parameter.column}"
            yield f"// {parameter.name} is filled from {filled}, which is asked first"
    if query.name in OF_ONE_MACHINE:
        yield "// computer is the machine with the worst findings, which are known by then"
    values: dict[str, Value] = {"asked_at": asked_at, "lookback": parameters.lookback}
    yield kql.bind(query, values).rstrip()


def _sizes(parameters: params.Parameters, asked_at: datetime) -> dict[str, float]:
    from umdiag.sources.live.azure import Azure
    from umdiag.sources.live.plan import volumes

    azure = Azure(target_of(parameters), alone=True)
    try:
        azure.look_at(asked_at, parameters.lookback)
        return volumes(azure)
    finally:
        azure.close()


def _clock(parameters: params.Parameters) -> datetime:
    if isinstance(parameters.asked_at, datetime):
        return parameters.asked_at
    if parameters.source == "azure":
        return datetime.now(UTC).replace(microsecond=0)
    source = open_source(parameters)
    try:
        return source.newest() if parameters.asked_at == "latest" else source.clock()
    finally:
        source.close()


def _size(megabytes: float) -> str:
    return f"{megabytes / 1000:,.1f} GB" if megabytes >= 1000 else f"{megabytes:,.0f} MB"
