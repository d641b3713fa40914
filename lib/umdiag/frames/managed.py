"""One row per machine that Azure could show or its patch rows name: does Azure Update Manager manage it?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.text import among
from umdiag.model import UPDATE_MANAGER, Partial

#: What makes a machine one of Update Manager's; each alone is enough.
SIGNS = ("periodic", "has_assessment", "has_installation", "reached")


def derive(
    estate: Partial | None,
    patch_states: Partial | None,
    installations: Partial | None,
    selections: Partial | None,
    azure_machines: pd.DataFrame | None,
    patch_assessments: pd.DataFrame | None,
    patch_installations: pd.DataFrame | None,
    configuration_assignments: pd.DataFrame | None,
    maintenance_configurations: pd.DataFrame | None,
    *,
    services: Sequence[str],
) -> pd.DataFrame:
    """Return machine_key, managed and what tells it: periodic (its own setting), has_assessment,
    has_installation, reached (a living configuration selects it, or one that cannot be read); null where it
    cannot be told. Where Update Manager is not looked at, it manages nothing.
    Raises Inconclusive where no table tells of a machine.
    """
    if estate is patch_states is installations is selections is None:
        raise Inconclusive("neither machines nor patch rows could be read")
    whole = {
        "periodic": azure_machines is not None,
        "has_assessment": patch_assessments is not None,
        "has_installation": patch_installations is not None,
        "reached": configuration_assignments is not None and maintenance_configurations is not None,
    }
    signs = {
        "periodic": None if estate is None else estate["machine_key"][estate["periodic"]],
        "has_assessment": _keys(patch_states),
        "has_installation": _keys(installations),
        "reached": _reached(selections),
    }
    every = (_keys(estate), _keys(selections), *signs.values())
    rows = pd.concat([keys for keys in every if keys is not None]).drop_duplicates().sort_values()
    managed = pd.DataFrame({"machine_key": rows.to_numpy()}).astype("str")
    for sign in SIGNS:
        is_so = among(managed["machine_key"], [] if signs[sign] is None else signs[sign]).astype("boolean")
        managed[sign] = is_so if whole[sign] else is_so.mask(~is_so)
    managed["reached"] = managed["reached"].mask(
        ~managed["reached"] & among(managed["machine_key"], _untold(selections))
    )
    managed["managed"] = managed[SIGNS[0]]
    for sign in SIGNS[1:]:
        managed["managed"] |= managed[sign]
    if services and UPDATE_MANAGER not in services:
        managed["managed"] = pd.Series(False, index=managed.index, dtype="boolean")
    return managed


def _keys(rows: pd.DataFrame | None) -> pd.Series[str] | None:
    return None if rows is None else rows["machine_key"]


def _reached(selections: pd.DataFrame | None) -> pd.Series[str] | None:
    if selections is None:
        return None
    return selections["machine_key"][surely(selections["living"]) | surely_not(selections["readable"])]


def _untold(selections: pd.DataFrame | None) -> list[str]:
    """Return machines selected by a configuration that may be living, or may be gone."""
    if selections is None:
        return []
    return list(selections["machine_key"][selections["living"].isna() & selections["readable"].isna()])
