"""One row per extension that assesses or patches a machine and failed to be installed or updated."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.text import folded
from umdiag.model import Partial


def derive(patch_extensions: Partial) -> pd.DataFrame:
    """Return machine_key, extension_id, extension (its name), extension_type, publisher, version and
    status_message.
    """
    rows = patch_extensions[folded(patch_extensions["provisioning_state"]) == "failed"]
    identity = rows["id"].str.rstrip("/")
    failed = pd.DataFrame(
        {
            "machine_key": folded(rows["machine_id"]).str.rstrip("/"),
            "extension_id": identity,
            "extension": identity.str.split("/").str[-1],
        }
        | {column: rows[column] for column in ("extension_type", "publisher", "version", "status_message")}
    )
    return failed.sort_values(["machine_key", "extension_type", "extension_id"], ignore_index=True)
