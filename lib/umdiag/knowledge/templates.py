"""Turn a message text of the table into what finds it again, with its variable parts open.

    Could not get lock {path}       `{path}` is any text, up to 600 signs
    exit code: 17{line}omsagent     `{line}` is any text of the same line
    zypper{exit}106                 `{exit}` is what names a return code: `returned`, `exited with code`
    =Not assessed                   the whole text, not a part of a longer one
    #Conflict                       the word where a code is: behind `code`, in brackets or quotes, or alone
    MaintenanceWindowExceeded{!": false}   not where `": false` follows

Case, kinds of quotes, missing quotes, line breaks and a different number of blanks make no difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

#: Signs that programs, browsers and languages put for one another; a message may also lose them.
QUOTES = "\"'`´‘’‚‛“”„‟′″«»‹›"
_QUOTE = rf"[{QUOTES}\s]*"
#: Stand between two parts of a message; so many signs lie there at most.
_ANY, _LINE, _EXIT = "{any}", "{line}", "{exit}"
_WIDEST = {"": 0, _ANY: 600, _LINE: 300, _EXIT: 120}
_OPEN = ("", _ANY, _LINE)  # at an end of a message these say nothing
_BLANK = r"\s+"
# Whole words are on both sides of these two.
_END, _BOUND = r"(?![0-9a-z_])", r"(?<![0-9a-z_](?=[0-9a-z_]))"
_EXITS = rf"(?:exit|return|error|fail|status|code|rc)[^\n0-9]{{0,40}}?{_BOUND}"
_LOOSE = r"\s*"
_TOKEN = re.compile(r"[a-z0-9_]+")
_PART = re.compile(r"\{(!?)([^{}]*)\}")
Anchor = tuple[str, ...]
#: A word of so many signs is a name, as a rule.
_RARE = 10
#: A pair of words in more messages than these is in any log, such as `failed to`.
_COMMON = 8


class Place(NamedTuple):
    """Where a message stands in a text."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a message, and how far behind the one before it may stand."""

    pattern: re.Pattern[str]
    widest: int = 0
    same_line: bool = False


@dataclass(frozen=True, kw_only=True)
class Message:
    """What finds a template in a text in small letters: parts in their order, any text in between.

    The first place of the next part is as good as any later one, and what was found ahead is kept: the time
    is proportional to the text, whatever the text.
    """

    parts: tuple[Part, ...]

    def search(self, text: str) -> Place | None:
        """Return the first place of the message."""
        first, *others = self.parts
        ahead: list[re.Match[str] | None] = [None] * len(others)
        begin = first.pattern.search(text)
        while begin:
            end = begin.end()
            for number, part in enumerate(others):
                place = ahead[number]
                if place is None or place.start() < end:
                    place = ahead[number] = part.pattern.search(text, end)
                if place is None:
                    return None
                if place.start() - end > part.widest:
                    break
                if part.same_line and text.find("\n", end, place.start()) >= 0:
                    break
                end = place.end()
            else:
                return Place(begin.start(), end)
            begin = first.pattern.search(text, begin.start() + 1)
        return None


def compiled(template: str) -> Message:
    """Compile a template for texts in small letters; variable parts at its ends are left out."""
    if template.startswith("#"):
        return Message(parts=(Part(pattern=_where_a_code_is(template[1:].lower())),))
    body = template.removeprefix("=").lower()
    pieces = [""]
    place = 0
    for part in _PART.finditer(body):
        pieces += [_literal(body[place : part.start()]), _variable(part)]
        place = part.end()
    pieces.append(_literal(body[place:].rstrip(".")))
    first = next(i for i, piece in enumerate(pieces) if piece not in _OPEN)
    last = next(i for i, piece in reversed([*enumerate(pieces)]) if piece not in _OPEN)
    pieces[first] = pieces[first].removeprefix(_BLANK)
    pieces[last] = pieces[last].removesuffix(_BLANK)
    whole = template.startswith("=")
    if not whole and _ANY not in pieces[last:]:
        pieces[last] += _END
    gaps, parts = _parted(pieces[first : last + 1])
    if whole:
        parts = [rf"\A\W*{parts[0]}", *parts[1:]]
        parts[-1] += r"\W*\Z"
    elif _ANY not in pieces[:first]:  # behind the first word, so that the search may begin with that word
        parts[0] = re.sub(r"\A[a-z0-9_]+", r"\g<0>(?<![0-9a-z_]\g<0>)", parts[0])
    return Message(
        parts=tuple(
            Part(pattern=re.compile(part), widest=_WIDEST[gap], same_line=gap != _ANY)
            for gap, part in zip(gaps, parts, strict=True)
        )
    )


def _parted(pieces: list[str]) -> tuple[list[str], list[str]]:
    """Return the parts of a message, and before each its gap; what a gap holds as well is not asked again."""
    gaps, parts = [""], [""]
    for piece in pieces:
        if piece not in _WIDEST or not piece:
            parts[-1] += piece if parts[-1] or gaps[-1] != _ANY else piece.removeprefix(_QUOTE)
            continue
        if piece == _LINE and not parts[-1]:  # behind any text
            continue
        parts[-1] += _BOUND if piece == _LINE else ""
        gaps.append(piece)
        parts.append({_ANY: "", _LINE: _BOUND, _EXIT: _EXITS}[piece])
    return gaps, parts


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, in small letters."""
    return _TOKEN.findall(text.lower())


def anchors(templates: Iterable[str]) -> Mapping[str, tuple[Anchor, ...]]:
    """Choose for each template up to two pairs of neighbouring words that are rare in all of them.

    A text without any of them cannot hold the message; two, so that a line break cannot hide both. Where no
    words are neighbours it is the longest word: the others, such as `failed`, are in half of all lines. So it
    is where a name of some length is on the other side of a `{line}`.
    """
    choices = {template: _pairs(template) for template in templates}
    often = Counter(pair for pairs in choices.values() for pair in set(pairs))
    chosen: dict[str, tuple[Anchor, ...]] = {}
    for template, pairs in choices.items():
        alone = max(
            (pair for pair in pairs if len(pair) == 1), key=lambda single: len(single[0]), default=None
        )
        if alone and (len(pairs) == 1 or len(alone[0]) >= _RARE or all(len(pair) == 1 for pair in pairs)):
            chosen[template] = (alone,)
            continue
        best = sorted(pairs, key=lambda pair: (-len(pair), often[pair], -sum(map(len, pair))))
        second = [pair for pair in best[1:] if not set(pair) & set(best[0]) and often[pair] <= _COMMON]
        chosen[template] = (*best[:1], *second[:1])
    return chosen


def _pairs(template: str) -> list[Anchor]:
    """List the pairs of whole words that stand side by side; single words where there is no pair."""
    singles: list[Anchor] = []
    pairs: list[Anchor] = []
    body = re.sub(r"\{![^{}]*\}", "", template.lstrip("=#").lower())
    body = re.sub(r"\{(?:exit|line)\}", r" \g<0> ", body)
    pieces = re.split(r"\{[^{}]*\}", body)
    for number, piece in enumerate(pieces):
        words = [
            word
            for word in _TOKEN.finditer(piece)
            if (word.start() or not number) and (word.end() < len(piece) or number == len(pieces) - 1)
        ]
        singles += [(word.group(),) for word in words if len(word.group()) > 1]
        for left, right in pairwise(words):
            if not set(piece[left.end() : right.start()]) & set(QUOTES):
                pairs.append((left.group(), right.group()))
    if "{line}" in template:
        return [*pairs, *(single for single in singles if len(single[0]) >= _RARE)] or singles
    return pairs or singles


def _where_a_code_is(word: str) -> re.Pattern[str]:
    before = r"(?:\A\W*|\n\s*|code\W{1,8}|error:?\s|[(\[\"'>=])"
    return re.compile(rf"{before}{re.escape(word)}(?=[\"')\]:<,;]|\W*\Z|\s*\n|\s+message\b)")


def _literal(text: str, blank: str = _BLANK) -> str:
    written = []
    for run in re.findall(rf"\s+|[{QUOTES}]+|[^\s{QUOTES}]+", text):
        if run.isspace():
            written.append(blank)
        elif run[0] in QUOTES:
            written.append(_QUOTE)
        else:
            written.append(re.escape(run))
    return "".join(written)


def _variable(part: re.Match[str]) -> str:
    if not part[1]:
        return part[0] if part[0] in _WIDEST else _ANY
    return rf"(?!\W{{0,2}}{_literal(part[2], _LOOSE).replace(':', rf'{_LOOSE}:')})"
