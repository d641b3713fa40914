"""Reduce a line of a log to its shape: what is left when times and running numbers are taken out."""

from __future__ import annotations

import re
from functools import cache

from umdiag.knowledge.table import table
from umdiag.knowledge.templates import tokens

_TIME = (
    rb"\d{4}[-/.]\d{2}[-/.]\d{2}[T \t]+\d{1,2}:\d{2}(?::\d{2})?(?:[.:,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?"
    rb"|\d{1,2}/\d{1,2}/\d{2,4},?[ \t]+\d{1,2}:\d{2}:\d{2}(?:[.:]\d+)?(?: [AP]M)?"
    rb"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2}"
)
_ANY_TIME, _LEADING = re.compile(_TIME), re.compile(rb"[\[\"' ]*(?:" + _TIME + rb")[\s\d]*")
_WITH_DIGITS = re.compile(rb"[A-Za-z_]*[0-9]\w*")
# What may be a code: these stay, as do numbers of which a message of the table is made.
_CODE = re.compile(rb"0[xX]\w+|[89][0-9A-Fa-f]{7}\w?|[0-9]{9,10}")


def shape(line: bytes) -> bytes:
    """Return what lines that hold the same have in common: no leading time, and 0 for each other number.

    Two lines of one shape hold the same messages and codes.
    """
    lead = _LEADING.match(line)
    return _WITH_DIGITS.sub(_reduced, line[lead.end() :] if lead else line)


def moment(line: bytes) -> str:
    """Return the first time in a line, as the line writes it, else nothing."""
    place = _ANY_TIME.search(line, 0, 600)
    return " ".join(place[0].decode("ascii").split()) if place else ""


def _reduced(number: re.Match[bytes]) -> bytes:
    word = number[0]
    return word if word.lower() in _of_messages() or _CODE.fullmatch(word) else b"0"


@cache
def _of_messages() -> frozenset[bytes]:
    """Return the words with digits of which the messages of the table are made."""
    words = {word for row in table() for template in row.patterns for word in tokens(template)}
    return frozenset(word.encode() for word in words if any(sign.isdigit() for sign in word))
