"""One row per machine that Azure could show or its patch rows name: does Azure Update Manager manage it?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.model import UPDATE_MANAGER, Partial

#: What makes a machine one of Update Manager's; each alone is enough.
SIGNS = ("periodic", "assessed", "installed", "reached")


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
    """Return machine_key, managed and what tells it: periodic (its own setting), assessed, installed (rows
    of it are kept), reached (a living configuration selects it, or one that cannot be read); null where it
    cannot be told. Where Update Manager is not looked at, it manages nothing.
    Raises Inconclusive where no table tells of a machine.
    """
    if estate is patch_states is installations is selections is None:
        raise Inconclusive("neither machines nor patch rows could be read")
    scheduled = configuration_assignments is not None and maintenance_configurations is not None
    told = {
        "periodic": (None if estate is None else estate["machine_key"][estate["periodic"]], azure_machines),
        "assessed": (_keys(patch_states), patch_assessments),
        "installed": (_keys(installations), patch_installations),
        "reached": (_reached(selections), maintenance_configurations if scheduled else None),
    }
    every = (_keys(estate), _keys(selections), *(keys for keys, _ in told.values()))
    rows = pd.concat([keys for keys in every if keys is not None]).drop_duplicates().sort_values()
    managed = pd.DataFrame({"machine_key": rows.to_numpy()}).astype("str")
    for sign, (keys, whole) in told.items():
        is_so = managed["machine_key"].isin([] if keys is None else keys).astype("boolean")
        managed[sign] = is_so if whole is not None else is_so.mask(~is_so)
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
    return selections["machine_key"][selections["living"] | ~selections["readable"]]
