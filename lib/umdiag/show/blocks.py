"""What a notebook shows: a piece of a page with its style, and the same in plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import pandas as pd

from umdiag.show.markup import Html, listing
from umdiag.show.places import Place, machine_name
from umdiag.show.plaintext import text_of
from umdiag.show.values import spoken, words


@cache
def css() -> Html:
    """Return the style of all blocks: classes `um-…`, on light and dark pages alike."""
    text = files("umdiag.show").joinpath("style.css").read_text(encoding="utf-8")
    return Html(re.sub(r"\s+", " ", text).strip())  # noqa: S704 - our own style sheet


@cache
def style() -> Html:
    """Return the element that carries the style."""
    return Html("<style>{}</style>").format(css())


class Block:
    """A piece of a page: HTML where there is a page, plain text elsewhere.

    `write` makes it for the place where it is shown; it is called at once, so that a fault shows where the
    block is made and not where it is drawn.
    """

    def __init__(self, write: Callable[[Place], Html], markdown: str | None = None) -> None:
        self._write = write
        self._body = write(Place.NOTEBOOK)
        self._markdown = markdown

    def on_page(self) -> Html:
        """Return the block for a page of a report, with its style."""
        return _styled(self._write(Place.PAGE))

    def _repr_html_(self) -> str:
        # Each block brings its style: Lab detaches what is scrolled out of sight, a first block's style too.
        return _styled(self._body)

    def _repr_markdown_(self) -> str | None:
        return self._markdown

    def __repr__(self) -> str:
        return text_of(self._body)


def note(text: str) -> Block:
    """Show one plain remark, such as why a picture is missing."""
    marked = re.sub(r"([\\`*_{}\[\]()#+!|<>&~$-])", r"\\\1", " ".join(text.split()))
    body = Html('<p class="um-answer">{}</p>').format(text)
    return Block(lambda _: body, markdown=f"> {marked}")


def plain_text(text: str) -> Block:
    """Show text that is laid out already, as it stands."""
    body = Html("<pre>{}</pre>").format(text)
    return Block(lambda _: body)


def table(rows: pd.DataFrame, limit: int = 100, file: str = "machines.csv") -> Block:
    """Show the first `limit` rows of a frame, and say how many more there are and where."""
    if rows.empty:
        return Block(lambda _: Html("<p>No rows.</p>"))
    columns = [rows[name] for name in rows.columns]
    numbers = [place for place, column in enumerate(columns) if pd.api.types.is_numeric_dtype(column)]
    times = {place for place, column in enumerate(columns) if isinstance(column.dtype, pd.DatetimeTZDtype)}
    heads = [spoken(name) + (" (UTC)" if place in times else "") for place, name in enumerate(rows.columns)]
    shown = [
        [
            words(value).removesuffix(" UTC") if place in times else words(value)
            for place, value in enumerate(row)
        ]
        for row in rows.head(limit).itertuples(index=False, name=None)
    ]
    machines = {place for place, name in enumerate(rows.columns) if name == "computer"}

    def write(at: Place) -> Html:
        lines = (
            [machine_name(cell, at) if place in machines else cell for place, cell in enumerate(line)]
            for line in shown
        )
        more = len(rows) - limit
        return listing(heads, lines, numbers, range(len(columns))) + (at.rest(more, file) if more > 0 else "")

    return Block(write)


def _styled(body: Html) -> Html:
    # What rows hold is text: JupyterLab would draw $…$ in it as a formula.
    return style() + Html('<div class="um mathjax_ignore tex2jax_ignore">{}</div>').format(body)
