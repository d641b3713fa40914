"""Say what a text or a code means."""

from __future__ import annotations

import re

from umdiag.knowledge.cleaning import plain
from umdiag.knowledge.codes import places
from umdiag.knowledge.hresult import explain, names, parse
from umdiag.knowledge.matching import messages, statuses
from umdiag.knowledge.table import Knowledge, by_name

_NAME = re.compile(r"\b[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\b")


def decode(text_or_code: str | int) -> list[Knowledge]:
    """Return what is known of a code, a name or a text: messages first, then codes, each once.

    A code is a number (signed or unsigned) or a text in hex or decimal; every 32-bit number has an answer.
    An empty list means that nothing in the text is known.
    """
    if isinstance(text_or_code, int):
        return [explain(text_or_code & 0xFFFFFFFF)]
    number = parse(text_or_code)
    if number is not None:
        return [explain(number)]
    text = plain(text_or_code)
    found = (
        statuses(text) + [row for _, row in messages(text)] + [explain(code) for code, _, _ in places(text)]
    )
    return list({row.id: row for row in found or _named(text)}.values())


def _named(text: str) -> list[Knowledge]:
    """Return the rows of symbolic names in a text, such as WU_E_NO_SERVICE."""
    single = by_name().get(text.strip().casefold())
    if single:
        return [single]
    numbers = {name: number for number, name in names().whole.items()}
    found = []
    for word in dict.fromkeys(_NAME.findall(text[:20_000])):
        if row := by_name().get(word.casefold()):
            found.append(row)
        elif word.upper() in numbers:
            found.append(explain(numbers[word.upper()]))
        elif word.upper().startswith(("ERROR_", "RPC_S_")):
            found += [explain(n) for n, (name, _) in names().win32.items() if n and name == word.upper()]
    return found
