"""Read the error codes of many texts, each distinct text once."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.knowledge import find_codes


def first_codes(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return the first failure code of each text as `0x8024402C`, "" where there is none."""
    found = {text: next(iter(find_codes(text)), None) for text in texts.dropna().unique()}
    written = {text: "" if code is None else f"0x{code:08X}" for text, code in found.items()}
    return texts.map(written).fillna("").astype("str")
