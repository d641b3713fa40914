"""Find error codes in texts, and leave alone what only looks like one: GUIDs, addresses, versions, counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from umdiag.knowledge.cleaning import cleaned
from umdiag.knowledge.hresult import FAILURE, by_symbol, hresult_of, known, parse, plausible
from umdiag.knowledge.table import by_number

_FORM = re.compile(
    r"(?<![0-9A-Za-z_])(?:0[xX](?:[fF]{8})?(?P<hex>[0-9A-Fa-f]{8})[uUlL]{0,2}|(?P<bare>[89][0-9A-Fa-f]{7})"
    r"|(?P<decimal>[1-4]?[0-9]{9}))(?![0-9A-Za-z_])"
)
# A word that says that a code follows; without it, digits alone are taken only if they are a known code.
_SAYS_SO = re.compile(
    r"(?:error|err|code|hr|hresult|result|status|failed|failure|exit|returned?)"
    r"(?:[\s_-]*(?:code|value|with|is|hr|hresult|status))*[\"']?\s{0,3}(?:=>|->|[:=#(\[,>]?)\s{0,3}[\"'(]?\Z",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"\b[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\b")
# A name stands near the beginning of what a program says; what follows may be a whole log.
_FIRST_SIGNS = 20_000
_PART_OF_MORE = re.compile(r"-[0-9A-Fa-f]{4}-|[.,:]\d|-\d")


def find_codes(text: str) -> list[int]:
    """Return the failure codes of a text as unsigned numbers, each once, in the order of their appearance."""
    return [code for code in codes_of(text) if code >= FAILURE]


def codes_of(text: str) -> list[int]:
    """Return the codes that a text tells: the number that it is, else numbers in it, else names in it."""
    if (number := parse(text)) is not None:
        return [hresult_of(number)]
    text = cleaned(text)
    numbers = [number for number, _, _ in places(text)] or _named(text)
    return list(dict.fromkeys(numbers))


def places(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (code, start, end) for each code in a cleaned text; of success codes only those of the table."""
    for form in _FORM.finditer(text):
        number = _number(form, text)
        if number >= FAILURE or number in by_number():
            yield number, *form.span()


def _number(form: re.Match[str], text: str) -> int:
    """Return the code that was found, 0 where it is none."""
    kind = str(form.lastgroup)
    start, end = form.span()
    if kind == "hex":
        number = int(form[kind], 16)
        if _PART_OF_MORE.match(text, end) and text[end] == "-":
            return 0
        return number if plausible(number) or number in by_number() else 0
    before = text[start - 1 : start]
    if (kind == "bare" and before in ("/", ":", ".", "\\")) or _PART_OF_MORE.match(text, end):
        return 0
    if kind == "decimal" and before == "-":
        number = -int(form[kind]) & 0xFFFFFFFF
        return number if text[start - 2 : start - 1] in ("", *" \t\n\"'(=:,[>#") and plausible(number) else 0
    if before in ("-", ".", "/"):
        return 0
    says_so = bool(_SAYS_SO.search(text, max(start - 40, 0), start))
    number = int(form[kind], 16 if kind == "bare" else 10)
    if number > 0xFFFFFFFF or (kind == "bare" and not says_so):
        return 0
    return number if (plausible(number) if says_so else known(number)) else 0


def _named(text: str) -> list[int]:
    """Return the codes of symbolic names in a text, such as WU_E_NO_SERVICE."""
    names = (name.upper() for name in _SYMBOL.findall(text[:_FIRST_SIGNS]))
    return [by_symbol()[name] for name in names if name in by_symbol()]
