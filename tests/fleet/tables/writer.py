"""Write tables as Parquet, small and in equal bytes for equal rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fleet.model import Ints

TIME = pa.timestamp("ms", tz="UTC")


def coded(values: Sequence[Any] | NDArray[Any] | pd.Series, at: Ints) -> pa.Array:
    """Return ``values[at]`` as a column whose every distinct text is written once."""
    codes, distinct = pd.factorize(np.asarray(values, dtype=object))
    picked = codes.astype(np.int32)[at]
    missing = picked < 0
    indices = pa.array(picked, mask=missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))


def constant(value: str, count: int) -> pa.Array:
    """Return a column that says the same in every row."""
    return coded([value], np.zeros(count, dtype=np.int64))


def times(moments: Ints, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return moments as a column of UTC times."""
    return pa.array(moments.astype(np.int64) * 1000, pa.int64(), mask=missing).view(TIME)


def numbers(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    """Return numbers as a column of a given type."""
    return pa.array(values, kind)


def booleans(values: Ints) -> pa.Array:
    """Return 1, 0 and -1 as true, false and null."""
    return pa.array(values == 1, pa.bool_(), mask=values < 0)


class TableWriter:
    """Write one table chunk by chunk; a chunk becomes one row group."""

    def __init__(self, folder: Path, name: str) -> None:
        """Prepare to write ``<name>.parquet``; the first chunk fixes the columns."""
        self.name = name
        self.rows = 0
        self._path = folder / f"{name}.parquet"
        self._writer: pq.ParquetWriter | None = None

    def write(self, columns: Mapping[str, pa.Array]) -> None:
        """Append rows."""
        table = pa.table(dict(columns))
        if self._writer is None:
            self._writer = self._open(table.schema)
        table = _conform(table, self._writer.schema)
        self._writer.write_table(table, row_group_size=max(1, len(table)))
        self.rows += len(table)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, schema: pa.Schema) -> pq.ParquetWriter:
        """Open the file: times as differences, coded texts by their dictionary."""
        deltas = {f.name: "DELTA_BINARY_PACKED" for f in schema if f.name == "TimeGenerated"}
        listed = [
            f.name
            for f in schema
            if pa.types.is_dictionary(f.type) or (pa.types.is_timestamp(f.type) and f.name not in deltas)
        ]
        return pq.ParquetWriter(
            self._path, schema, compression="zstd", compression_level=7, store_schema=False,
            use_dictionary=listed, column_encoding=deltas, dictionary_pagesize_limit=2**26,
            write_statistics=list(deltas) or False, data_page_size=2**22,
        )  # fmt: skip


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give rows the columns of those written before: coded where those are, and in their order."""
    if table.schema == schema:
        return table
    columns = []
    for there in schema:
        column = table[there.name]
        if pa.types.is_dictionary(there.type) and not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        columns.append(column.cast(there.type))
    return pa.table(columns, schema=schema)


def write_table(folder: Path, name: str, columns: Mapping[str, pa.Array]) -> int:
    """Write a table that fits into memory; return its number of rows."""
    writer = TableWriter(folder, name)
    writer.write(columns)
    writer.close()
    return writer.rows


def write_records(
    folder: Path, name: str, records: Sequence[Mapping[str, Any]], kinds: Mapping[str, pa.DataType]
) -> int:
    """Write a few rows given as mappings; times are seconds, a missing key is null."""
    columns: dict[str, pa.Array] = {}
    for column, kind in kinds.items():
        values = [record.get(column) for record in records]
        if pa.types.is_timestamp(kind):
            empty = np.array([value is None for value in values], dtype=np.bool_)
            filled = np.array([0 if value is None else value for value in values], dtype=np.int64)
            columns[column] = times(filled, empty if empty.any() else None)
        elif pa.types.is_string(kind):
            columns[column] = coded(values, np.arange(len(values)))
        else:
            columns[column] = pa.array(values, kind)
    return write_table(folder, name, columns)
