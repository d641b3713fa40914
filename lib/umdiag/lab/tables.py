"""Frames in a notebook: thousands of rows that sort and can be searched, whatever their cells hold.

The library that does it (itables) comes with the notebook's output; nothing is loaded from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from umdiag.show.blocks import note, table
from umdiag.show.values import words
from umdiag.words.counting import counted

#: Up to so many rows need no search.
_FEW = 12
#: What is sent to the browser at most.
_MOST_ROWS, _MOST_BYTES = 5_000, 4_000_000
_LONGEST = 160
#: Control characters and signs that turn the direction of writing; a cell is one line of text.
_UNSEEN = r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+"
#: No formula of TeX is drawn in a cell.
_CLASSES = "display nowrap compact mathjax_ignore tex2jax_ignore"


class Tables:
    """Writes frames as HTML; `place` names the cell that runs now.

    The library is sent with the first table, and again with the table of the cell that sent it: a cell that
    is run again loses what it showed.
    """

    def __init__(self, place: Callable[[], str]) -> None:
        self._place = place
        self._sent: str | None = None

    def html(self, frame: pd.DataFrame) -> str:
        """Return a frame as safe HTML."""
        if len(frame) <= _FEW:
            return table(frame)._repr_html_()
        self._send()
        return _sortable(frame)

    def _send(self) -> None:
        place = self._place()
        if self._sent in (None, place):
            import itables

            itables.init_notebook_mode(all_interactive=False, connected=False)
            self._sent = place


def _sortable(frame: pd.DataFrame) -> str:
    import itables

    shown = frame.head(_MOST_ROWS)
    cells = pd.DataFrame(
        {str(name): _cells(shown.iloc[:, place]) for place, name in enumerate(frame.columns)}
    )
    written = itables.to_html_datatable(
        cells,
        connected=False,
        showIndex=False,
        allow_html=False,
        classes=_CLASSES,
        style="table-layout:auto;width:auto;margin:0",
        maxBytes=_MOST_BYTES,
        lengthMenu=[10, 25, 100, 500],
        columnDefs=_sides(cells),
        display_logo_when_loading=False,
    )
    if len(frame) > len(shown):
        rest = f"The first {len(shown):,} of {counted(len(frame), 'row')}: keep fewer with a filter."
        written += note(rest)._repr_html_()
    return str(written)


def _sides(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Set numbers right and text left."""
    right = [place for place, dtype in enumerate(cells.dtypes) if pd.api.types.is_numeric_dtype(dtype)]
    left = [place for place in range(cells.shape[1]) if place not in right]
    return [{"className": "dt-left", "targets": left}, {"className": "dt-right", "targets": right}]


def _cells(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column as numbers or as short lines of text."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return column.map(words).astype("str")
    if pd.api.types.is_numeric_dtype(column):
        return column
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("").astype("str")
    texts = column if pd.api.types.is_string_dtype(column) else column.map(words)
    texts = texts.astype("str").fillna("").str.slice(0, 2 * _LONGEST)
    plain = texts.str.replace(_UNSEEN, " ", regex=True)
    return plain.where(plain.str.len() <= _LONGEST, plain.str.slice(0, _LONGEST) + "…")
