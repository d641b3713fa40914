"""One row per machine of the parameter `suspects` that no run took and no active schedule selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.nearest import nearest
from umdiag.frames.shared.scopes import actual, wanted
from umdiag.frames.shared.text import among, fold, folded
from umdiag.model import Partial

_OF_SCOPE = ("scope_id", "configuration", "predicate", "wanted", "actual")


def derive(
    managed_machines: Partial,
    estate: pd.DataFrame,
    assignments: pd.DataFrame,
    configurations: pd.DataFrame,
    selections: pd.DataFrame,
    schedule_attempts: pd.DataFrame,
    machines: Partial | None,
    *,
    suspects: Sequence[str],
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return machine_key, computer, subject_id, operating_system, os_type and the dynamic scope that comes
    nearest: scope_id ("": there is none), configuration, predicate, wanted, actual.

    Where no configuration is in force nothing is asked, and of a machine that the logs know and Update
    Manager does not manage they answer.
    """
    names = {fold(suspect).rstrip("/") for suspect in suspects}
    rows = managed_machines[surely(managed_machines["shown"])]
    unlogged = False if machines is None else ~among(rows["machine_key"], machines["arm_key"])
    rows = rows[surely(rows["managed"]) | unlogged]
    alive = configurations[configurations["living"]].set_index("configuration_key")["name"]
    rows = rows if len(alive) else rows.iloc[:0]
    known = (
        among(rows["machine_key"], names)
        | among(folded(rows["computer"]), names)
        | among(folded(rows["name"]), names)
    )
    living = selections["machine_key"][surely(selections["living"])]
    inside = schedule_attempts["scheduled"] > pd.Timestamp(asked_at) - pd.Timedelta(lookback)
    taken = schedule_attempts["machine_key"][inside]
    rows = rows[known & ~among(rows["machine_key"], living) & ~among(rows["machine_key"], taken)]
    rows = rows[["machine_key", "computer", "subject_id", "operating_system"]].reset_index(drop=True)
    rows["os_type"] = rows["operating_system"].fillna("")
    scopes = assignments[~assignments["static"] & among(assignments["configuration_key"], alive.index)]
    machines = estate[among(estate["machine_key"], rows["machine_key"])].reset_index(drop=True)
    near = nearest(machines, scopes).set_index("machine_key")
    by_id = {scope.assignment_id: scope for scope in scopes.itertuples()}
    of = {machine.machine_key: machine for machine in machines.itertuples()}
    told = [
        _told(key, near, by_id, of, alive.to_dict()) if key in near.index else dict.fromkeys(_OF_SCOPE, "")
        for key in rows["machine_key"]
    ]
    return rows.assign(
        **{column: pd.Series([row[column] for row in told], dtype="str") for column in _OF_SCOPE}
    )


def _told(
    key: str,
    near: pd.DataFrame,
    scopes: Mapping[str, Any],
    machines: Mapping[str, Any],
    names: Mapping[Any, str],
) -> dict[str, str]:
    found = near.loc[key]
    scope = scopes[found["assignment_id"]]
    return {
        "scope_id": scope.assignment_id,
        "configuration": names[scope.configuration_key],
        "predicate": found["predicate"],
        "wanted": wanted(scope, found["predicate"]),
        "actual": actual(machines[key], found["predicate"]),
    }
