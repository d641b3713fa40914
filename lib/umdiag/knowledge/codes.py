"""Find error codes in texts, and leave alone what only looks like one: GUIDs, addresses, versions, counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from umdiag.knowledge.hresult import FAILURE, known, plausible
from umdiag.knowledge.table import by_number

# A word that says that a code follows; without it, digits alone are taken only if they are a known code.
_SAYS_SO = (
    r"\b(?:error|err|code|hr|hresult|result|status|failed|failure|exit|returned?)"
    r"[\"']?(?:[\s_-]*(?:code|value|with|is|hr|hresult|status))*[\"']?\s{0,3}[:=#(\[,>]?\s{0,3}[\"']?"
)
_FORMS = re.compile(
    r"(?:(?<![0-9A-Za-z_])|(?<=\\[nrt]))0x(?:f{8})?(?P<hex>[089cd][0-9a-f]{7})(?=u?l?(?![0-9a-z_])(?!-[0-9a-f]{4}-))"
    r"|(?<![0-9A-Za-z_.-])-(?P<signed>[12]\d{9}|\d{9})(?![0-9A-Za-z_]|[.,]\d)"
    rf"|{_SAYS_SO}(?:(?P<bare>8[0-9a-f]{{7}})|(?P<said>[2-4]\d{{9}}))(?![0-9a-z_]|[.,-][0-9a-f])"
    r"|(?<![0-9A-Za-z_.:/-])(?P<unsigned>[2-4]\d{9})(?![0-9A-Za-z_]|[.,:-]\d)",
    re.IGNORECASE,
)


def find_codes(text: str) -> list[int]:
    """Return the failure codes of a text as unsigned numbers, each once, in the order of their appearance."""
    return list(dict.fromkeys(number for number, _ in places(text) if number >= FAILURE))


def places(text: str) -> Iterator[tuple[int, int]]:
    """Yield (code, position) for each code in a text; of success codes only those of the table."""
    for form in _FORMS.finditer(text):
        kind = str(form.lastgroup)
        number = int(form[kind], 16) if kind in ("hex", "bare") else int(form[kind])
        if kind == "signed":
            number = -number & 0xFFFFFFFF
        if number < FAILURE:
            if kind == "hex" and number in by_number():
                yield number, form.start(kind)
        elif number <= 0xFFFFFFFF and (known(number) if kind == "unsigned" else plausible(number)):
            yield number, form.start(kind)
