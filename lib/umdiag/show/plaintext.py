"""A block as plain text, for a terminal: one line per row, steps numbered, nothing hidden."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BEGIN_A_LINE = ("p", "tr", "table", "ol", "details", "h3", "h4", "pre", "div", "br", "dt")
_EMPTY = ("br", "img")
_END_A_LINE = ("p", "table", "ol", "details", "summary", "h3", "h4", "pre", "div")


def text_of(body: str) -> str:
    """Write safe HTML as plain text."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in "".join(reader.found).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.removesuffix(" |") for line in lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._number = 0
        #: Tags that are open, from the first on that shows nothing but a picture.
        self._unsaid: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _EMPTY and (self._unsaid or ("aria-hidden", "true") in attrs):
            self._unsaid.append(tag)
            return
        if tag == "ol":
            self._number = 0
        if tag == "li":
            self._number += 1
            self.found.append(f"\n{self._number}. ")
        elif tag in _BEGIN_A_LINE:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._unsaid:
            self._unsaid.pop()
            return
        if tag in ("td", "th"):
            self.found.append(" | ")
        elif tag == "dt":
            self.found.append(": ")
        elif tag in _END_A_LINE:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unsaid:
            self.found.append(data)
