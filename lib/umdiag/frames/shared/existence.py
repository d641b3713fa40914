"""Say of machines whether Azure still has them; Resource Graph leaves out what its reader may not read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import among, folded, subscription_of, subscriptions_of

_DIRECT = ("/providers/microsoft.compute/virtualmachines/", "/providers/microsoft.hybridcompute/machines/")
_DAY = pd.Timedelta(days=1)


def absent(arm_keys: pd.Series[Any], estate: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether ARM ids of machines are not among the resources that were shown (null: cannot be told)."""
    direct = arm_keys.str.contains("|".join(_DIRECT), regex=True).astype("boolean")
    return direct.mask(direct) if estate is None else direct & ~among(arm_keys, estate["machine_key"])


def deleted(
    arm_keys: pd.Series[Any],
    last_heartbeats: pd.Series[Any] | None,
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.Series[bool]:
    """Whether machines are gone from Azure (null: cannot be told).

    A resource that is not shown was deleted if its subscription can be seen and its deletion is recorded.
    Where changes were not seen, or begin after its newest heartbeat, its absence has to do. Of a machine
    heard since (`last_heartbeats`, null: never; None: not seen) its absence tells nothing.
    """
    missing = absent(arm_keys, estate)
    if estate is None or subscriptions is None:
        return missing.mask(missing)
    visible = among(subscriptions_of(arm_keys), folded(subscriptions["subscription_id"]))
    if resource_changes is None:
        return missing.mask(missing & ~visible)
    recorded, alive = _recorded(arm_keys, resource_changes)
    unheard = ~alive & ~_heard(arm_keys, last_heartbeats, resource_changes["changed"].min(), asked_at)
    sure = surely(recorded | unheard) & visible
    return missing.mask(missing & ~sure)


def hidden(
    arm_keys: pd.Series[Any],
    is_deleted: pd.Series[bool],
    estate: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
) -> pd.Series[Any]:
    """Say of each machine whose resource is not shown, though nothing tells of a deletion, what would show
    it ("": it is shown, or there is none; null: the tables that would tell were not seen).
    """
    if estate is None or subscriptions is None:
        return pd.Series(None, index=arm_keys.index, dtype="str")
    visible = set(folded(subscriptions["subscription_id"]))
    unseen = surely(absent(arm_keys, estate)) & is_deleted.isna()
    told = [_told(key, visible) if out else "" for key, out in zip(arm_keys, unseen, strict=True)]
    return pd.Series(told, index=arm_keys.index, dtype="str")


def not_shown(arm_key: str) -> str:
    """Say what would show a machine's resource that is not among those that were shown."""
    group = arm_key.partition("/providers/")[0]
    return (
        "its resource, its power state and whether it still exists: Resource Graph does not show it,"
        f" you may not be allowed to read it (have Reader on {group} assigned to you)"
    )


def _told(arm_key: str, visible: set[str]) -> str:
    subscription = subscription_of(arm_key)
    if subscription in visible:
        return not_shown(arm_key)
    return (
        "its resource, its power state and whether it still exists: its subscription cannot be seen"
        f" (have Reader on /subscriptions/{subscription} assigned to you)"
    )


def _recorded(
    arm_keys: pd.Series[Any], resource_changes: pd.DataFrame
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Whether each machine's deletion is recorded and no later creation, and whether other changes are."""
    rows = resource_changes.dropna(subset=["changed"])
    rows = rows.assign(key=folded(rows["target_id"]).str.rstrip("/"), kind=folded(rows["change_type"]))
    ends = rows[rows["kind"].isin(["create", "delete"])].sort_values("changed", kind="stable")
    newest = ends.drop_duplicates("key", keep="last")
    gone = among(arm_keys, newest["key"][newest["kind"] == "delete"]).astype("boolean")
    return gone, among(arm_keys, rows["key"]) & ~gone


def _heard(
    arm_keys: pd.Series[Any], last_heartbeats: pd.Series[Any] | None, begin: Any, asked_at: datetime
) -> pd.Series[bool]:
    """Whether each machine was heard since the changes begin (null: heartbeats were not seen).

    Where not one change is recorded, changes tell of the last day at least.
    """
    if last_heartbeats is None:
        return pd.Series(pd.NA, index=arm_keys.index, dtype="boolean")
    since = pd.Timestamp(asked_at) - _DAY if pd.isna(begin) else begin
    return (last_heartbeats >= since).astype("boolean")
