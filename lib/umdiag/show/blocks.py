"""What every block of a notebook is made of: escaped HTML with its style, and the same in plain text."""

from __future__ import annotations

import html
import os
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pandas as pd

from umdiag.words.moments import to_the_minute

_TIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$")
_WIDE = 400
_WIDE_TABLE = 8
_SHORT_NAME = 44
_NAMING = ("table", "cause", "name", "property", "predicate")


@cache
def css() -> str:
    """Return the style of all blocks: classes `um-…`, on light and dark pages alike."""
    text = files("umdiag.show").joinpath("style.css").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text).strip()


@dataclass(frozen=True, repr=False)
class Block:
    """A piece of a page: HTML where there is a page, plain text elsewhere. `body` is safe HTML."""

    body: str
    markdown: str | None = None

    def _repr_html_(self) -> str:
        # Each block brings its style: Lab detaches what is scrolled out of sight, a first block's style too.
        return f'<style>{css()}</style><div class="um">{self.body}</div>'

    def _repr_markdown_(self) -> str | None:
        return self.markdown

    def __repr__(self) -> str:
        return text_of(self.body)


def join(*parts: Block) -> Block:
    """Put blocks one below the other."""
    return Block("".join(part.body for part in parts))


def esc(value: object) -> str:
    """Escape one value of a row for HTML; control characters become blanks."""
    return html.escape(
        re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", " ", str(value)), quote=True
    )


def badge(word: str, kind: str = "") -> str:
    """Write a word as a badge; colour only underlines what the word says."""
    return f'<span class="um-badge um-{esc((kind or word).lower())}">{esc(word)}</span>'


def link(address: str, text: str) -> str:
    """Link to an https page or a file beside this one; anything else stays text."""
    if re.match(r"^https://[^\s\"'<>]+$", address) or re.match(r"^[\w./-]+$", address):
        return f'<a href="{esc(address)}" rel="noopener noreferrer">{esc(text)}</a>'
    return esc(f"{text} ({address})" if address and address != text else text)


def in_report() -> bool:
    """Whether this kernel makes a page of a report, beside which the report's files lie."""
    return bool(os.environ.get("UMDIAG_RUN"))


def rest(number: int, file: str = "findings.csv") -> str:
    """Say how much is left out and where all of it is."""
    where = f"in {link(file, file)}" if in_report() else f"in {esc(file)} of a report"
    return f'<p class="um-soft">… and {number:,} more {where}</p>'


def words(value: Any, key: str = "") -> str:
    """Write a value from evidence or a frame for a reader, without HTML: times to the minute, lists cut.

    `key` is what the value is called: a number that is a name is written as it stands.
    """
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case str():
            return _moment_in(value) if _TIME.match(value) else _cut(value)
        case datetime():
            return _moment(value)
        case timedelta():
            return _span(value)
        case int():
            return str(value) if str(key).endswith("_id") else f"{value:,}"
        case float():
            return "—" if value != value else f"{value:,.10g}" if value == int(value) else f"{value:,.4g}"
        case Mapping():
            return _pairs(value)
        case Sequence() | set() | frozenset():
            apart = "; " if any(isinstance(one, Mapping) for one in value) else ", "
            return _listed([words(one) for one in value], 4, apart)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "—"
    plain = value.item() if hasattr(value, "item") else None
    return words(plain, key) if plain is not None and not hasattr(plain, "item") else _cut(str(value))


def spoken(key: object) -> str:
    """Write a key of evidence or a cause as words."""
    return re.sub(
        r"\b(gb|mb|kb|id|arm|os|wsus)\b", lambda unit: unit[0].upper(), str(key).replace("_", " ")
    ).strip()


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Iterable[int] = (),
    names: Iterable[int] = (),
) -> str:
    """Make a table of safe HTML cells; `numbers` are the columns set right, short `names` are not broken."""
    right, kept = set(numbers), set(names)
    lines = []
    for row in rows:
        kinds = (
            "um-n" if n in right else "um-k" if n in kept and _is_short(cell) else ""
            for n, cell in enumerate(row)
        )
        cells = zip(kinds, row, strict=True)
        lines.append(
            "".join(f'<td class="{kind}">{cell}</td>' if kind else f"<td>{cell}</td>" for kind, cell in cells)
        )
    head = "".join(f"<th>{esc(one)}</th>" for one in heads)
    wide = ' class="um-wide"' if len(heads) > _WIDE_TABLE else ""
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table{wide}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def steps(resolution: Iterable[str]) -> str:
    """Write the steps of a resolution as a numbered list."""
    return "<ol>" + "".join(f"<li>{esc(step)}</li>" for step in resolution) + "</ol>"


def folded(summary: str, body: str) -> str:
    """Hide `body` (safe HTML) behind one line."""
    return f"<details><summary>{esc(summary)}</summary>{body}</details>"


def note(text: str) -> Block:
    """Show one plain remark, such as why a picture is missing."""
    marked = re.sub(r"([\\`*_{}\[\]()#+!|<>&~$-])", r"\\\1", " ".join(text.split()))
    return Block(f'<p class="um-answer">{esc(text)}</p>', markdown=f"> {marked}")


def table(rows: pd.DataFrame, limit: int = 100, file: str = "machines.csv") -> Block:
    """Show the first `limit` rows of a frame, and say how many more there are and where."""
    if rows.empty:
        return Block("<p>No rows.</p>")
    columns = [rows[name] for name in rows.columns]
    numbers = [n for n, column in enumerate(columns) if pd.api.types.is_numeric_dtype(column)]
    times = {n for n, column in enumerate(columns) if isinstance(column.dtype, pd.DatetimeTZDtype)}
    heads = [spoken(name) + (" (UTC)" if n in times else "") for n, name in enumerate(rows.columns)]
    cells = (
        [
            esc(words(value).removesuffix(" UTC") if n in times else words(value))
            for n, value in enumerate(row)
        ]
        for row in rows.head(limit).itertuples(index=False, name=None)
    )
    body = listing(heads, cells, numbers, range(len(columns)))
    return Block(body + (rest(len(rows) - limit, file) if len(rows) > limit else ""))


def text_of(body: str) -> str:
    """Write safe HTML as plain text: one line per row, steps numbered, nothing hidden."""
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

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "ol":
            self._number = 0
        if tag == "li":
            self._number += 1
            self.found.append(f"\n{self._number}. ")
        elif tag in ("p", "tr", "table", "ol", "details", "h3", "h4", "pre", "div", "br"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.found.append(" | ")
        elif tag in ("p", "table", "ol", "details", "summary", "h3", "h4", "pre", "div"):
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _is_short(cell: str) -> bool:
    return len(re.sub(r"<[^>]*>", "", cell)) <= _SHORT_NAME


def _moment(time: datetime) -> str:
    if pd.isna(time):
        return "—"
    return to_the_minute(time)


def _moment_in(text: str) -> str:
    try:
        return _moment(datetime.fromisoformat(text))
    except ValueError:
        return _cut(text)


def _pairs(value: Mapping[Any, Any]) -> str:
    """Write a mapping as words; of an update its title and KB are enough, what names a row needs no key."""
    package = value.get("package") if "package_version" in value else None
    if title := value.get("title") or value.get("product") or package:
        kb = str(value.get("kb") or "").upper().removeprefix("KB")
        more = [
            f"KB{kb}" if kb and kb not in str(title) else "",
            "" if kb else str(value.get("product_version") or value.get("package_version") or ""),
        ]
        return " ".join(part for part in (_cut(str(title)), *more) if part)
    parts = []
    for key, one in value.items():
        if one is not None and one != "":
            said = spoken(one) if key == "cause" else words(one, key)
            parts.append(said if key in _NAMING else f"{spoken(key)} {said}")
    return _listed(parts, 7, ", ")


def _span(span: timedelta) -> str:
    if pd.isna(span):
        return "—"
    hours = span / timedelta(hours=1)
    return f"{hours / 24:.3g} days" if abs(hours) >= 48 else f"{hours:.3g} hours"


def _cut(text: str) -> str:
    return textwrap.shorten(text, _WIDE, placeholder=" …") if len(text) > _WIDE else text


def _listed(parts: list[str], most: int, apart: str) -> str:
    if not parts:
        return "—"
    more = f"{apart}… {len(parts) - most:,} more" if len(parts) > most else ""
    return apart.join(parts[:most]) + more
