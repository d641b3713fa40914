"""Name the causes in many texts of Azure Update Manager, each distinct text once."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.knowledge.causes import RUN_CAUSES, error_cause, run_causes


def error_causes(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return the key of each text's error cause, "" where it shows none or there is no text."""
    told = {text: error_cause(text)[0] for text in texts.dropna().unique()}
    return texts.map(told).fillna("").astype("str")


def deciding_codes(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return the code that shows each text's error cause as `0x8024402C`, "" where no code does."""
    told = {text: error_cause(text)[1] for text in texts.dropna().unique()}
    return texts.map(told).fillna("").astype("str")


def linux_run_causes(texts: pd.Series[Any]) -> pd.DataFrame:
    """Return a boolean column for each cause that the texts of a failed run on Linux can show, in order."""
    told = {text: run_causes(text) for text in texts.dropna().unique()}
    shown = texts.map(told)
    return pd.DataFrame(
        {cause: [isinstance(causes, tuple) and cause in causes for causes in shown] for cause in RUN_CAUSES},
        index=texts.index,
        dtype="bool",
    )
