"""Make an estate of Azure Update Manager: healthy, spoiled as asked, with the runs it held."""

from __future__ import annotations

from collections.abc import Collection

from fleet.model import World
from fleet.update_manager.adopt import adopt, fall_silent
from fleet.update_manager.estate import make_estate
from fleet.update_manager.expect import Known, know
from fleet.update_manager.faults import FAULTS, spoil
from fleet.update_manager.history import hold_runs
from fleet.update_manager.model import Estate
from fleet.update_manager.reach import index_words

KNOWN_FAULTS = tuple(FAULTS)


def make_known_estate(
    seed: int,
    machines: int,
    asked: int,
    start: int,
    faults: Collection[str] | None,
    *,
    lookalikes: bool | Collection[str],
    share: float,
    drift: bool,
    old: World | None,
) -> Known:
    """Make an estate beside the old service, if there is one; return what is known of it."""
    estate = make_estate(seed, machines, asked, start, old)
    if old is not None:
        adopt(estate, old)
    spoil(estate, faults, lookalikes=lookalikes, share=share)
    if old is not None:
        fall_silent(estate, old)
    if drift:
        estate.drift = True
        estate.machines["spelling"] = 1
    settle(estate)
    return know(estate)


def settle(estate: Estate) -> None:
    """Hold the runs, once nothing changes any more."""
    index_words(estate)
    hold_runs(estate)
