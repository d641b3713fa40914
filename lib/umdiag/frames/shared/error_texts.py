"""The texts of an error as Update Manager's rows carry them: a code, a message, and details of the same."""

from __future__ import annotations

from typing import Any

import pandas as pd


def error_texts(codes: pd.Series[Any], messages: pd.Series[Any], details: pd.Series[Any]) -> pd.Series[str]:
    """Return all codes and messages of each row, a line each, "" where there is none."""
    told = codes.fillna("").str.strip() + "\n" + messages.fillna("").str.strip()
    nested = pd.Series("", index=codes.index, dtype="str")
    given = details.notna()
    nested[given] = [_of_details(detail) for detail in details[given]]
    return (told + "\n" + nested).str.replace(r"\n{2,}", "\n", regex=True).str.strip("\n")


def _of_details(details: Any) -> str:
    """Return the lines of a list of errors; an object alone counts as a list of it."""
    listed = details if isinstance(details, list) else [details]
    texts = (
        str(error.get(key) or "").strip() for error in listed if isinstance(error, dict) for key in _KEYS
    )
    return "\n".join(text for text in texts if text)


_KEYS = ("code", "message")
