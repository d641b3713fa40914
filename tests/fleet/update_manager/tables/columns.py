"""Put rows of Azure Resource Graph into columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.model import Ints, Texts
from fleet.tables.writer import coded
from fleet.update_manager.model import Estate

TEXT = pa.string()
COLUMNS = (
    "id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId",
    "managedBy", "sku", "properties", "tags", "plan",
)  # fmt: skip
Columns = dict[str, pa.Array]


def columns_of(count: int, given: Mapping[str, str | Texts], spelled_out: Sequence[str]) -> Columns:
    """Return all columns of a table; those not given are empty, ``spelled_out`` are not coded."""
    columns: Columns = {}
    every = np.arange(count)
    for name in COLUMNS:
        value = given.get(name)
        if isinstance(value, str):
            columns[name] = coded([value], np.zeros(count, dtype=np.int64))
        elif value is None:
            columns[name] = coded([None], np.zeros(count, dtype=np.int64))
        elif name in spelled_out:
            columns[name] = pa.array(value, TEXT)
        else:
            columns[name] = coded(value, every)
    return columns


def columns_of_rows(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return the columns of a few rows; what is no text becomes JSON."""
    given = {
        name: np.array([_text(row.get(name)) for row in rows], dtype=object)
        for name in COLUMNS
        if any(row.get(name) is not None for row in rows)
    }
    return columns_of(len(rows), given, ())


def _text(value: Any) -> str | None:
    """Return a value as the tables hold it."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def homes(estate: Estate, machines: Ints, subscriptions: Ints, groups: Texts) -> dict[str, Texts]:
    """Return the columns that say where rows of machines lie."""
    places = estate.subscriptions
    ids = np.array([s.id for s in places], dtype=object)
    tenants = np.array([s.tenant for s in places], dtype=object)
    lower = pd.Series(groups).str.lower().to_numpy(dtype=object)
    return {"subscriptionId": ids[subscriptions], "tenantId": tenants[subscriptions], "resourceGroup": lower}


def spell(ids: Texts, spelling: Ints) -> Texts:
    """Write ids as other services do: some all in small letters, some in capitals."""
    found = ids.copy()
    odd = np.flatnonzero(spelling == 1)
    found[odd] = [
        text.lower() if place % 2 else text.upper() for place, text in zip(odd, ids[odd], strict=True)
    ]
    return found


def repeated(frame: pd.DataFrame, write: Any) -> Texts:
    """Return a text for each row; rows that are equal are written once."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for name in frame:
        found, distinct = pd.factorize(frame[name], use_na_sentinel=False)
        codes = codes * max(1, len(distinct)) + found
    groups, distinct_codes = pd.factorize(codes)
    first = np.zeros(len(distinct_codes), dtype=np.int64)
    first[groups[::-1]] = np.arange(len(frame))[::-1]
    rows = frame.iloc[first].to_dict("records")
    return np.array([write(row) for row in rows], dtype=object)[groups]


def moments(values: Ints, fraction: str = ".1234567") -> Texts:
    """Write moments as Azure does."""
    texts = pd.to_datetime(values, unit="s").strftime("%Y-%m-%dT%H:%M:%S")
    return (pd.Series(np.asarray(texts, dtype=object)) + f"{fraction}Z").to_numpy(dtype=object)
