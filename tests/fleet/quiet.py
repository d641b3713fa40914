"""Make a quiet estate, as real ones are: much moves and much cannot be seen, and little of it is a fault."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from fleet.demo.choosing import Choose
from fleet.maker import write_fleet, write_truth
from fleet.model import DAY, HOUR, Fleet, Ints
from fleet.update_manager.estate import make_estate
from fleet.update_manager.expect import know
from fleet.update_manager.faults import assessment, lookalikes, onboarding
from fleet.update_manager.faults import registry as new
from fleet.update_manager.faults.missed import join_linux
from fleet.update_manager.faults.placing import add_place, leave_schedules, need, need_nothing, record
from fleet.update_manager.maker import settle
from fleet.update_manager.model import Estate, Scope

#: The morning after a Patch Tuesday.
QUIET_ASKED_AT = datetime(2026, 11, 11, 6, tzinfo=UTC)
DAYS = 14
WEEKLY_WINDOWS = 0


def make_quiet(folder: Path, machines: int = 600, seed: int = 3) -> Fleet:
    """Write the quiet estate: of Azure Update Manager alone."""
    asked = int(QUIET_ASKED_AT.timestamp())
    estate = make_estate(seed, machines, asked, asked - DAYS * DAY, None)
    choose, share = Choose(estate), machines // 100
    _onboard(estate, choose, share)
    _scale(estate, choose, share)
    _use_desktops(estate, choose(new.azure_windows(estate), 2 * share, "desktops"))
    for make, who, count in (
        (lookalikes.be_off_tonight, new.azure, 9 * share), (onboarding.patch_by_hand, new.anyone, 3 * share),
        (lookalikes.hide_assessments, new.azure, 4 * share),
        (lookalikes.hide_everything, new.azure, 3 * share),
        (onboarding.leave_to_platform, new.azure, 2 * share),
        (lookalikes.need_no_service, new.azure_windows, 6),
    ):  # fmt: skip
        make(estate, choose(who(estate), count, make.__name__))
    _hide_schedules(estate)
    _publish_updates(estate)
    settle(estate)
    fleet = write_fleet(folder, DAYS, None, know(estate))
    write_truth(fleet)
    return fleet


def _onboard(estate: Estate, choose: Choose, share: int) -> None:
    """Make machines in waves: nine days ago, three days ago, and since midnight."""
    for ago in (9 * DAY, 3 * DAY):
        wave = choose(new.azure(estate), 2 * share, f"wave {ago}")
        estate.set(wave, created=estate.asked - ago)
        record(estate, wave, estate.asked - ago, "Create")
    assessment.be_new(estate, choose(new.azure(estate), 2 * share, "wave of today"))
    assessment.be_enabled(estate, choose(new.azure(estate), share, "enabled today"))


def _scale(estate: Estate, choose: Choose, share: int) -> None:
    """Let machines of a dynamic scope be born and deleted within days, between its runs and across one."""
    for purpose, born, gone in (("across", 90, 30), ("between", 50, 26)):
        machines = choose(new.azure_linux(estate), share, f"scaled {purpose}")
        if purpose == "across":
            join_linux(estate, machines)
        else:
            leave_schedules(estate, machines)
        at = estate.asked - gone * HOUR
        estate.set(machines, created=estate.asked - born * HOUR, deleted=at, assessed=at - HOUR)
        record(estate, machines, estate.asked - born * HOUR, "Create")
        record(estate, machines, at, "Delete")


def _use_desktops(estate: Estate, machines: Ints) -> None:
    """Let a scope of a whole subscription select machines that run a Windows for clients."""
    leave_schedules(estate, machines)
    need_nothing(estate, machines)
    place = add_place(estate, "sub-desktops")
    estate.set(machines, release="win11", subscription=place)
    estate.set(machines[::2], assessed=-1)
    estate.configurations[WEEKLY_WINDOWS].scopes.append(Scope(subscription=place, systems=("Windows",)))


def _hide_schedules(estate: Estate) -> None:
    """Keep all schedules in a subscription of the platform's that whoever asks cannot see."""
    hub = add_place(estate, "sub-hub", visible=False)
    for configuration in estate.configurations:
        configuration.subscription = hub


def _publish_updates(estate: Estate) -> None:
    """Let Windows machines that were assessed since last night need what came out then."""
    fresh = estate.column("assessed") > estate.asked - 9 * HOUR
    servers = new.windows(estate) & (estate.texts("release") != "win11")
    need(estate, np.flatnonzero(fresh & servers), "fresh")
