"""How often the logs are written: what a window, or a snapshot, must hold rows of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

#: Log → within which time every machine or workspace that is well writes a row. Windows is assessed every
#: 12 hours.
RHYTHM: Mapping[str, timedelta] = {
    "Heartbeat": timedelta(hours=1),
    "Update": timedelta(hours=14),
    "UpdateSummary": timedelta(hours=14),
    "Usage": timedelta(hours=2),
}
