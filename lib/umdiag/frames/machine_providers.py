"""One row per machine: which resource provider that Update Manager needs is missing in its subscription?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.recognition import COMPUTE, MAINTENANCE, registrations_of
from umdiag.frames.shared.text import folded
from umdiag.model import Partial


def derive(estate: Partial, provider_registrations: pd.DataFrame | None) -> pd.DataFrame:
    """Return machine_key, subscription, maintenance_missing (Microsoft.Maintenance, without which no schedule
    runs) and compute_missing (Microsoft.Compute, which only an Arc machine can lack); null: no row tells.
    """
    rows = estate[["machine_key", "subscription"]].copy()
    rows["maintenance_missing"] = _missing(rows["subscription"], provider_registrations, MAINTENANCE)
    compute = _missing(rows["subscription"], provider_registrations, COMPUTE)
    rows["compute_missing"] = compute.mask(estate["virtual"], False)
    return rows


def _missing(
    subscriptions: pd.Series[Any], registrations: pd.DataFrame | None, namespace: str
) -> pd.Series[bool]:
    if registrations is None:
        return pd.Series(pd.NA, index=subscriptions.index, dtype="boolean")
    rows = registrations_of(registrations, namespace)
    registered = folded(rows["registration_state"]) == "registered"
    told = registered.groupby(folded(rows["subscription_id"])).any().astype("boolean")
    return ~subscriptions.map(told).astype("boolean")
