"""IPython's completion inside %%kql cells, and of a kit as a menu."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    completion_matcher,
)

from umdiag.lab.completing import Word, fitting
from umdiag.lab.kits import is_kit, kit_in
from umdiag.lab.options import OPTIONS
from umdiag.queries.kql import Query

#: Before every matcher of IPython's own: what fits here is asked first, and then the others are not.
_FIRST = 1000
_CELL = re.compile(r"\s*%%kql\b[^\n]*\n?")
_MENU = re.compile(r"(?<![\w.])(?P<name>\w+)\.(?P<begun>\w*)$")
_OPTION = re.compile(r"(?<!\S)-[\w-]*$")


def matchers(namespace: Mapping[str, Any]) -> list[Callable[[CompletionContext], SimpleMatcherResult]]:
    """Return the matchers of a notebook whose variables are `namespace`."""

    @completion_matcher(identifier="umdiag.kql", priority=_FIRST, api_version=2)
    def in_kql(context: CompletionContext) -> SimpleMatcherResult:
        return _in_kql(context, namespace)

    @completion_matcher(identifier="umdiag.kit", priority=_FIRST, api_version=2)
    def in_kit(context: CompletionContext) -> SimpleMatcherResult:
        return _in_kit(context, namespace)

    return [in_kql, in_kit]


def _in_kql(context: CompletionContext, namespace: Mapping[str, Any]) -> SimpleMatcherResult:
    head = _CELL.match(context.full_text)
    if head is None:
        return _result("", [])
    if context.cursor_line < head[0].count("\n") or not head[0].endswith("\n"):
        option = _OPTION.search(context.text_until_cursor)
        begun = option[0] if option else ""
        return _result(begun, [Word(text=name, kind="option") for name in OPTIONS if name.startswith(begun)])
    lines = context.full_text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position
    begun, words = fitting(context.full_text[head.end() :], offset - head.end(), _queries(namespace))
    # What is written so far keeps Python's names out where nothing fits.
    return _result(begun, words or [Word(text=begun, kind="text")] * bool(begun))


def _in_kit(context: CompletionContext, namespace: Mapping[str, Any]) -> SimpleMatcherResult:
    typed = _MENU.search(context.text_until_cursor)
    kit = namespace.get(typed["name"]) if typed else None
    if typed is None or not is_kit(kit):
        return _result("", [])
    begun = typed["begun"]
    names = [name for name in type(kit).__dir__(kit) if name.startswith(begun)]
    kinds = {name: "function" if callable(getattr(type(kit), name, None)) else "property" for name in names}
    return _result(begun, [Word(text=name, kind=kinds[name]) for name in names])


def _queries(namespace: Mapping[str, Any]) -> Mapping[str, Query]:
    kit = kit_in(namespace)
    return {} if kit is None else {name: asked.query for name, asked in kit.queries.items()}


def _result(begun: str, words: Iterable[Word]) -> SimpleMatcherResult:
    completions = [SimpleCompletion(text=word.text, type=word.kind) for word in words]
    return SimpleMatcherResult(
        completions=completions, matched_fragment=begun, suppress=bool(completions), ordered=True
    )
