"""Any frame as a Parquet file, and back: whatever its rows are, what comes back is what went in.

Columns of dtype object hold what no other dtype can: lists, mappings, text beside numbers, nothing at all.
Arrow would guess a type for them from the rows at hand and refuse those that fit none, so they travel as
JSON text. Which columns do, and every dtype, stands in the file's metadata.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_KEY = b"umdiag"
#: What JSON has no word for → how it is written; a mark that no row can know tells it from what rows hold.
_MISSING: Mapping[str, Any] = {"NA": pd.NA, "NaT": pd.NaT}


def write_frame(file: Path, frame: pd.DataFrame, told: Mapping[str, Any]) -> None:
    """Write a frame, and what is to be told of it (plain JSON)."""
    mark = secrets.token_hex(8)
    dtypes = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    flat = frame.assign(
        **{
            name: pd.Series([_write(value, mark) for value in frame[name]], frame.index, dtype="str")
            for name, dtype in dtypes.items()
            if dtype == "object"
        }
    )
    table = pa.Table.from_pandas(flat)
    about = json.dumps({"dtypes": dtypes, "mark": mark, "told": dict(told)}).encode()
    metadata = {**(table.schema.metadata or {}), _KEY: about}
    # Opened by Python: Arrow takes no path that the locale's encoding could not read.
    with file.open("wb") as opened:
        pq.write_table(table.replace_schema_metadata(metadata), opened, compression="zstd")


def read_frame(file: Path) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """Return a frame as it was written, and what was told of it."""
    table = pq.read_table(pa.BufferReader(file.read_bytes()))
    about = json.loads(table.schema.metadata[_KEY])
    frame = table.to_pandas()
    for name, dtype in about["dtypes"].items():
        if dtype == "object":
            values = [_read(text, about["mark"]) for text in frame[name]]
            frame[name] = pd.Series(values, frame.index, dtype="object")
        elif str(frame[name].dtype) != dtype:
            frame[name] = frame[name].astype(dtype)
    return frame, about["told"]


def _write(value: Any, mark: str) -> str:
    def marked(value: Any) -> Any:
        for word, missing in _MISSING.items():
            if value is missing:
                return {mark: word}
        if isinstance(value, datetime):
            return {mark: "time", "is": value.isoformat()}
        if isinstance(value, timedelta):
            return {mark: "span", "is": pd.Timedelta(value).isoformat()}
        return value.tolist()  # numpy's scalars

    return json.dumps(value, default=marked)


def _read(text: str, mark: str) -> Any:
    def unmarked(value: dict[str, Any]) -> Any:
        match value.get(mark):
            case None:
                return value
            case "time":
                return pd.Timestamp(value["is"])
            case "span":
                return pd.Timedelta(value["is"])
            case word:
                return _MISSING[word]

    return json.loads(text, object_hook=unmarked) if mark in text else json.loads(text)
