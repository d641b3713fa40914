"""One row per machine of Update Manager: who patches it, by its patch settings and its schedules."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import folded
from umdiag.model import Partial

#: What happens to a machine: its schedules patch it, the platform does, Windows does by itself, nobody does,
#: or it has schedules of which every run fails because the prerequisites are not met.
SCHEDULES, PLATFORM, ITSELF, NOBODY, NOT_MET = (
    "schedules", "platform", "operating_system", "nobody", "prerequisites_not_met",
)  # fmt: skip


def derive(managed_machines: Partial) -> pd.DataFrame:
    """Return machine_key, computer, subject_id, virtual (an Azure VM), platform_mode, bypass, scheduled (a
    schedule reaches it) and patched_by: SCHEDULES, PLATFORM, ITSELF, NOBODY or NOT_MET; null: not known.

    Machines that Update Manager does not support are left out. A machine of Azure Arc needs no setting.
    """
    rows = managed_machines[surely(managed_machines["managed"]) & managed_machines["resource_id"].notna()]
    plain = rows[["virtual", "platform_mode", "bypass", "scale_set_instance", "windows_client"]].astype(bool)
    rows = rows.assign(**{column: plain[column] for column in plain})
    rows = rows[~rows["scale_set_instance"] & ~rows["windows_client"]].reset_index(drop=True)
    told = rows[["machine_key", "computer", "subject_id", "virtual", "platform_mode", "bypass"]].copy()
    told["scheduled"] = rows["reached"].astype("boolean")
    told["patched_by"] = _patched_by(rows)
    return told


def _patched_by(rows: pd.DataFrame) -> pd.Series[Any]:
    fit = ~rows["virtual"] | (rows["platform_mode"] & rows["bypass"])
    platform = rows["virtual"] & rows["platform_mode"] & ~rows["bypass"]
    itself = rows["virtual"] & (folded(rows["patch_mode"]) == "automaticbyos")
    without = pd.Series(NOBODY, index=rows.index, dtype="object")
    without = without.mask(platform, PLATFORM).mask(itself, ITSELF)
    with_schedule = without.mask(fit, SCHEDULES).mask(~fit, NOT_MET)
    reached = rows["reached"].astype("boolean")
    return without.where(~surely(reached), with_schedule).mask(reached.isna(), None).astype("str")
