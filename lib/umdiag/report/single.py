"""A whole report in one file that can be mailed: its first page as it is, the others packed beside it.

Nothing in it is loaded from anywhere. Its scripts are named by their hashes, so no other one runs.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from umdiag.report.templates import bundle, script

#: Between which marks of its frame a page differs from the others.
_BEGIN, _END = "<!-- page -->", "<!-- end of page -->"
_LINK = re.compile(r'href="(?P<page>[\w-]+)\.html(?:#(?P<anchor>[^"]*))?"')
_FILE = re.compile(Markup(r'<a href="(?!https:|#)[^"]*"[^>]*>(?P<name>.*?)</a>'), re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Single:
    """What the frame of such a file holds: the scripts with their hashes, the other pages packed."""

    script: Markup
    hashes: str
    pages: str
    plotly: str


def packed(folder: Path, families: Sequence[str]) -> Single:
    """Pack the pages of these families, as they were written into a report's folder."""
    pages = {
        family: linked(_content((folder / f"{family}.html").read_text(encoding="utf-8")), families)
        for family in families
    }
    plotly = bundle()
    packed_pages = _pack(json.dumps(pages, ensure_ascii=False))
    return inlined(script(single=True), plotly, pages=packed_pages, plotly=_pack(plotly))


def with_charts() -> Single:
    """Let a page carry what its charts need, and no other page."""
    plotly = bundle()
    return inlined(script(single=True), plotly, pages=_pack("{}"), plotly=_pack(plotly))


def inlined(own_script: str, *others: str, pages: str = "", plotly: str = "") -> Single:
    """Let a page carry our own script, and run no other but these."""
    return Single(
        script=Markup(own_script),  # noqa: S704 - our own script
        hashes=" ".join(f"'sha256-{_hash(text)}'" for text in (own_script, *others)),
        pages=pages,
        plotly=plotly,
    )


def linked(page: str, families: Collection[str]) -> str:
    """Let links lead to the pages in one file; of what lies beside a report only the name stays."""

    def there(link: re.Match[str]) -> str:
        if link["page"] not in (*families, "index"):
            return link[0]
        anchor = f"/{link['anchor']}" if link["anchor"] else ""
        return f'href="#{link["page"]}{anchor}"'

    return _FILE.sub(lambda link: link["name"], _LINK.sub(there, page))


def _content(page: str) -> str:
    return page.partition(_BEGIN)[2].rpartition(_END)[0]


def _pack(text: str) -> str:
    packed = gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
