"""Say what a code tells by itself: severity, facility, low word, and the name of a Win32 error in it.

    31 30 29 28 27 26 … 16 15 … 0
     S  R  C  N  X facility code       S failure · C a customer's own code · N an NTSTATUS

Names and numbers in `names.csv` are those of the Windows headers, read from mingw-w64/mingw-w64@d7f3c520
(winerror.h, wininet.h, winhttp.h, bitsmsg.h, wuerror.h, ntstatus.h) on 2026-11-22; those of the servicing
stack (CBS_E_…) are as its logs write them, read from https://support.microsoft.com/help/938205 and public
readers of these logs on 2026-11-28. The sentences are our own.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from umdiag.knowledge.table import Knowledge, by_number

SOURCE = "mingw-w64/mingw-w64@d7f3c520 mingw-w64-headers/include/winerror.h"
READ = "2026-11-22"
FAILURE, _NT = 0x80000000, 0x10000000
_WIN32, _HTTP = 7, 25
# ITF, Win32, security, certificates, setup (CBS), .NET, HTTP, BITS, Windows Update, Delivery Optimization
_OF_UPDATES = frozenset({4, _WIN32, 9, 11, 15, 19, _HTTP, 32, 36, 208})
_NUMBER = re.compile(
    r"(?P<sign>-?)(?:0x(?:f{8})?(?P<hex>[0-9a-f]{1,8})|(?P<bare>[89cd][0-9a-f]{7})|(?P<dec>[0-9]{1,10}))l?"
)
_GENERAL = (
    "Try the update on the machine itself and read the end of its log (`Get-WindowsUpdateLog`).",
    "Search for the code together with the name of the program that reported it.",
)
_NETWORK = (
    "Check from the machine that the update endpoints resolve and answer, also through the proxy of the "
    "system account (`netsh winhttp show proxy`).",
)


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names of codes, by number: Win32 errors with a sentence where one is written, and whole HRESULTs."""

    win32: Mapping[int, tuple[str, str]]
    facility: Mapping[int, str]
    whole: Mapping[int, str]


@cache
def names() -> Names:
    """Return the names of Windows' own codes."""
    spaces: dict[str, dict[int, tuple[str, str]]] = {}
    text = files(__package__).joinpath("names.csv").read_text(encoding="utf-8")
    for space, code, name, says in list(csv.reader(text.splitlines()))[1:]:
        spaces.setdefault(space, {})[int(code, 0)] = (name, says)
    whole = {**spaces["hresult"], **spaces["ntstatus"]}
    return Names(
        win32=spaces["win32"],
        facility={number: name for number, (name, _) in spaces["facility"].items()},
        whole={number: name for number, (name, _) in whole.items()},
    )


def plain(text: str) -> str:
    """Return the text of a code without what stands around it, and in the usual digits (not `８０`)."""
    return unicodedata.normalize("NFKC", text).strip(" \t\r\n\"'`()[]{}<>,;.").casefold()


def parse(text: str) -> int | None:
    """Read a text that is nothing but one code, hex or decimal, signed or not; else None."""
    number = _NUMBER.fullmatch(plain(text))
    if not number:
        return None
    digits = number["dec"] or (number["bare"] if number["sign"] else None)
    if digits is None:
        return None if number["sign"] else int(number["hex"] or number["bare"], 16)
    if not digits.isdecimal():
        return None
    value = int(number["sign"] + digits)
    return value & 0xFFFFFFFF if -0x80000000 <= value <= 0xFFFFFFFF else None


def known(number: int) -> bool:
    """Tell whether the table or the list of names has that very code."""
    bare = number & ~_NT
    return number in by_number() or number in names().whole or (bare != number and bare in names().whole)


def plausible(number: int) -> bool:
    """Tell whether a number met in a text may be a failure code: known, or of a part that updates use.

    Most 32-bit numbers, addresses among them, are none: reserved bits are set, or it is another facility.
    """
    if known(number):
        return number >= FAILURE
    return number >> 27 == 0b10000 and number >> 16 & 0x7FF in _OF_UPDATES and number & 0xFFFF > 0


def hresult_of(number: int) -> int:
    """Return the HRESULT that a number stands for: below 0x10000 it is a Win32 error, and wrapped."""
    return 0x80070000 | number if 0 < number < 0x10000 else number


@cache
def by_symbol() -> Mapping[str, int]:
    """Return the codes that have a symbolic name, by that name in capitals; the table comes first."""
    win32 = {
        name: hresult_of(number)
        for number, (name, _) in names().win32.items()
        if number and name.startswith(("ERROR_", "RPC_S_"))
    }
    whole = {name: number for number, name in names().whole.items()}
    table = {row.name.upper(): number for number, row in by_number().items() if row.name}
    return win32 | whole | table


def explain(number: int) -> Knowledge:
    """Return what is known of a code: its row, or what its bits say. Below 0x10000 it is a Win32 error."""
    code = hresult_of(number)
    return by_number().get(code) or _told(code)


def _told(number: int) -> Knowledge:
    name, sentence = _said(number)
    failed = number >= FAILURE
    internet = number >> 16 == 0x8007 and 12000 <= number & 0xFFFF < 12200
    return Knowledge(
        id=f"0x{number:08X}",
        kind="code",
        platform="windows",
        code=f"0x{number:08X}",
        name=name,
        patterns=(),
        role="deciding",
        confidence="certain",
        meaning=sentence,
        cause="other_hresult" if failed else "",
        scenario="assessment_failed" if failed else "",
        resolution=(*(_NETWORK if internet else ()), *_GENERAL)
        if failed
        else ("No action: this is not a failure.",),
        source=SOURCE,
        read=READ,
        example=f"0x{number:08X}",
    )


def _said(number: int) -> tuple[str, str]:
    """Return name and sentence of a code without a row."""
    low, facility = number & 0xFFFF, number >> 16 & 0x7FF
    whole = names().whole
    if number == 0:
        return "S_OK", "Success: nothing went wrong."
    if number >> 28 in (0xC, 0xD):
        name = whole.get(number & ~_NT, "")
        return name, f"Error (NTSTATUS), code 0x{number & ~_NT:08X}{_named(name)}."
    severity = "Failure" if number >= FAILURE else "Success"
    whose = ", a customer's own code" if number & 0x20000000 else ""
    where = f"facility {names().facility.get(facility, 'unknown')} ({facility})"
    name, says = (whole.get(number, ""), "")
    told = f"code 0x{low:04X} ({low})"
    if facility == _WIN32:
        name, says = names().win32.get(low, (name, ""))
        told = f"Win32 error {low} (0x{low:04X})"
    elif facility == _HTTP:
        told = f"HTTP status {low}"
    return name, f"{severity}{whose}, {where}, {told}{_named(name)}.{' ' + says if says else ''}"


def _named(name: str) -> str:
    return f", {name}" if name else ", for which no name is known"
