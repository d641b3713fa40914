"""One row per subscription and resource provider that Update Manager needs there: is it registered?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.recognition import COMPUTE, MAINTENANCE, registrations_of
from umdiag.frames.shared.text import folded, looked_up, subscriptions_of
from umdiag.model import Partial

_SPELLED = {MAINTENANCE: "Microsoft.Maintenance", COMPUTE: "Microsoft.Compute"}


def derive(
    configurations: Partial | None,
    managed_machines: Partial | None,
    reached_machines: Partial | None,
    provider_registrations: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return subscription (folded id), namespace (as Azure spells it), configurations (number of living ones
    there), reached, arc and perhaps (numbers of machines there that a schedule reaches, of managed Arc
    machines, of Arc machines of which it cannot be told whether they are managed), registration_state and
    registered (null: no row tells).

    Microsoft.Maintenance where a living configuration or a reached machine is, Microsoft.Compute where a
    managed machine of Azure Arc is. Raises Inconclusive where nothing tells where they are needed.
    """
    if configurations is managed_machines is reached_machines is None:
        raise Inconclusive("neither machines nor maintenance configurations could be read")
    living = _counted(configurations, lambda rows: rows[rows["living"]]["subscription"])
    reached = _counted(reached_machines, lambda rows: subscriptions_of(rows[rows["readable"]]["machine_key"]))
    arc = _counted(managed_machines, lambda rows: rows[_arc(rows) & surely(rows["managed"])]["subscription"])
    perhaps = _counted(
        managed_machines, lambda rows: rows[_arc(rows) & rows["managed"].isna()]["subscription"]
    )
    parts = [
        pd.DataFrame({"namespace": MAINTENANCE, "configurations": living, "reached": reached}),
        pd.DataFrame({"namespace": COMPUTE, "arc": arc, "perhaps": perhaps}),
    ]
    rows = pd.concat(parts).rename_axis("subscription").reset_index()
    rows = rows[rows["subscription"].astype("str") != ""].reset_index(drop=True)
    counts = {
        column: rows[column].fillna(0).astype("int64")
        for column in ("configurations", "reached", "arc", "perhaps")
    }
    rows = rows.assign(subscription=rows["subscription"].astype("str"), **counts)
    return _with_states(rows, provider_registrations)


def _counted(frame: pd.DataFrame | None, subscriptions_in: Any) -> pd.Series[int]:
    if frame is None:
        return pd.Series(dtype="int64", index=pd.Index([], dtype="str"))
    return subscriptions_in(frame).astype("str").value_counts()


def _arc(machines: pd.DataFrame) -> pd.Series[bool]:
    of_arc = machines["machine_key"].str.contains("/microsoft.hybridcompute/machines/", regex=False)
    return machines["resource_id"].notna() & of_arc


def _with_states(rows: pd.DataFrame, registrations: pd.DataFrame | None) -> pd.DataFrame:
    rows["registration_state"] = pd.Series(None, index=rows.index, dtype="str")
    if registrations is not None:
        for namespace in _SPELLED:
            told = registrations_of(registrations, namespace)
            told = told.assign(key=folded(told["subscription_id"])).drop_duplicates("key")
            states = looked_up(rows["subscription"], told.set_index("key")["registration_state"])
            rows["registration_state"] = rows["registration_state"].fillna(
                states.where(rows["namespace"] == namespace)
            )
    state = rows["registration_state"]
    rows["registered"] = (folded(state) == "registered").astype("boolean").mask(state.isna())
    rows["namespace"] = rows["namespace"].map(_SPELLED)
    return rows.sort_values(["subscription", "namespace"], ignore_index=True)
