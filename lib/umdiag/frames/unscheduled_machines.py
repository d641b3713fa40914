"""One row per machine of Update Manager that is on and that no schedule reaches: who patches it otherwise?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.near_scopes import candidates
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import among, looked_up
from umdiag.model import Partial


def derive(
    managed_machines: Partial,
    installations: pd.DataFrame | None,
    selections: pd.DataFrame | None,
    configurations: pd.DataFrame | None,
    near_scopes: pd.DataFrame | None,
    blind_subscriptions: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return machine_key, resource_id, name, virtual, operating_system, patch_mode, bypass, power, state,
    critical, security, blind and what may be behind it: platform_patches_machine, patched_on_demand (a user
    did), only_expired_schedules, scope_filter_excludes (null: cannot be told); expired (names of the
    configurations that would reach it), last_on_demand, installations_hidden, and of the dynamic scope that
    comes nearest: scope_id, scope_of (its configuration), predicate, wanted, actual.
    """
    rows = candidates(managed_machines)
    columns = (
        "machine_key resource_id name virtual operating_system patch_mode bypass power state critical"
        " security blind"
    )
    rows = rows[columns.split()].assign(platform_patches_machine=_by_platform(rows))
    demanded = _on_demand(installations)
    rows["last_on_demand"] = looked_up(rows["machine_key"], demanded)
    rows["patched_on_demand"] = _told(rows["last_on_demand"].notna(), installations)
    rows["installations_hidden"] = _hidden(managed_machines, rows["machine_key"], blind_subscriptions)
    expired = _expired(rows["machine_key"], selections, configurations)
    seen = None if selections is None else configurations
    nothing: list[str] | None = None if seen is None else []
    rows["expired"] = pd.Series(
        [expired.get(key, nothing) for key in rows["machine_key"]], index=rows.index, dtype="object"
    )
    rows["only_expired_schedules"] = _told(among(rows["machine_key"], expired), seen)
    return _with_scopes(rows, near_scopes)


def _told(is_so: pd.Series[bool], seen: pd.DataFrame | None) -> pd.Series[bool]:
    told = is_so.astype("boolean")
    return told if seen is not None else told.mask(~told)


def _by_platform(rows: pd.DataFrame) -> pd.Series[bool]:
    settings = rows[["virtual", "platform_mode", "bypass"]].astype(bool)
    return settings["virtual"] & settings["platform_mode"] & ~settings["bypass"]


def _on_demand(installations: pd.DataFrame | None) -> pd.Series[Any]:
    """Return when each machine was last patched on demand with success."""
    if installations is None:
        return pd.Series(dtype="datetime64[us, UTC]")
    chosen = installations[(installations["origin"] == "user") & installations["succeeded"]]
    return chosen["ended"].fillna(chosen["started"]).groupby(chosen["machine_key"]).max()


def _hidden(machines: pd.DataFrame, keys: pd.Series[Any], blind: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether installations on each machine are hidden (null: cannot be told)."""
    if blind is None:
        return pd.Series(pd.NA, index=keys.index, dtype="boolean")
    subscription = looked_up(keys, machines.set_index("machine_key")["subscription"])
    return looked_up(subscription, blind.set_index("subscription")["for_installations"]).astype("boolean")


def _expired(
    keys: pd.Series[Any], selections: pd.DataFrame | None, configurations: pd.DataFrame | None
) -> dict[str, list[str]]:
    """Return the expired configurations that would reach each machine, by name."""
    if selections is None or configurations is None:
        return {}
    over = configurations[~configurations["living"]].set_index("configuration_key")["name"]
    rows = selections[among(selections["machine_key"], keys)]
    rows = rows.assign(name=looked_up(rows["configuration_key"], over)).dropna(subset=["name"])
    pairs = rows[["machine_key", "name"]].drop_duplicates().sort_values("name")
    return {str(key): list(names) for key, names in pairs.groupby("machine_key")["name"]}


def _with_scopes(rows: pd.DataFrame, near_scopes: pd.DataFrame | None) -> pd.DataFrame:
    named = {"assignment_id": "scope_id", "configuration": "scope_of"}
    told = ("scope_id", "scope_of", "predicate", "wanted", "actual")
    if near_scopes is None:
        unseen = {column: pd.Series(None, index=rows.index, dtype="str") for column in told}
        return rows.assign(
            scope_filter_excludes=pd.Series(pd.NA, index=rows.index, dtype="boolean"), **unseen
        )
    scopes = near_scopes.rename(columns=named).set_index("machine_key")
    for column in told:
        rows[column] = looked_up(rows["machine_key"], scopes[column])
    misspelt = looked_up(rows["machine_key"], scopes["misspelt"].astype("boolean")).fillna(False)
    return rows.assign(scope_filter_excludes=surely(misspelt).astype("boolean"))
