"""The magic %%kql: a free question in a cell of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from umdiag.errors import QueryError, UmdiagError
from umdiag.lab.kits import Asked, kit_in
from umdiag.lab.options import USAGE, Options, read_options
from umdiag.lab.questions import Question, question_of, refusal
from umdiag.words.counting import counted

#: Draws rows; None where there is nothing in them that could be drawn.
Draw = Callable[[pd.DataFrame], Any]


@magics_class
class KqlMagic(Magics):
    """%%kql, over the kits among the notebook's variables."""

    shell: Any

    def __init__(self, shell: Any, draw: Draw) -> None:
        super().__init__(shell)
        #: Targets that this kernel opened.
        self.opened: set[str] = set()
        self._draw = draw

    @line_cell_magic
    def kql(self, line: str, cell: str | None = None) -> pd.DataFrame | None:
        """Ask in KQL; the docstring is USAGE."""
        options = read_options("" if cell is None else line)
        typed = line if cell is None else cell
        if not typed.strip():
            raise UmdiagError("%%kql: the cell asks nothing; write a query below the first line")
        kit = kit_in(self.shell.user_ns, options.kit)
        if kit is None:
            raise UmdiagError("%%kql: no kit is open; run kit = open_kit(globals()) in a cell above")
        rows, question = _answer(kit, typed, options, above=0 if cell is None else 1)
        return self._shown(rows, options, drawn=options.chart or question.drawn)

    kql.__doc__ = USAGE

    def _shown(self, rows: pd.DataFrame, options: Options, *, drawn: bool) -> pd.DataFrame | None:
        if options.to:
            self.shell.user_ns[options.to] = rows
            _say(f"{options.to}: {counted(len(rows), 'row')}, {', '.join(map(str, rows.columns))}")
        figure = self._draw(rows) if drawn else None
        if figure is not None:
            display(figure)
            return None
        if drawn:
            _say("There is nothing to draw: a chart needs a column of numbers, and times or names beside it.")
        return None if options.to else rows


def _answer(kit: Asked, typed: str, options: Options, above: int) -> tuple[pd.DataFrame, Question]:
    """Ask, and say aloud where rows were left out."""
    limit = options.limit
    queries = kit.queries
    more = None if limit is None else limit + 1
    question = question_of(typed, queries, lambda name: queries[name].text, more)
    try:
        rows = kit.kql(question.text, options.time_limit)
    except QueryError as error:
        raise refusal(error, question, above) from None
    if limit is not None and len(rows) > limit:
        _say(f"The first {counted(limit, 'row')}; there are more. --limit 0 returns all.")
        rows = rows.head(limit)
    return rows, question


def _say(text: str) -> None:
    display({"text/plain": text}, raw=True)
