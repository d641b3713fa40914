"""Leave of many alike a few for every run: the others bear the marker `slow`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(number: int, values: Iterable[Any]) -> list[Any]:
    """Return the values as parameters of a test: each so many-th is quick, the first among them."""
    return [slow(value) if place % number else value for place, value in enumerate(values)]


def slow(value: Any) -> Any:
    """Return a parameter of a test, or the values of one, with the marker `slow`."""
    if isinstance(value, type(pytest.param())):
        return pytest.param(*value.values, id=value.id, marks=[*value.marks, pytest.mark.slow])
    several = value if isinstance(value, tuple) else (value,)
    return pytest.param(*several, marks=pytest.mark.slow)
