"""Leave the embedded engine: a relation becomes a frame with the dtypes of `kql.DTYPES`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from umdiag.errors import QueryError
from umdiag.queries.kql import DTYPES
from umdiag.sources.casting import family_of, quoted
from umdiag.words.dynamic import read_dynamic

#: KQL type → families of engine types that a query may return for it (`casting.family_of`).
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "string": ("text",),
    "bool": ("bool",),
    "int": ("whole", "float"),
    "long": ("whole", "float"),
    "real": ("whole", "float"),
    "datetime": ("moment", "zoned"),
    "timespan": ("timespan",),
    "dynamic": ("nested", "json"),
}
#: What Arrow takes as it comes. To ask for a type has the engine bind the whole query once more, which takes
#: as long as it takes to answer a small one.
_AS_THEY_ARE = frozenset(
    {
        ("string", "VARCHAR"),
        ("bool", "BOOLEAN"),
        ("long", "BIGINT"),
        ("real", "DOUBLE"),
        ("datetime", "TIMESTAMP"),
        ("dynamic", "JSON"),
    }
)
_ARROW: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "long": pa.int64(),
    "real": pa.float64(),
    "datetime": pa.timestamp("us", tz="UTC"),
    "timespan": pa.duration("us"),
    "dynamic": pa.string(),
}


def kql_type(found: str) -> str:
    """Name the KQL type of an engine type, for results that no header describes."""
    family = _family(found)
    if family == "float":
        return "real"
    types = ("string", "bool", "long", "datetime", "timespan", "dynamic")
    return next((type_ for type_ in types if family in _FAMILIES[type_]), "string")


def to_frame(relation: duckdb.DuckDBPyRelation, columns: Mapping[str, str], name: str) -> pd.DataFrame:
    """Fetch a relation as exactly `columns` (name → KQL type).

    Raises QueryError where names, order or types are others: the engine's loose types must not pass for the
    service's.
    """
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    if list(found) != list(columns):
        raise QueryError(f"{name} returns {', '.join(found)}; its header says {', '.join(columns)}")
    for column, type_ in columns.items():
        if _family(found[column]) not in (*_FAMILIES[type_], "null"):
            raise QueryError(f"{name}: {column} is {kql_type(found[column])}, its header says {type_}")
    if not columns:
        return pd.DataFrame()
    if any((type_, found[column]) not in _AS_THEY_ARE for column, type_ in columns.items()):
        # Ask for the types that Arrow and pandas share; a sum of longs comes as a float or a 128-bit number.
        select = ", ".join(
            f"{_outward(quoted(column), found[column], type_)} AS {quoted(column)}"
            for column, type_ in columns.items()
        )
        relation = relation.project(select)
    table = relation.to_arrow_table()
    series = {column: _series(table.column(column), column, columns[column], name) for column in columns}
    return pd.DataFrame(series, columns=list(columns))


def from_arrow(values: pa.ChunkedArray, type_: str) -> pd.Series[Any]:
    """Return a column of the Arrow type `arrow_type(type_)` as a series of its dtype."""
    if type_ == "dynamic":
        parsed = [None if text is None else read_dynamic(text) for text in values.to_pylist()]
        series = pd.Series([None] * len(parsed), dtype="object")
        series[:] = pd.Series(parsed, dtype="object") if parsed else series
        return series
    if type_ == "string":
        values = values.fill_null("")
    dtype: Any = pd.api.types.pandas_dtype(DTYPES[type_])
    if type_ in ("string", "bool", "int", "long", "real"):
        return pd.Series(dtype.__from_arrow__(values))
    return pd.Series(values.to_pandas()).astype(dtype)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame of the kit's dtypes as an Arrow table that `from_arrow` restores exactly."""
    types = {dtype: type_ for type_, dtype in DTYPES.items() if type_ != "int"}
    arrays = {}
    for column, series in frame.items():
        type_ = types.get(str(series.dtype), "dynamic")
        values = [_json(value) for value in series] if type_ == "dynamic" else series
        arrays[str(column)] = pa.array(values, type=arrow_type(type_), from_pandas=True)
    return pa.table(arrays)


def arrow_type(type_: str) -> pa.DataType:
    """Return the Arrow type in which a column of a KQL type travels and is stored (dynamic: JSON text)."""
    return _ARROW[type_]


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, default=str)


def _family(found: str) -> str:
    if found == "JSON":
        return "json"
    return "timespan" if found in ("INTERVAL", "TIME") else "text" if found == "UUID" else family_of(found)


def _outward(value: str, found: str, type_: str) -> str:
    family = _family(found)
    match type_:
        case "string":
            return f"CAST({value} AS VARCHAR)"
        case "int" | "long" if family != "float":
            return f"CAST({value} AS BIGINT)"
        case "int" | "long" | "real":
            return f"CAST({value} AS DOUBLE)"
        case "datetime":
            return f"({value} AT TIME ZONE 'UTC')" if family == "zoned" else f"CAST({value} AS TIMESTAMP)"
        case "timespan":
            return f"epoch_us(CAST({value} AS INTERVAL))"
        case "dynamic":
            return f"CAST(nullif(CAST(to_json({value}) AS VARCHAR), 'null') AS VARCHAR)"
    return value


def _series(values: pa.ChunkedArray, column: str, type_: str, name: str) -> pd.Series[Any]:
    if type_ == "datetime":
        # Naive inside the engine and UTC by agreement: the zone is stated, nothing is shifted.
        values = values.cast(pa.timestamp("us")).cast(arrow_type(type_))
    try:
        values = values.cast(arrow_type(type_))
    except pa.ArrowInvalid:
        raise QueryError(f"{name}: {column} holds fractions, its header says {type_}") from None
    return from_arrow(values, type_)
