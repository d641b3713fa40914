"""What a service answered, and how its JSON becomes a frame with the columns of a query's header."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

import pandas as pd
import pyarrow as pa

from umdiag.queries.kql import DTYPES
from umdiag.sources.live.faults import strange
from umdiag.words.dynamic import read_dynamic, whole

#: Types as the services name them → ours.
_TYPES = dict(zip(DTYPES, DTYPES, strict=True)) | {"boolean": "bool", "decimal": "real", "double": "real"}
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_SPAN = re.compile(r"(-?)(?:(\d{1,8})\.)?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?")
#: Digits behind the microseconds: with them pandas counts nanoseconds, which end in the year 2262.
_FINER = re.compile(r"(\.\d{6})\d+")
#: Only one thread computes at a time anyway; dozens that want to delay those that have requests to send.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Rows as a service sent them, columns with the types it names (may be empty).

    `cut` says why they are not all, "" if they are.
    """

    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]]
    cut: str = ""


def frame_of(columns: Mapping[str, str], answer: Answer, name: str) -> pd.DataFrame:
    """Return an answer as exactly `columns` (name → KQL type), in the dtypes of `kql.DTYPES`.

    Raises Fault where the columns are others, or a value is none of its type: what a proxy or another
    version of the service made of the query must not pass for its answer.
    """
    if sorted(answer.columns) != sorted(columns):
        raise strange(f"the answer has the columns {', '.join(answer.columns)[:120]}, not those of {name}")
    try:
        values = dict(zip(answer.columns, zip(*answer.rows, strict=True), strict=True)) if answer.rows else {}
    except (TypeError, ValueError):
        raise strange(f"the answer to {name} holds rows of another length than its columns") from None
    with _ONE_AT_A_TIME:
        return pd.DataFrame(
            {
                column: _series(values.get(column, ()), type_, f"{name}.{column}")
                for column, type_ in columns.items()
            }
        )


def joined(columns: Mapping[str, str], frames: Sequence[pd.DataFrame], name: str) -> pd.DataFrame:
    """Put the rows of several answers with the same columns together."""
    filled = [frame for frame in frames if len(frame)]
    return (
        pd.concat(filled, ignore_index=True)
        if filled
        else frame_of(columns, Answer(columns=columns, rows=[]), name)
    )


def plain_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of an answer with the kit's types in place of the service's."""
    return {name: _TYPES.get(type_.lower(), "string") for name, type_ in columns.items()}


def _series(values: Sequence[Any], type_: str, where: str) -> pd.Series[Any]:
    dtype: Any = DTYPES[type_]
    try:
        match type_:
            case "string":
                return _texts(["" if value is None else _text(value) for value in values])
            case "datetime":
                moments = pd.Series([_moment(value) for value in values], dtype="object")
                return pd.to_datetime(moments, utc=True, format="ISO8601").astype(dtype)
            case "bool":
                return pd.Series([_bool(value) for value in values], dtype=dtype)
            case "int" | "long":
                return pd.Series(
                    [None if value in (None, "") else _whole(value) for value in values], dtype=dtype
                )
            case "real":
                return pd.Series(
                    [None if value in (None, "") else _real(value) for value in values], dtype=dtype
                )
            case "timespan":
                return pd.Series([_span(value) for value in values], dtype=dtype)
        series = pd.Series([None] * len(values), dtype="object")
        series[:] = pd.Series([_parsed(value) for value in values], dtype="object")
        return series  # noqa: TRY300
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        raise strange(f"{where} holds a value that is not a {type_}") from None


def _texts(values: Sequence[str]) -> pd.Series[Any]:
    """Return texts as a series.

    Hundreds of pages are held at once: in Arrow's default pool each keeps nearly half as much again.
    """
    texts = pa.array(values, pa.large_string(), memory_pool=pa.system_memory_pool())
    return pd.Series(texts, dtype=DTYPES["string"])


def _text(value: Any) -> str:
    return whole(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _bool(value: Any) -> bool | None:
    if value is None or value == "":
        return None
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(value)
    return word in _TRUE


def _moment(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value[0].isdigit():  # pandas also takes 5, "now" and "today"
        raise ValueError(value)
    if value[19:20] == "." and value[-1] == "Z" and value[26:-1].isdigit():
        return f"{value[:26]}Z"  # as the services write nearly every time, much faster
    return _FINER.sub(r"\1", value)


def _span(value: Any) -> timedelta | None:
    """Read a timespan as the services write it: `1.02:03:04.5000000`, days and fraction where there are."""
    if value is None or value == "":
        return None
    match = _SPAN.fullmatch(value)
    if not match:
        raise ValueError(value)
    sign, days, hours, minutes, seconds, fraction = match.groups()
    span = timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int((fraction or "").ljust(6, "0")[:6]),
    )
    return -span if sign else span


def _whole(value: Any) -> int:
    number = int(value)
    # Not by way of a float for text either: above 2^53 that is another number.
    same = isinstance(value, str) or (number == value and not isinstance(value, bool))
    if not same or not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _real(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 - all that is no value of its type is one error
    return float(value)


def _parsed(value: Any) -> Any:
    """Parse dynamic values that travel as JSON text; a text that is none stays a text."""
    return read_dynamic(value) if isinstance(value, str) else whole(value)


def rows_of(objects: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    """Return objects (Resource Graph's objectArray) as rows; a property that is absent is null."""
    return [[object_.get(name) for name in columns] for object_ in objects]
