"""Let Azure Update Manager manage machines of the old service too: they have rows of both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.deployments import off
from fleet.expect.states import reporting
from fleet.model import DAY, HOUR, NEVER, Ints, World
from fleet.update_manager.estate import FLAGS, NUMBERS, TEXTS, need_others
from fleet.update_manager.model import PLATFORM, Estate

RELEASES = {
    "2016": "ws2016", "2019": "ws2019", "2022": "ws2022", "ubuntu20": "ubuntu22", "ubuntu22": "ubuntu22",
    "rhel8": "rhel9", "centos7": "rhel9", "sles15": "sles15", "suse12": "sles15",
}  # fmt: skip
#: Faults of the old service whose machines may be managed by the new one: of the first two nothing is
#: left to say, the runs of the others are judged all the same.
SPOILED = (
    "machine_non_compliant/security_updates_missing", "assessment_stale/unknown",
    "run_failed_to_start/unknown", "maintenance_window_exceeded/window_too_short",
)  # fmt: skip
SHARE, LEAST, OF_A_FAULT = 0.04, 4, 2
NAMED = 2


def adopt(estate: Estate, old: World) -> None:
    """Add machines of the old service: healthy ones, spoiled ones, and what it knew to be elsewhere."""
    healthy = _choose(estate, old)
    viewed = np.array(sorted(set(old.elsewhere)), dtype=np.int64)
    machines = np.union1d(healthy, viewed)
    first = len(estate.machines)
    estate.machines = pd.concat([estate.machines, _rows(old, machines, first)], ignore_index=True)
    numbers = np.arange(first, len(estate.machines))
    quiet = ~old.taken[machines] & ~np.isin(machines, viewed)
    estate.set(numbers[quiet], healthy=True)
    estate.taken = np.append(estate.taken, np.ones(len(numbers), dtype=np.bool_))
    estate.needed = pd.concat([estate.needed, need_others(estate, numbers)], ignore_index=True)
    estate.configurations[NAMED].named += numbers[np.isin(machines, healthy)].tolist()
    _leave_alone(estate, old, numbers[np.isin(machines, viewed)])
    old.adopted = machines.tolist()


def _choose(estate: Estate, old: World) -> Ints:
    """Choose machines whose rows of the old service tell one story."""
    able = (old.machines["kind"] != "plain").to_numpy() & (old.column("deleted") == NEVER)
    able &= reporting(old) & ~off(old) & ~old.flags("unread") & ~old.flags("ghost")
    able &= np.array([s.visible for s in old.subscriptions])[old.column("subscription")]
    able[old.elsewhere] = False
    free = np.flatnonzero(able & ~old.taken)
    count = min(len(free), max(LEAST, round(SHARE * len(old.machines))))
    rng = estate.rng("adopt")
    chosen = [rng.choice(free, count, replace=False)]
    for name in SPOILED:
        picked = old.chosen.get(name, np.zeros(0, dtype=np.int64))
        alone = [
            m for m in picked.tolist() if able[m] and sum(m in other for other in old.chosen.values()) == 1
        ]
        chosen.append(np.array(alone[:OF_A_FAULT], dtype=np.int64))
    return np.unique(np.concatenate(chosen)).astype(np.int64)


def _rows(old: World, machines: Ints, first: int) -> pd.DataFrame:
    """Return machines of the old service as those of an estate."""
    chosen = old.machines.iloc[machines]
    count = len(machines)
    rng = old.rng("adopted")
    bare = {name: np.full(count, value, dtype=np.int64) for name, value in NUMBERS.items()}
    bare |= {name: np.zeros(count, dtype=np.bool_) for name in FLAGS}
    bare |= {name: pd.Series([None] * count, dtype=object) for name in TEXTS}
    same = ("kind", "os_type", "location", "subscription", "group", "name", "vm_id", "spelling", "created",
            "power", "env", "patch", "owner")  # fmt: skip
    told = {name: chosen[name].to_numpy() for name in same}
    mode = np.full(count, PLATFORM, dtype=object)
    more = {
        "number": np.arange(first, first + count), "release": chosen["os"].map(RELEASES).to_numpy(),
        "vm_uuid": chosen["vm_id"].to_numpy(), "maintenance": None, "stage": "prod", "team": "platform",
        "assessed": old.asked - rng.integers(HOUR, 22 * HOUR, count), "assess_minutes": 4,
        "assess_status": "Succeeded", "shown_extension": True, "assess_mode": mode, "patch_mode": mode,
        "settings": True, "old": machines,
        "shown": np.where(reporting(old)[machines], chosen["computer"].to_numpy(dtype=object), None),
    }  # fmt: skip
    return pd.DataFrame(bare | told | more)


def fall_silent(estate: Estate, old: World) -> None:
    """Let machines send no heartbeat around the run that missed them."""
    numbers = np.flatnonzero(estate.flags("unheard"))
    at = estate.column("away_from")[numbers]
    old.machines.loc[estate.column("old")[numbers], "beat_gap_from"] = at - 2 * HOUR
    old.machines.loc[estate.column("old")[numbers], "beat_gap_to"] = at + 3 * HOUR


def _leave_alone(estate: Estate, old: World, numbers: Ints) -> None:
    """Let machines only be assessed by hand; of those that lapsed by turns it failed, or was days ago."""
    estate.set(numbers, settings=False, bypass=-1, assessed=estate.asked - HOUR)
    lapsed = {machine: turn for turn, machine in enumerate(old.lapsed)}
    for number in numbers.tolist():
        turn = lapsed.get(int(estate.column("old")[number]))
        if turn is not None and turn % 2 == 0:
            estate.machines.loc[number, "assess_status"] = "Failed"
        elif turn is not None:
            estate.machines.loc[number, "assessed"] = estate.asked - 5 * DAY
