"""A free question as a person types it, made into the KQL that is asked; and where it was refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from umdiag.errors import QueryError, UmdiagError, one_line
from umdiag.lab.vocabulary import vocabulary

_BEGINS = re.compile(r"(?P<before>(?:\s*//[^\n]*\n)*\s*)(?P<name>\w+)(?=\s*(?:\||//|$))")
_RENDER = re.compile(r"\|\s*render\b[^|\n]*$")
_PLACE = re.compile(r" at line \d+, column \d+")
_QUOTED = re.compile(r"'([^']{1,80})'|^query: (\w[\w-]*) cannot be run")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was typed, and the text that is asked in its place.

    `drawn`: it ended with `| render`. `added`: lines that come before the first one that was typed; `name`:
    the query of the kit that they are.
    """

    typed: str
    text: str
    drawn: bool = False
    added: int = 0
    name: str = ""


class Refused(UmdiagError):
    """A question that cannot be answered; a notebook shows one line, and the place in the text."""

    def __init__(self, message: str, excerpt: str = "") -> None:
        self.excerpt = excerpt
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        return [f"KQL: {one_line(str(self))}", *filter(None, self.excerpt.split("\n"))]


def question_of(
    typed: str, queries: Container[str], text_of: Callable[[str], str], limit: int | None
) -> Question:
    """Return the question to ask: cut after `limit` rows, and with the kit's query that it may begin with.

    `text_of` returns the text of one of the `queries` as it would be sent.
    """
    text = typed.rstrip().rstrip(";")
    drawn = _RENDER.search(text)
    if drawn:
        text = text[: drawn.start()].rstrip()
    added, name = 0, ""
    begins = _BEGINS.match(text)
    if begins and begins["name"] in queries:
        name = begins["name"]
        body = [line for line in text_of(name).splitlines() if not line.startswith("//")]
        # What follows the name stays in its column, so that an error is found where it was typed.
        text = "\n".join(body) + "\n" + " " * _column(text, begins.end()) + text[begins.end() :]
        added = len(body) - typed[: begins.end()].count("\n")
    if limit is not None:
        text += f"\n| take {limit}"
    return Question(typed=typed, text=text + "\n", drawn=drawn is not None, added=added, name=name)


def refusal(error: QueryError, question: Question, above: int) -> Refused:
    """Return what to show of an error: one line, and the line that was typed with a mark under the place.

    `above`: lines of the cell before the question.
    """
    line, column = error.line - question.added, error.column
    said = _PLACE.sub("", str(error)).removeprefix("query: ")
    lines = question.typed.rstrip().splitlines() or [""]
    if not error.line:
        line, column = _found(said, str(error), question.typed)
    if line > len(lines):  # at the limit, which nobody typed
        said, line, column = "the query ends too early", len(lines), len(lines[-1].rstrip()) + 1
    if unknown := _unknown_operator(lines, line, column):
        said, column = unknown
    if not 1 <= line <= len(lines):
        return Refused(f"{said} (in the query {question.name})" if error.line and question.name else said)
    shown = lines[line - 1].replace("\t", " ")[:200]
    mark = f"    {' ' * (min(column, len(shown) + 1) - 1)}^"
    place = f"line {line + above}, column {column}"
    return Refused(f"{place}: {said}", f"    {_plain(shown)}\n{mark}")


def _unknown_operator(lines: Sequence[str], line: int, column: int) -> tuple[str, int] | None:
    """Return what to say where a pipe is refused because of the word behind it, and that word's column."""
    rest = lines[line - 1][column - 1 :] if 1 <= line <= len(lines) else ""
    match = re.match(r"\|\s*([\w-]+)", rest)
    operators = vocabulary()["operators"]
    if match is None or match[1] in operators:
        return None
    near = get_close_matches(match[1].lower(), operators, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"there is no operator {match[1]!r}{meant}", column + match.start(1)


def _found(said: str, whole: str, typed: str) -> tuple[int, int]:
    """Return where the name stands that an error is about, (0, 0) where it names none."""
    named = _QUOTED.search(said) or _QUOTED.search(whole)
    word = next(filter(None, named.groups()), "") if named else ""
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", typed, re.IGNORECASE) if word else None
    if match is None:
        return 0, 0
    return typed.count("\n", 0, match.start()) + 1, _column(typed, match.start()) + 1


def _column(text: str, place: int) -> int:
    return place - (text.rfind("\n", 0, place) + 1)


def _plain(line: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in line)
