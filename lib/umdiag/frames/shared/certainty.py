"""Read booleans that may be null: what cannot be told is neither so nor not so."""

from __future__ import annotations

import pandas as pd


def surely(told: pd.Series[bool]) -> pd.Series[bool]:
    """Return where it is so, and can be told."""
    return told.astype("boolean").fillna(False).astype(bool)


def surely_not(told: pd.Series[bool]) -> pd.Series[bool]:
    """Return where it is not so, and can be told."""
    return ~told.astype("boolean").fillna(True).astype(bool)
