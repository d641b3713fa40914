"""One row per connected and assessed machine that no run can reach, because it is not a system worker."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.funnels import members
from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.text import among
from umdiag.frames.system_workers import has_worker
from umdiag.frames.targets import named_by
from umdiag.model import Partial


def derive(
    machines: Partial,
    system_workers: pd.DataFrame,
    targets: pd.DataFrame | None,
    estate: pd.DataFrame | None,
    *,
    asked_at: datetime,
    stale_after: timedelta,
) -> pd.DataFrame:
    """Return the columns of `machines`, unreachable (true, or null where the account has no system worker
    at all: it may be that of another estate), named_by (list of update configurations, null: cannot be told),
    wanted (a configuration names it, or a dynamic group selects it; null likewise) and searched (a saved
    search may select it; null likewise).

    Machines that Azure Update Manager assesses are left out, and those of which that cannot be told.
    """
    since = pd.Timestamp(asked_at) - pd.Timedelta(stale_after)
    here = surely_not(machines["update_manager"])
    rows = machines[here & (machines["last_heartbeat"] >= since) & (machines["last_assessed"] >= since)]
    rows = rows[~has_worker(rows, system_workers)].reset_index(drop=True)
    told = pd.NA if system_workers.empty else True
    rows["unreachable"] = pd.Series(told, index=rows.index, dtype="boolean")
    rows["named_by"] = named_by(rows.assign(machine_key=rows["arm_key"]), targets)
    for column in ("wanted", "searched"):
        rows[column] = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    if targets is not None:
        named = pd.Series([bool(names) for names in rows["named_by"]], index=rows.index, dtype="boolean")
        rows["searched"] = bool((targets["saved_searches"] > 0).any())
        groups = targets[targets["group"] >= 0]
        if estate is None:
            rows["wanted"] = named.mask(~named)
        else:
            chosen = members(
                groups, estate[estate["virtual"] & among(estate["machine_key"], rows["arm_key"])]
            )
            rows["wanted"] = named | among(rows["arm_key"], chosen)
    return rows
