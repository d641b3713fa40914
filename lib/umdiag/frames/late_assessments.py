"""One row per machine that Azure Update Manager has not assessed, or not recently: what is known of why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.text import among, looked_up
from umdiag.model import Partial

_STATES = ("not_assessed", "assessment_stale")
_BY_PLATFORM = "automaticbyplatform"
#: The service promises one assessment a day.
_DAY = pd.Timedelta(hours=24)


def derive(
    managed_machines: Partial,
    extension_blocks: Partial | None,
    machine_providers: Partial | None,
    failed_extensions: pd.DataFrame | None,
    machine_changes: pd.DataFrame | None,
    assessment_mode_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return machine_key, born (when the machine was created), enabled (when periodic assessment was turned
    on last, as changes show) and, each true where it fits (null: cannot be told), workload_not_supported,
    extension_operations_blocked, provider_not_registered, extension_failed, created_recently,
    enabled_recently, periodic_assessment_off.
    """
    late = managed_machines["state"].isin(_STATES) & managed_machines["managed"].fillna(False).astype(bool)
    rows = managed_machines[late].reset_index(drop=True)
    keys, since = rows["machine_key"], pd.Timestamp(asked_at) - _DAY
    periodic = rows["periodic"].astype("boolean")
    born = rows["created"].fillna(_created(keys, machine_changes))
    enabled = _enabled(keys, assessment_mode_changes)
    untold = assessment_mode_changes is None
    return pd.DataFrame(
        {
            "machine_key": keys,
            "born": born,
            "enabled": enabled,
            "workload_not_supported": (rows["scale_set_instance"] | rows["windows_client"]).astype("boolean"),
            "extension_operations_blocked": _among(keys, extension_blocks),
            "provider_not_registered": _without_provider(keys, machine_providers),
            "extension_failed": _among(keys, failed_extensions),
            "created_recently": _lately(born, since, untold=born.isna() & (machine_changes is None)),
            "enabled_recently": _lately(enabled, since, untold=enabled.isna() & untold) & periodic,
            "periodic_assessment_off": ~periodic,
        }
    )


def _among(keys: pd.Series[Any], others: pd.DataFrame | None) -> pd.Series[bool]:
    if others is None:
        return pd.Series(pd.NA, index=keys.index, dtype="boolean")
    return among(keys, others["machine_key"]).astype("boolean")


def _without_provider(keys: pd.Series[Any], providers: pd.DataFrame | None) -> pd.Series[bool]:
    if providers is None:
        return pd.Series(pd.NA, index=keys.index, dtype="boolean")
    return looked_up(keys, providers.set_index("machine_key")["compute_missing"]).astype("boolean")


def _lately(moments: pd.Series[Any], since: pd.Timestamp, *, untold: pd.Series[bool]) -> pd.Series[bool]:
    return (moments > since).astype("boolean").mask(untold)


def _created(keys: pd.Series[Any], changes: pd.DataFrame | None) -> pd.Series[Any]:
    """Return when each machine was created, as changes show it."""
    if changes is None:
        return pd.Series(pd.NaT, index=keys.index, dtype="datetime64[us, UTC]")
    created = changes[changes["change_type"] == "create"]
    return looked_up(keys, created.groupby("machine_key")["changed"].max())


def _enabled(keys: pd.Series[Any], changes: pd.DataFrame | None) -> pd.Series[Any]:
    """Return when each machine's setting was changed to periodic assessment."""
    if changes is None:
        return pd.Series(pd.NaT, index=keys.index, dtype="datetime64[us, UTC]")
    turned_on = changes[(changes["after"] == _BY_PLATFORM) & (changes["before"] != _BY_PLATFORM)]
    return looked_up(keys, turned_on.groupby("machine_key")["changed"].max())
