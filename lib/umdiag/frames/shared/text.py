"""Compare names as the service does: case-folded and stripped, an empty string is nothing."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: The bytes of the first three groups of a UUID, and these the other way round.
_UUID = "^" + "-".join("([0-9a-f]{2})" * number for number in (4, 2, 2)) + "-"
_SWAPPED = r"\4\3\2\1-\6\5-\8\7-"


def folded(names: pd.Series[Any]) -> pd.Series[Any]:
    """Return the names in the form in which they compare."""
    return names.fillna("").str.strip().str.lower()


def fold(name: object) -> str:
    """Return one name in the form in which it compares; anything that is no text is nothing."""
    return name.strip().lower() if isinstance(name, str) else ""


def identity(written: object) -> str:
    """Return an id or name as ids compare: folded, without a slash at its end."""
    return fold(written).rstrip("/")


def letters(words: pd.Series[Any]) -> pd.Series[Any]:
    """Return words without case, spaces and punctuation: `Failed to start` and `FailedToStart` are one."""
    return folded(words).str.replace(r"[^a-z0-9]", "", regex=True)


def swapped(uuid: str) -> str:
    """Return a UUID with its first three groups byte-swapped, as Linux machines report theirs."""
    return re.sub(_UUID, _SWAPPED, uuid)


def all_swapped(uuids: pd.Series[Any]) -> pd.Series[Any]:
    """Return what `swapped` returns of each."""
    return uuids.str.replace(_UUID, _SWAPPED, regex=True)


#: Hardware ids that boards carry from the factory, or images keep; no machine is known by them.
_PLACEHOLDERS = (
    "03000200-0400-0500-0006-000700080009",
    "00020003-0004-0005-0006-000700080009",
)


def is_placeholder(uuids: pd.Series[Any]) -> pd.Series[bool]:
    """Whether folded hardware ids are none: empty, all digits equal, or a known placeholder."""
    digits = uuids.str.replace("-", "", regex=False)
    equal = digits.str.fullmatch(r"(.)\1*")
    return (uuids == "") | equal | uuids.isin(_PLACEHOLDERS)


def same_uuid(left: str, right: str) -> bool:
    """Whether two UUIDs are one machine's, in either byte order."""
    return fold(left) == fold(right) or swapped(fold(left)) == fold(right)


def subscription_of(resource_id: str) -> str:
    """Return the folded subscription id within an ARM id, or nothing."""
    parts = fold(resource_id).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""


def subscriptions_of(ids: pd.Series[Any]) -> pd.Series[str]:
    """Return the folded subscription of each ARM id, "" where there is none."""
    return part(folded(ids), r"^/subscriptions/(?P<part>[^/]+)")


def part(texts: pd.Series[Any], pattern: str) -> pd.Series[str]:
    """Return what the group `part` of a pattern (of RE2) finds in each text, "" where it finds nothing."""
    # Many rows hold the same text: each is searched once.
    numbers, distinct = pd.factorize(texts, use_na_sentinel=False)
    found = pc.struct_field(pc.extract_regex(pa.array(distinct, pa.large_string()), pattern=pattern), "part")
    return pd.Series(found.take(pa.array(numbers)), index=texts.index, dtype="str").fillna("")


def after_last(names: pd.Series[Any], sign: str) -> pd.Series[Any]:
    """Return what follows the last `sign` of each name, all of it where there is none."""
    return names.astype("str").str.replace(f"^.*{re.escape(sign)}", "", regex=True)


def before_first(names: pd.Series[Any], sign: str) -> pd.Series[Any]:
    """Return what precedes the first `sign` of each name, all of it where there is none."""
    return names.astype("str").str.replace(f"{re.escape(sign)}.*$", "", regex=True)


def last_segment(resource_id: str) -> str:
    """Return the last segment of an ARM id, as it is written."""
    return resource_id.rstrip("/").rpartition("/")[2]


def among(keys: pd.Series[Any], others: Any) -> pd.Series[bool]:
    """Whether each text is one of `others`, as `isin` says it.

    pandas goes through the others one by one in Python, at every call; of columns of texts this asks Arrow.
    """
    if not (_is_text(keys) and _is_text(others)):
        return keys.isin(others)
    found = pc.is_in(pa.array(keys, pa.large_string()), value_set=pa.array(others, pa.large_string()))
    return pd.Series(found.to_numpy(zero_copy_only=False), index=keys.index)


def _is_text(column: Any) -> bool:
    return isinstance(column, (pd.Series, pd.Index)) and isinstance(column.dtype, pd.StringDtype)


def paired(rows: pd.DataFrame, first: str, second: str) -> pd.Series[str]:
    """Return two columns of keys as one, by which rows of several frames compare."""
    return rows[first] + "\n" + rows[second]


def looked_up(keys: pd.Series[Any], table: pd.Series[Any]) -> pd.Series[Any]:
    """Return `table`'s value for each key, null where it has none, in its dtype even where it is empty."""
    if not (_is_text(keys) and _is_text(table.index)):
        return table.reindex(keys.to_numpy()).set_axis(keys.index)
    known = pa.array(table.index, pa.large_string())
    if pc.count_distinct(known, mode="all").as_py() < len(known):
        raise ValueError("a key stands twice in what is looked up")
    places = pc.index_in(pa.array(keys, pa.large_string()), value_set=known).fill_null(-1).to_numpy()
    return table.set_axis(pd.RangeIndex(len(table))).reindex(places).set_axis(keys.index)
