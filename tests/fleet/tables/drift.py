"""Write ``Update`` as other workspaces have it: truth values as text, other names and spellings."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from fleet.tables.writer import coded

TRUTH = ("False", "True", "")
CLASSIFICATIONS = {
    "Critical Updates": "Critical and security updates",
    "Security Updates": "SECURITY UPDATES",
    "Others": "Other",
}


def drift_apart(columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return the columns of ``Update`` in other spellings: `UpdateId`, `KB` before numbers, texts."""
    found = dict(columns)
    for name in ("Approved", "Optional"):
        codes = pc.fill_null(pc.cast(found[name], pa.int64()), 2)
        found[name] = coded(TRUTH, codes.to_numpy())
    found["UpdateId"] = found.pop("UpdateID")
    for name in ("KBID", "Classification"):
        words = found[name].dictionary.to_pylist()
        told = [CLASSIFICATIONS.get(w, w) if name == "Classification" else f"KB{w}" for w in words]
        found[name] = pa.DictionaryArray.from_arrays(found[name].indices, pa.array(told, pa.string()))
    return found
