"""Hypothesis strategies for rows of any dtype of the kit: what an estate may hold, however odd."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

#: What stores that guess types, or know only whole text, stumble over.
TEXTS = ["", " ", "null", "NaN", "=1+1", "a\x00b", "\u2028", "\x1b[2J", "e\u0301\U0001f600", "x" * 5000]
HALVES = ["\ud83d", "a\udc00b"]
NUMBERS = [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)]
REALS = [0.0, -0.0, 1.5, 1e308, 5e-324, float("inf"), float("-inf")]
MOMENTS = ["0001-01-01", "1601-01-01", "1969-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"]
SPANS = [timedelta(0), timedelta(days=-1, microseconds=1), timedelta(days=36_500)]
BAGS = [{}, [], {"": None}, {"a": {}, "b": []}, [1, "1", None, 1.5, True, {"a": [{}]}], 5, 5.5, False]

_TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(TEXTS)
_ANY_TEXT = _TEXT | st.sampled_from(HALVES)
_DYNAMIC = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(REALS) | _ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ANY_TEXT, inner, max_size=3),
    max_leaves=6,
) | st.sampled_from(BAGS)

#: dtype → values that a column of it may hold, None for what is missing.
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "str": _TEXT,
    "bool": st.booleans(),
    "boolean": st.none() | st.booleans(),
    "int64": st.sampled_from(NUMBERS) | st.integers(-9, 9),
    "Int64": st.none() | st.sampled_from(NUMBERS) | st.integers(-9, 9),
    "float64": st.just(float("nan")) | st.sampled_from(REALS),
    "Float64": st.none() | st.sampled_from(REALS),
    "datetime64[us, UTC]": st.none() | st.sampled_from(MOMENTS) | st.datetimes().map(str),
    "timedelta64[us]": st.none() | st.sampled_from(SPANS),
    "object": _DYNAMIC,
}
#: What frames, not facts, hold besides.
OBJECTS = st.sampled_from(
    [float("nan"), pd.NA, pd.NaT, pd.Timestamp("1601-01-01", tz="UTC"), pd.Timedelta(days=-1), np.int64(5)]
)


@st.composite
def frames(draw: st.DrawFn, dtypes: Mapping[str, str], *, derived: bool = False) -> pd.DataFrame:
    """Draw a frame of these columns; a `derived` has any index, and values that no source knows."""
    count = draw(st.sampled_from([2, 0, 1, 5]))
    index = None
    if derived:
        indexes = [None, [3] * count, list(range(count, 0, -1)), [f"n{n}" for n in range(count)]]
        index = pd.Index(chosen) if (chosen := draw(st.sampled_from(indexes))) else None
    return pd.DataFrame(
        {
            name: _series(draw(_column(dtype, count, derived=derived)), dtype, index)
            for name, dtype in dtypes.items()
        },
        index=index,
    )


def _column(dtype: str, count: int, *, derived: bool) -> st.SearchStrategy[list[Any]]:
    values = VALUES[dtype] | OBJECTS if derived and dtype == "object" else VALUES[dtype]
    # Often a single kind of value: columns without any list, any key, any number are those that break.
    return st.lists(values, min_size=count, max_size=count) | values.map(lambda value: [value] * count)


def _series(values: list[Any], dtype: str, index: pd.Index | None) -> pd.Series[Any]:
    if dtype.startswith("datetime"):
        moments = [None if value is None else datetime.fromisoformat(value) for value in values]
        return pd.Series(moments, index, dtype="datetime64[us]").dt.tz_localize("UTC")
    series = pd.Series([None] * len(values), index, dtype="object")
    series[:] = pd.Series(values, series.index, dtype="object")
    return series.astype(dtype)
