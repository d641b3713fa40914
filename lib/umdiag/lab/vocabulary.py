"""The words of KQL that this kit knows of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def vocabulary() -> Mapping[str, list[str]]:
    """Return words by what they are: begins (of a statement), operators, functions, aggregates."""
    text = files("umdiag.lab").joinpath("words.json").read_text(encoding="utf-8")
    known: dict[str, list[str]] = json.loads(text)
    return known
