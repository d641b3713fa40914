"""Safe HTML, of which every block is made: what is put into it is escaped, so that nobody can forget to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Self

from markupsafe import Markup, escape

#: Control characters and signs that turn the direction of writing: none of a row reaches a page.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_PAGE = re.compile(r"https://[^\s\"'<>]+")
_FILE = re.compile(r"[\w-][\w.-]*(#[\w.~=%-]+)?|#[\w-]+")
#: What could end a script, or a line of one.
_ENDING = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_WIDE_TABLE = 8
_SHORT_NAME = 44


class Html(Markup):
    """HTML that may stand on a page. What is formatted into it, joined or added is escaped and cleaned."""

    __slots__ = ()

    @classmethod
    def escape(cls, s: Any, /) -> Self:
        """Escape a value, unless it is safe HTML already; control characters become blanks."""
        return cls(s) if hasattr(s, "__html__") else cls(escape(_UNSEEN.sub(" ", str(s))))

    def each(self, values: Iterable[object]) -> Self:
        """Fill this template once for each value, one after the other."""
        return type(self)("").join(self.format(value) for value in values)


def badge(word: str, kind: str = "") -> Html:
    """Write a word as a badge; colour only underlines what the word says."""
    return Html('<span class="um-badge um-{}">{}</span>').format((kind or word).lower(), word)


def link(address: str, text: str) -> Html:
    """Link to an https page, a file beside this one or a place on this page; anything else stays text."""
    if _PAGE.fullmatch(address) or _FILE.fullmatch(address):
        return Html('<a href="{}" rel="noopener noreferrer">{}</a>').format(address, text)
    return Html.escape(f"{text} ({address})" if address and address != text else text)


def data(kind: str, json_text: str) -> Html:
    """Put JSON on a page for its script, whatever strings it holds."""
    return Html('<script type="application/json" class="{}">{}</script>').format(kind, in_script(json_text))


def in_script(json_text: str) -> Html:
    """Write JSON so that it can be within a script element, whatever strings it holds."""
    return Html(json_text.translate(_ENDING))  # noqa: S704 - nothing in it can end the element


def listing(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Iterable[int] = (),
    names: Iterable[int] = (),
    kind: str = "",
) -> Html:
    """Make a table of cells; `numbers` are the columns set right, short `names` are not broken, `kind` is
    a class of the table.
    """
    right, kept = set(numbers), set(names)
    lines = (
        Html("").join(_cell(cell, right=place in right, kept=place in kept) for place, cell in enumerate(row))
        for row in rows
    )
    kind = kind or ("um-wide" if len(heads) > _WIDE_TABLE else "")
    wide = Html(' class="{}"').format(kind) if kind else ""
    return Html("<table{}><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        wide, Html("<th>{}</th>").each(heads), Html("<tr>{}</tr>").each(lines)
    )


def numbered(steps: Iterable[str]) -> Html:
    """Write steps as a numbered list."""
    return Html("<ol>{}</ol>").format(Html("<li>{}</li>").each(steps))


def folded(summary: str, body: Html) -> Html:
    """Hide `body` behind one line."""
    return Html("<details><summary>{}</summary>{}</details>").format(summary, body)


def answer(kind: str, body: str) -> Html:
    """Write an answer in one paragraph, coloured by its `kind`."""
    return Html('<p class="um-answer um-{}">{}</p>').format(kind, body)


def soft(text: str) -> Html:
    """Write what is said beside the point."""
    return Html('<span class="um-soft">{}</span>').format(text)


def _cell(cell: str, *, right: bool, kept: bool) -> Html:
    if right:
        return Html('<td class="um-n">{}</td>').format(cell)
    if kept and len(Html.escape(cell).striptags()) <= _SHORT_NAME:
        return Html('<td class="um-k">{}</td>').format(cell)
    return Html("<td>{}</td>").format(cell)
