"""Find the HRESULT that a text carries, in hexadecimal or as a decimal number."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_HEX = re.compile(r"\b0x([0-9a-f]{8})\b", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\w.-])(-?\d{9,10})(?![\w.])")
_FAILURES = range(0x80000000, 0x100000000)


def hresults(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return the first HRESULT of each text as `0x8024402C`, "" where there is none."""
    known = {text: _hresult(text) for text in texts.dropna().unique()}
    return texts.map(known).fillna("").astype("str")


def _hresult(text: str) -> str:
    if found := _HEX.search(text):
        return f"0x{found[1].upper()}"
    for number in _DECIMAL.findall(text):
        # A signed number is the same 32 bits; a positive one below 0x80000000 is no failure.
        code = int(number) % 2**32 if number.startswith("-") else int(number)
        if code in _FAILURES:
            return f"0x{code:08X}"
    return ""
