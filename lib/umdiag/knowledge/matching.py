"""Recognise the messages of the table in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from umdiag.knowledge.choosing import Match, chosen
from umdiag.knowledge.cleaning import cleaned
from umdiag.knowledge.table import Knowledge, table
from umdiag.knowledge.templates import Anchor, Message, anchors, compiled, tokens

#: Causes of `linux_run_failed` that a text can show, in the order in which they are reported.
LINUX_CAUSES = ("dependencies_unresolved", "package_manager_unhealthy", "package_interferes")
Pair = tuple[str, Knowledge]


@dataclass(frozen=True, kw_only=True)
class Index:
    """Which templates are worth a closer look, by words that stand side by side in a text."""

    by_anchor: Mapping[Anchor, tuple[Pair, ...]]
    whole: tuple[Pair, ...]

    def candidates(self, text: str) -> Iterator[Pair]:
        """Yield (template, row) for every template whose rare words the text holds, each once."""
        words = tokens(text)
        here = {*pairwise(words), *((word,) for word in words)} & self.by_anchor.keys()
        seen: set[str] = set()
        for anchor in here:
            for template, row in self.by_anchor[anchor]:
                if template not in seen:
                    seen.add(template)
                    yield template, row


@cache
def index(kind: str = "") -> Index:
    """Return the index of all messages, or of those of one kind."""
    pairs = [(text, row) for row in table() if kind in ("", row.kind) for text in row.patterns]
    picked = anchors(template for template, _ in pairs)
    by_anchor: dict[Anchor, list[Pair]] = {}
    for template, row in pairs:
        for anchor in () if template.startswith("=") else picked[template]:
            by_anchor.setdefault(anchor, []).append((template, row))
    return Index(
        by_anchor={anchor: tuple(found) for anchor, found in by_anchor.items()},
        whole=tuple(pair for pair in pairs if pair[0].startswith("=")),
    )


def messages(text: str, kind: str = "") -> list[Knowledge]:
    """Return the row of each message in a cleaned text: reasons first, then what follows from them."""
    return [match.row for match in chosen(text.lower(), matches(text, kind))]


def matches(text: str, kind: str = "") -> list[Match]:
    """Return each row with the first place of its message in a cleaned text."""
    found: dict[str, Match] = {}
    text = text.lower()
    for template, row in index(kind).candidates(text):
        place = pattern(template).search(text)
        if place and (row.id not in found or place.start < found[row.id].start):
            found[row.id] = Match(row=row, start=place.start, end=place.end)
    return list(found.values())


def statuses(text: str) -> list[Knowledge]:
    """Return the rows whose text is the whole of the given one, such as a status in the portal."""
    if len(text) > 200:
        return []
    return [row for template, row in index().whole if pattern(template).search(text.lower())]


@lru_cache(maxsize=8192)
def classify_linux(text: str) -> tuple[str, ...]:
    """Return the causes of `linux_run_failed` that a text shows, first that fits first; empty for none."""
    shown = {row.cause for row in messages(cleaned(text), "package_manager")}
    return tuple(cause for cause in LINUX_CAUSES if cause in shown)


def prefilter(keys: Iterable[Anchor]) -> str:
    """Write one pattern (RE2) that finds every line in which a message may stand."""
    gap = r"(?:[^0-9A-Za-z_]|\\[nrt])+"
    return "(?i)" + "|".join(sorted(gap.join(anchor) for anchor in keys))


@cache
def pattern(template: str) -> Message:
    """Return what finds a template in a text in small letters."""
    return compiled(template)
