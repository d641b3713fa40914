"""One row per finished installation of a machine that is there, with its schedule, and what it should do."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.failed_attempts import with_machines
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.run_outcomes import is_asked_for
from umdiag.frames.shared.text import after_last, looked_up
from umdiag.model import Partial

_MACHINE = r"/providers/microsoft\.(?:compute/virtualmachines|hybridcompute/machines)/[^/]+$"
_MINUTE = pd.Timedelta(minutes=1)
_OF_MACHINE = (
    "computer", "subject_id", "operating_system", "deleted", "invisible", "reached", "reboot_setting",
)  # fmt: skip
_OF_CONFIGURATION = ("name", "configuration_id", "minutes", "never_restarts")


def derive(
    installations: pd.DataFrame,
    managed_machines: Partial,
    configurations: pd.DataFrame | None,
    *,
    update_run: str,
) -> pd.DataFrame:
    """Return the columns of `installations`, run_id, configuration (its name, "": without a run),
    configuration_id, window_minutes and never_restarts (null: the configuration is not shown, or there is no
    run), start_time, used_minutes, late_minutes (null: the start that was due is not known), computer,
    subject_id, os_type (of the installation, else of the machine), reached, reboot_setting (the machine's),
    arm_key, service, machine (−1: no log needs to know it), newest (of its machine and configuration;
    installations without a run are one group).

    Left out are machines that are gone from Azure or not shown, and resources of other types.
    """
    rows = installations[is_asked_for(installations, update_run)]
    rows = rows[rows["machine_key"].str.contains(_MACHINE, regex=True)]
    rows = with_machines(rows, managed_machines, _OF_MACHINE)
    rows = rows[~surely(rows["deleted"]) & ~surely(rows["invisible"])]
    rows = rows.sort_values(["started", "installation_id"], na_position="first", kind="stable")
    rows = _with_configurations(rows.reset_index(drop=True), configurations)
    rows["start_time"] = rows["started"]
    rows["used_minutes"] = ((rows["ended"] - rows["started"]) / _MINUTE).astype("Float64")
    rows["late_minutes"] = ((rows["started"] - rows["scheduled"]) / _MINUTE).astype("Float64")
    rows["newest"] = ~rows.duplicated(["machine_key", "configuration_key"], keep="last")
    rows = rows.assign(
        arm_key=rows["machine_key"], run_id=rows["run_key"], machine=-1, service="update_manager"
    )
    return rows.drop(columns=["operating_system", "deleted", "invisible"])


def _with_configurations(rows: pd.DataFrame, configurations: pd.DataFrame | None) -> pd.DataFrame:
    """Add what each installation's configuration says; without it its name is that of its id."""
    name = after_last(rows["configuration_key"], "/")
    if configurations is None:
        unseen = {"configuration_id": rows["configuration_key"], "configuration": name}
        window = pd.Series(pd.NA, index=rows.index, dtype="Int64")
        return rows.assign(**unseen, window_minutes=window, never_restarts=window.astype("boolean"))
    known = configurations.set_index("configuration_key")
    told = {column: looked_up(rows["configuration_key"], known[column]) for column in _OF_CONFIGURATION}
    return rows.assign(
        configuration=told["name"].fillna(name),
        configuration_id=told["configuration_id"].fillna(rows["configuration_key"]),
        window_minutes=told["minutes"],
        never_restarts=told["never_restarts"].astype("boolean"),
    )
