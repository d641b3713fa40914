"""What could stand at a place in a KQL text: tables, columns, operators, functions, queries of the kit.

Pure, and by a look at the text alone: it is half written, so that no parser would take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from umdiag.lab.vocabulary import vocabulary
from umdiag.queries.kql import Query, tables

_NAME = re.compile(r"\w*$")
#: In front of a table: nothing, the end of a statement, a bracket, a comma, an operator that joins tables.
_TABLE_COMES = re.compile(
    r"(?:^|;|=\s*|\(\s*|\bunion\b[^|]*|\b(?:join|lookup)\b(?:\s+kind\s*=\s*\w+)?|\bin~?)\s*\(?\s*$"
)
_INSIDE_CALL = re.compile(r"[\w~]\($")
_GIVEN = re.compile(r"\b(\w+)\s*=(?![=~])")
_SUMMARIZE = re.compile(r"\bsummarize\b[^|]*$")


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word that fits, and what it is: table, query, column, operator, function, aggregate."""

    text: str
    kind: str


def fitting(text: str, offset: int, queries: Mapping[str, Query]) -> tuple[str, list[Word]]:
    """Return what is written of a word before `offset`, and the words that it may become, the likely first.

    `queries` are those of the kit, with which a pipeline may begin.
    """
    before = text[:offset]
    match = _NAME.search(before)
    begun = match[0] if match else ""
    context = _without_texts(before[: len(before) - len(begun)])
    if context is None or context.endswith("."):
        return begun, []
    words = _words_at(context, text, queries)
    folded = begun.casefold()
    unique = {word.text: word for word in words if word.text.casefold().startswith(folded)}
    return begun, list(unique.values())


def _words_at(before: str, text: str, queries: Mapping[str, Query]) -> Iterator[Word]:
    known = vocabulary()
    stripped = before.rstrip()
    if stripped.endswith("|"):
        yield from _all(known["operators"], "operator")
        return
    if _TABLE_COMES.search(stripped) and not _INSIDE_CALL.search(stripped):
        yield from _all(_columns_by_table(), "table")
        yield from _all(sorted(queries), "query")
        if not stripped or stripped.endswith((";", "=")):
            yield from _all(known["begins"], "operator")
        if not stripped.endswith("="):
            return
    yield from _all(_columns_in(text, queries), "column")
    if _SUMMARIZE.search(before):
        yield from _all(known["aggregates"], "aggregate")
    yield from _all(known["functions"], "function")
    if not _SUMMARIZE.search(before):
        yield from _all(known["aggregates"], "aggregate")


def _columns_in(text: str, queries: Mapping[str, Query]) -> Iterator[str]:
    """Yield the columns of the tables and queries that a text names, and those that it makes itself."""
    named = set(re.findall(r"\w+", text))
    yield from (name for name in _GIVEN.findall(text) if name not in ("kind", "isfuzzy"))
    for table, columns in _columns_by_table().items():
        if table in named:
            yield from columns
    for name in sorted(named & queries.keys()):
        yield from queries[name].columns


def _without_texts(before: str) -> str | None:
    """Return the text with comments and string literals blanked, None where it ends inside of one."""
    kept, place = [], 0
    for match in re.finditer(r"""//[^\n]*|@?"(?:\\.|[^"\\\n])*"?|@?'(?:\\.|[^'\\\n])*'?""", before):
        written = match[0]
        closed = "\n" in before[match.end() :] if written.startswith("//") else _is_closed(written)
        if not closed and match.end() == len(before):
            return None
        kept += [before[place : match.start()], " "]
        place = match.end()
    return "".join([*kept, before[place:]])


def _is_closed(written: str) -> bool:
    body = written.removeprefix("@")
    return len(body) > 1 and body[0] == body[-1]


def _all(names: Iterable[str], kind: str) -> Iterator[Word]:
    return (Word(text=name, kind=kind) for name in names)


@cache
def _columns_by_table() -> Mapping[str, tuple[str, ...]]:
    sections = tables()
    return {table: tuple(columns) for section in sections.values() for table, columns in section.items()}
