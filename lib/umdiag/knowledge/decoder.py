"""Say what a text or a code means."""

from __future__ import annotations

from umdiag.knowledge.cleaning import cleaned
from umdiag.knowledge.codes import codes_of
from umdiag.knowledge.hresult import explain, parse, plain
from umdiag.knowledge.incomplete import incomplete
from umdiag.knowledge.matching import messages, statuses
from umdiag.knowledge.table import ROLES, Knowledge, by_name


def decode(text_or_code: str | int) -> list[Knowledge]:
    """Return what is known of a code, a name or a text: reasons first (messages, then codes), each once.

    A code is a number (signed or unsigned) or a text in hex or decimal; every 32-bit number has an answer.
    A text of five to seven digits that is no known code is incomplete. Of a text the codes are those of
    `find_codes`, and those of success. An empty list means that nothing in the text is known.
    """
    if isinstance(text_or_code, int):
        return [explain(text_or_code & 0xFFFFFFFF)]
    number = parse(text_or_code)
    if number is not None:
        return [incomplete(plain(text_or_code), number) or explain(number)]
    text = cleaned(text_or_code)
    found = statuses(text) + messages(text) + [explain(code) for code in codes_of(text_or_code)]
    named = by_name().get(text.strip().casefold())
    return ordered(found or ([named] if named else []))


def ordered(found: list[Knowledge]) -> list[Knowledge]:
    """Return each row once, reasons first; what is true of many texts only where nothing else is known."""
    rows = sorted({row.id: row for row in found}.values(), key=lambda row: ROLES.index(row.role))
    return [row for row in rows if row.role != ROLES[-1] or rows[0].role != ROLES[0]]
