"""Markdown pages become HTML pages that link to each other, open from disk and load nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from os.path import relpath
from pathlib import Path, PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from umdiag._version import __version__
from umdiag.docs.pages import IN_ORDER, texts, title
from umdiag.errors import CallError, is_full
from umdiag.words.files import write_private


def build(folder: Path) -> None:
    """Write every page into `folder`, over those of an earlier build. Raises CallError where it cannot."""
    try:
        for page, text in texts().items():
            target = folder / f"{page}.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_private(target, html(page, text).encode())
    except OSError as error:
        if is_full(error):
            raise
        raise CallError(
            f"{folder}: cannot be written ({error.strerror}); name another folder with -o"
        ) from None


def html(page: str, text: str) -> str:
    """Write one page, the path of which is `page`; HTML in its Markdown is shown as text."""
    tokens = list(_framed(_parser().parse(text)))
    for token in tokens:
        for part in token.children or ():
            if part.type == "link_open":
                part.attrSet("href", address(str(part.attrGet("href"))))
    parser = _parser()
    body = parser.renderer.render(tokens, parser.options, {})
    written: str = (
        _environment()
        .get_template("page.html")
        .render(
            title=title(text),
            body=Markup(body),  # noqa: S704 - the parser escapes what it does not write itself
            css=_css(),
            start=_relative(IN_ORDER[0], page),
            links=[
                (_relative(name, page), _called(name), name == page.partition("/")[0]) for name in IN_ORDER
            ],
            home=page == IN_ORDER[0],
            version=__version__,
        )
    )
    return written


def address(link: str) -> str:
    """Return what a link of a Markdown page is in HTML: pages of ours end otherwise, all else stays."""
    return link if "://" in link else re.sub(r"\.md(?=#|$)", ".html", link)


def slug(heading: str) -> str:
    """Return the anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def _framed(tokens: Sequence[Token]) -> Iterator[Token]:
    """Give headings their anchors, cells the heading of their column (a narrow screen shows cells below each
    other), and tables a frame that scrolls by itself and by keyboard.
    """
    heads: list[str] = []
    cell = tables = 0
    heading = ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[place + 1].content.replace("`", "")
            token.attrSet("id", slug(heading))
        if token.type == "th_open":
            token.attrSet("scope", "col")
            heads.append(tokens[place + 1].content.replace("`", ""))
        if token.type == "tr_open":
            cell = 0
        if token.type == "td_open":
            token.attrSet("data-head", heads[cell])
            cell += 1
        if token.type == "table_open":
            heads = []
            tables += 1
            frame = {
                "class": "wide",
                "tabindex": "0",
                "role": "region",
                "aria-label": f"Table {tables}: {heading}",
            }
            yield Token("frame_open", "div", 1, attrs=dict(frame), block=True)
        yield token
        if token.type == "table_close":
            yield Token("frame_close", "div", -1, block=True)


def _called(page: str) -> str:
    """Return what the navigation calls a page."""
    return "Start" if page == IN_ORDER[0] else title(texts()[page])


def _relative(name: str, page: str) -> str:
    return PurePosixPath(relpath(f"{name}.html", PurePosixPath(page).parent)).as_posix()


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("umdiag.docs", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _css() -> Markup:
    return Markup(files("umdiag.docs").joinpath("page.css").read_text(encoding="utf-8"))  # noqa: S704 - ours
