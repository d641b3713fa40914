"""Tell codes that lack digits from codes that say success, and name the codes that they may have been."""

from __future__ import annotations

import re
from collections.abc import Iterator

from umdiag.knowledge.hresult import FAILURE, READ, SOURCE, explain, known, names
from umdiag.knowledge.table import Knowledge, by_number

_DIGITS = re.compile(r"(0x)?([0-9a-f]{5,7})l?", re.IGNORECASE)
_MOST = 5


def incomplete(text: str, number: int) -> Knowledge | None:
    """Return what can be said of a text that is one number of too few digits, None where it has enough.

    Up to four digits are a Win32 error, eight are a whole code.
    """
    digits = _DIGITS.fullmatch(text.strip())
    if digits is None or number < 0x10000 or known(number):
        return None
    prefix, wanted = digits[1] or "", digits[2].upper()
    code = f"{prefix}{wanted}"
    alike = [f"0x{near:08X} ({name})" if name else f"0x{near:08X}" for near, name in _alike(wanted)]
    similar = f" Similar codes: {', '.join(alike)}." if alike else ""
    told = f"Not a known code, and incomplete: it has {len(wanted)} digits, a code has eight."
    return Knowledge(
        id=code,
        kind="code",
        platform="windows",
        code="",
        name=code,
        patterns=(),
        role="deciding",
        confidence="certain",
        meaning=f"{told}{similar}",
        cause="",
        scenario="",
        resolution=("Copy the whole code, 0x and eight digits, and explain that.",),
        source=SOURCE,
        read=READ,
        example=code,
    )


def _alike(digits: str) -> list[tuple[int, str]]:
    """Return codes, with their names, that begin with some digits, or lack one of theirs elsewhere."""
    codes = [f"{number:08X}" for number in dict.fromkeys((*by_number(), *names().whole)) if number >= FAILURE]
    begin = [code for code in codes if code.startswith(digits)]
    lost = [code for code in codes if len(digits) == 7 and digits in _without_a_digit(code)]
    found = [int(code, 16) for code in dict.fromkeys([*begin, *lost])][:_MOST]
    return [(number, explain(number).name) for number in found]


def _without_a_digit(code: str) -> Iterator[str]:
    return (code[:place] + code[place + 1 :] for place in range(len(code)))
