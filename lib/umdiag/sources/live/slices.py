"""Answers that pass a limit of a workspace: asked for in slices, as far as that brings more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeAlias

from umdiag.queries import slicing
from umdiag.queries.kql import Query
from umdiag.queries.slicing import Share, Span
from umdiag.sources.live.answers import Answer
from umdiag.sources.live.faults import TooLarge
from umdiag.sources.live.parts import Window

Slice: TypeAlias = Share | Span
#: Slices of one answer that are asked for at most; what is still too large then stays so.
_MOST = 512


def whole_answer(
    ask: Callable[[str], Answer], query: Query, text: str, window: Window, pool: Executor
) -> Answer:
    """Return all rows of a query of the package that can be had. Raises Fault."""

    def tried(slice_: Slice) -> Answer | TooLarge:
        try:
            return ask(slice_.text(query, text))
        except TooLarge as fault:
            return fault

    whole = slicing.whole(query, window.start, window.asked_at)
    waiting, done, asked = [(whole, tried(whole))], list[Answer](), 0
    while waiting:
        slice_, found = waiting.pop(0)
        parts: Sequence[Slice] = slice_.parts() if query.slices and isinstance(found, TooLarge) else ()
        if isinstance(found, TooLarge) and parts and asked + len(parts) <= _MOST:
            asked += len(parts)
            answers = list(pool.map(tried, parts))
            if _brought_more(slice_, found, answers):
                waiting += zip(parts, answers, strict=True)
                continue
        done.append(_kept(query, found))
    cuts = list(dict.fromkeys(answer.cut for answer in done if answer.cut))
    return Answer(
        columns=next((answer.columns for answer in done if answer.rows), done[0].columns),
        rows=[row for answer in done for row in answer.rows],
        cut=", ".join(cuts[:3]),
    )


def _kept(query: Query, found: Answer | TooLarge) -> Answer:
    if isinstance(found, Answer):
        return found
    return Answer(columns=found.columns or query.columns, rows=found.rows, cut=found.reason)


def _brought_more(slice_: Slice, found: TooLarge, parts: Sequence[Answer | TooLarge]) -> bool:
    """Whether cutting helped, so that what is still too large may be cut once more.

    Not where all rows of a share lie in one of its parts: they have one id, however often it is cut.
    """
    refused = sum(isinstance(part, TooLarge) for part in parts)
    if refused == len(parts):
        return sum(len(part.rows) for part in parts) > len(found.rows)
    if isinstance(slice_, Span):
        return True
    return refused != 1 or any(part.rows for part in parts if isinstance(part, Answer))
