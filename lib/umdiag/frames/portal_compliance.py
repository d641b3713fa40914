"""What the portal counts as compliant, beside what is known of the same machines."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.text import looked_up
from umdiag.model import Partial

#: The words of the portal.
COMPLIANT, NON_COMPLIANT, NO_DATA = "Compliant", "Non-compliant", "No updates data"
#: An assessment older than this is old, whatever the parameters say.
_OLD = pd.Timedelta(days=2)


def derive(
    estate: pd.DataFrame, patch_states: pd.DataFrame, managed_machines: Partial | None, *, asked_at: datetime
) -> pd.DataFrame:
    """Return portal (its word), outcome (of the newest assessment: letters of its status, "": none), state
    (null: not known), old (assessed more than two days ago), counted (it counted updates), machines (number).

    The portal looks at every machine and at succeeded assessments alone, of any age; one that failed replaces
    the good one before it, and counts as none. A count that is absent is 0 to it.
    """
    known = patch_states.set_index("machine_key")
    keys = estate["machine_key"]
    outcome = looked_up(keys, known["status"]).fillna("")
    grave = (looked_up(keys, known["critical"]) > 0) | (looked_up(keys, known["security"]) > 0)
    portal = pd.Series(COMPLIANT, index=keys.index, dtype="str")
    portal[grave.fillna(False).astype(bool)] = NON_COMPLIANT
    portal[outcome != "succeeded"] = NO_DATA
    rows = pd.DataFrame(
        {
            "portal": portal,
            "outcome": outcome.astype("str"),
            "state": pd.Series(None, index=keys.index, dtype="str"),
            "old": looked_up(keys, known["assessed"]) < pd.Timestamp(asked_at) - _OLD,
            "counted": looked_up(keys, known["critical"]).notna(),
        }
    )
    if managed_machines is not None:
        rows["state"] = looked_up(keys, managed_machines.set_index("machine_key")["state"])
    groups = rows.groupby(list(rows), dropna=False, sort=True)
    return groups.size().rename("machines").reset_index().astype({"machines": "int64"})
