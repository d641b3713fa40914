"""The cells of a page: what each shows, and which of them need not be there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.python import PythonLexer

from umdiag.show.unasked import LEFT_OUT

CODE = "Show the code"
_NOTHING = Markup("")


@dataclass(kw_only=True)
class Cell:
    """What the template shows of one cell: `text` for words, else outputs with the code folded away.

    `sections` are names and titles of the headings in `text`.
    """

    id: str = ""
    text: Markup = _NOTHING
    sections: list[tuple[str, str]] = field(default_factory=list)
    is_titled: bool = False
    outputs: list[Markup] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    label: str = CODE
    failed: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to see but code."""
        return not (self.text or self.outputs or self.failed)

    @property
    def source(self) -> Markup:
        """The code, coloured."""
        text = "\n\n".join(self.code)
        return Markup(highlight(text, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip())  # noqa: S704 - escaped


def looked_at(cells: Iterable[Cell]) -> list[Cell]:
    """Leave out what only says that a service is not looked at, with the heading above if nothing else is
    there: the summary says it once.
    """
    kept: list[Cell] = []
    left_out = False
    for cell in reversed(list(cells)):
        if cell.text and left_out and (not kept or kept[-1].text):
            left_out = False
        elif cell.outputs and all(LEFT_OUT in output for output in cell.outputs):
            left_out = True
        else:
            left_out = left_out and not cell.text
            kept.append(cell)
    return kept[::-1]


def joined(cells: Iterable[Cell]) -> list[Cell]:
    """Fold the code of cells that show nothing away with that of the next cell."""
    joined: list[Cell] = []
    for cell in cells:
        if joined and joined[-1].is_silent and not cell.text and joined[-1].label == cell.label:
            cell.code = joined.pop().code + cell.code
        joined.append(cell)
    return joined
