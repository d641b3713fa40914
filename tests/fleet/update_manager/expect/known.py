"""Work out once what many expectations rest on: who is managed, who is reached, in what state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fleet.model import DAY, HOUR, NEVER, Bools, Ints, Texts
from fleet.update_manager.model import PLATFORM, Configuration, Estate
from fleet.update_manager.reach import is_client, is_off, reached_by
from fleet.update_manager.schedule import living

STALE_AFTER = 48 * HOUR
KEPT = 7 * DAY
FEW = 5
SUCCEEDED = ("Succeeded", "CompletedWithWarnings")
FINISHED = (*SUCCEEDED, "Failed")


@dataclass(frozen=True, kw_only=True)
class Known:
    """Hold what is known of an estate; ``reach``: whom each configuration that lives reaches now.

    ``installations`` and ``machine_runs``: those whose rows are of the machine as it is now and may be read.
    ``takers``: whom each run took; ``earlier_takers``: under whatever id they had.
    """

    estate: Estate
    there: Bools
    reach: tuple[Bools, ...]
    reached: Bools
    managed: Bools
    supported: Bools
    off: Bools
    assessed: Bools
    critical: Ints
    security: Ints
    states: Texts
    installations: pd.DataFrame
    machine_runs: pd.DataFrame
    takers: Mapping[tuple[int, int], Ints]
    earlier_takers: Mapping[tuple[int, int], Ints]
    blind_installations: Bools
    blind_runs: Bools

    def seen(self, configuration: Configuration) -> bool:
        """Tell whether a configuration can be read."""
        return self.estate.subscriptions[configuration.subscription].visible and not configuration.gone

    def lives(self, configuration: Configuration) -> bool:
        """Tell whether a configuration can be read and has not expired."""
        return self.seen(configuration) and living(configuration, self.estate.asked)

    def newest(self) -> pd.DataFrame:
        """Return the newest installation of each machine and configuration."""
        rows = self.installations.sort_values(["started", "machine"])
        return rows.drop_duplicates(["machine", "configuration"], keep="last")

    def newest_of_machine(self) -> pd.DataFrame:
        """Return the newest installation of each machine, by machine."""
        rows = self.installations.sort_values(["started", "machine"])
        return rows.drop_duplicates("machine", keep="last").set_index("machine")


def know(estate: Estate) -> Known:
    """Work out what is known of an estate."""
    reach = tuple(reached_by(estate, configuration) for configuration in estate.configurations)
    reached = np.logical_or.reduce(reach) if reach else np.zeros(len(estate.machines), dtype=np.bool_)
    there, off = estate.is_there(), is_off(estate)
    assessed = (estate.column("assessed") > estate.asked - KEPT) & _may_read(estate, "assessments")
    installations = _of_present(estate, estate.installations, "installations")
    machine_runs = _of_present(estate, estate.machine_runs, "runs")
    has = np.zeros(len(there), dtype=np.bool_)
    has[installations["machine"]] = True
    installations = installations[installations["status"].isin(FINISHED)]
    platform = (estate.texts("assess_mode") == PLATFORM) & estate.flags("settings")
    managed = there & (platform | assessed | has | reached)
    counts = [needed_of(estate, word) for word in ("Critical", "Security")]
    blind = there & _blind(estate, there & ~off & platform, assessed)
    states = _states(
        estate, managed=managed, blind=blind, assessed=assessed, off=off, grave=counts[0] + counts[1]
    )
    states[~there] = None
    _mark_deleted(estate, states, installations)
    return Known(
        estate=estate, there=there, reach=reach, reached=reached, managed=managed, off=off,
        supported=~estate.flags("scale_set") & ~is_client(estate), assessed=assessed,
        critical=counts[0], security=counts[1], states=states,
        installations=installations, machine_runs=machine_runs, takers=_takers(machine_runs),
        earlier_takers=_takers(estate.machine_runs),
        blind_installations=~_may_read(estate, "installations"), blind_runs=~_may_read(estate, "runs"),
    )  # fmt: skip


def _takers(rows: pd.DataFrame) -> dict[tuple[int, int], Ints]:
    """Return whom each run took, by the numbers of its configuration and its own."""
    machines = rows["machine"].to_numpy(dtype=np.int64)
    groups = rows.groupby(["configuration", "place"]).indices
    return {(int(number), int(place)): machines[at] for (number, place), at in groups.items()}


def _may_read(estate: Estate, sort: str) -> Bools:
    """Tell of which machines rows of a sort may be read."""
    told = np.array([s.visible and sort not in s.withheld for s in estate.subscriptions])
    found: Bools = told[estate.column("subscription")]
    return found


def _of_present(estate: Estate, rows: pd.DataFrame, sort: str) -> pd.DataFrame:
    """Return the rows that can be read and are of the machine under the id that it has now."""
    machine = rows["machine"].to_numpy()
    moved = (estate.column("old_subscription") >= 0)[machine]
    since = np.where(moved, estate.column("moved")[machine], 0)
    when = (rows["started"] if "started" in rows else rows["scheduled"]).to_numpy()
    read = _may_read(estate, sort)[machine]
    return rows[read & (when >= since)]


def needed_of(estate: Estate, word: str) -> Ints:
    """Return how many needed updates of a class each machine has."""
    right = estate.updates["class"].to_numpy()[estate.needed["update"]] == word
    return np.bincount(estate.needed["machine"][right], minlength=len(estate.machines)).astype(np.int64)


def _blind(estate: Estate, wanted: Bools, assessed: Bools) -> Bools:
    """Tell whose subscription shows no assessment though several machines have it switched on."""
    home, count = estate.column("subscription"), len(estate.subscriptions)
    many = np.bincount(home[wanted], minlength=count) >= FEW
    none = np.bincount(home[assessed & estate.is_there()], minlength=count) == 0
    found: Bools = (many & none)[home]
    return found


def _states(
    estate: Estate, *, managed: Bools, blind: Bools, assessed: Bools, off: Bools, grave: Ints
) -> Texts:
    """Return the states of machines that are in ``resources``."""
    age = estate.asked - estate.column("assessed")
    begun = age + estate.column("assess_minutes") * 60
    status = estate.texts("assess_status")
    succeeded = assessed & np.isin(status, SUCCEEDED)
    going = assessed & (status == "InProgress")
    strange = assessed & ~np.isin(status, [*SUCCEEDED, "InProgress", "Failed"])
    tests = [
        ~managed,
        blind | (going & (begun <= 4 * HOUR)) | strange | (succeeded & _not_counted(estate)),
        off & ~(succeeded & (age < 24 * HOUR)),
        (assessed & (status == "Failed")) | going,
        ~assessed,
        age > STALE_AFTER,
        grave > 0,
    ]
    names = [
        "not_managed", "unknown", "disconnected", "assessment_failed", "not_assessed", "assessment_stale",
        "non_compliant",
    ]  # fmt: skip
    return np.select(tests, [np.array(n, dtype=object) for n in names], default="compliant")


def _not_counted(estate: Estate) -> Bools:
    """Tell of which machines neither a count nor an update of the sorts that matter tells anything."""
    found: Bools = np.zeros(len(estate.machines), dtype=np.bool_)
    matters = estate.updates["class"].isin(["Critical", "Security", "Security-ESM"])
    matters |= estate.updates["kb"] == "2267602"
    found[estate.needed["machine"][matters.to_numpy()[estate.needed["update"]]]] = True
    return estate.flags("uncounted") | (estate.flags("by_children") & ~found)


def _mark_deleted(estate: Estate, states: Texts, installations: pd.DataFrame) -> None:
    """Call deleted machines disconnected while their newest patch row is young."""
    visible = np.array([s.visible for s in estate.subscriptions])[estate.column("subscription")]
    told = np.where(estate.column("assessed") > estate.asked - KEPT, estate.column("assessed"), 0)
    newest = installations.groupby("machine")["ended"].max()
    told[newest.index] = np.maximum(told[newest.index], newest)
    gone = visible & (estate.column("deleted") < NEVER) & ~estate.flags("unread")
    states[gone & (told > estate.asked - STALE_AFTER)] = "disconnected"
