"""Turn a message text of the table into what finds it again, with its variable parts open.

    Could not get lock {path}       `{path}` is any text, up to 600 signs
    =Not assessed                   the whole text, not a part of a longer one
    MaintenanceWindowExceeded{!": false}   not where `": false` follows

Case, kinds of quotes, missing quotes, line breaks and a different number of blanks make no difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

#: Signs that programs, browsers and languages put for one another; a message may also lose them.
QUOTES = "\"'`´‘’‚‛“”„‟′″«»‹›"
_QUOTE = rf"[{QUOTES}\s]*"
_ANY = r"[\s\S]{0,600}?"
_TOKEN = re.compile(r"[a-z0-9_]+")
_PART = re.compile(r"\{(!?)([^{}]*)\}")
Anchor = tuple[str, ...]


def compiled(template: str) -> re.Pattern[str]:
    """Compile a template; variable parts at its ends are left out, for they say nothing."""
    whole = template.startswith("=")
    pieces: list[str] = []
    place = 0
    body = template.removeprefix("=")
    for part in _PART.finditer(body):
        pieces += [_literal(body[place : part.start()], r"\s+"), _variable(part)]
        place = part.end()
    pieces.append(_literal(body[place:], r"\s+"))
    while pieces and pieces[-1] in ("", _ANY):
        pieces.pop()
    while pieces and pieces[0] in ("", _ANY):
        pieces.pop(0)
    text = "".join(pieces).rstrip(r"\.")
    if whole:
        return re.compile(rf"\A\W*{text}\W*\Z", re.IGNORECASE)
    return re.compile(rf"(?<![0-9A-Za-z_]){text}(?![0-9A-Za-z_])", re.IGNORECASE)


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, in small letters."""
    return _TOKEN.findall(text.lower())


def anchors(templates: Iterable[str]) -> Mapping[str, tuple[Anchor, ...]]:
    """Choose for each template up to two pairs of neighbouring words that are rare in all of them.

    A text without any of them cannot hold the message; two, so that a line break cannot hide both.
    """
    choices = {template: _pairs(template) for template in templates}
    often = Counter(pair for pairs in choices.values() for pair in set(pairs))
    chosen = {}
    for template, pairs in choices.items():
        best = sorted(pairs, key=lambda pair: (-len(pair), often[pair], -sum(map(len, pair))))
        second = [pair for pair in best[1:] if not set(pair) & set(best[0])]
        chosen[template] = (*best[:1], *second[:1])
    return chosen


def _pairs(template: str) -> list[Anchor]:
    """List the pairs of whole words that stand side by side; single words where there is no pair."""
    singles: list[Anchor] = []
    pairs: list[Anchor] = []
    pieces = re.split(r"\{[^{}]*\}", re.sub(r"\{![^{}]*\}", "", template.removeprefix("=").lower()))
    for number, piece in enumerate(pieces):
        words = [
            word
            for word in _TOKEN.finditer(piece)
            if (word.start() or not number) and (word.end() < len(piece) or number == len(pieces) - 1)
        ]
        singles += [(word.group(),) for word in words if len(word.group()) > 1]
        for left, right in zip(words, words[1:], strict=False):
            if not set(piece[left.end() : right.start()]) & set(QUOTES):
                pairs.append((left.group(), right.group()))
    return pairs or singles


def _literal(text: str, blank: str) -> str:
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
        return _ANY
    unwanted = _literal(part[2], r"\s*").replace(re.escape(":"), r"\s*:")
    return rf"(?!\W{{0,2}}{unwanted})" if part[2] else ""
