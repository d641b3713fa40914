"""Let happen what happens everywhere: nothing of it is worth more than a glance."""

from __future__ import annotations

import numpy as np

from fleet.demo.choosing import Choose
from fleet.faults import assessment as old_assessment
from fleet.faults import lookalikes as old_alike
from fleet.faults import registry as old
from fleet.faults.identities import told
from fleet.faults.onboarding import leave_solution_out
from fleet.faults.unplanned import restart_by_hand
from fleet.model import HOUR, Ints, World
from fleet.update_manager.faults import assessment, lookalikes, lookalikes_schedules, onboarding
from fleet.update_manager.faults import registry as new
from fleet.update_manager.faults.missed import join_linux, join_windows
from fleet.update_manager.faults.placing import end, need
from fleet.update_manager.model import Estate

WEEKLY_WINDOWS, WEEKLY_LINUX = 0, 1


def be_noisy_before(world: World, choose: Choose) -> None:
    """Let machines of the old service be off, be made anew, or need what matters little."""
    for make, who, count in (
        (old_assessment.switch_off, old.hosted, 4), (old_assessment.need_definitions, old.windows, 8),
        (old_alike.be_off_since_today, old.hosted, 5), (old_alike.reinstall_agent, old.anyone, 4),
        (old_alike.need_no_more, old.windows, 3), (old_alike.need_package_no_more, old.linux, 2),
        (old_alike.be_made_after_run, old.azure_windows, 2), (restart_by_hand, old.windows, 3),
        (leave_solution_out, told, 3),
    ):  # fmt: skip
        make(world, choose(who(world), count, make.__name__))


def be_noisy(estate: Estate, choose: Choose) -> None:
    """Let machines of Azure Update Manager be off, new, gone, patched by hand, or behind by a few hours."""
    for make, who, count in (
        (lookalikes.be_off_tonight, new.azure, 45), (lookalikes.be_gone, new.azure, 9),
        (lookalikes.need_no_service, new.azure_windows, 6), (lookalikes.be_made_after_run, new.azure, 6),
        (lookalikes.be_judged_rightly, new.anyone, 4), (lookalikes.suspect_patched, new.anyone, 1),
        (lookalikes.cut_the_list, new.linux, 2),
        (lookalikes_schedules.be_patched_from_a_hub, new.anyone, 8),
        (assessment.be_new, new.azure, 7), (assessment.need_definitions, new.windows, 25),
        (assessment.need_pro, assessment.has_release("ubuntu22"), 10),
        (onboarding.patch_by_hand, new.anyone, 8), (onboarding.leave_to_platform, new.azure, 12),
    ):  # fmt: skip
        make(estate, choose(who(estate), count, make.__name__))
    _wait_for_tonight(estate, choose(new.windows(estate), 14, "out of band"))
    _fail_once(estate, choose)
    appliances = choose(new.azure_linux(estate), 2, "appliances")
    onboarding.leave_alone(estate, appliances)
    estate.set(appliances, plan=True)


def _wait_for_tonight(estate: Estate, machines: Ints) -> None:
    """Lack an update of last night that no run could have installed."""
    need(estate, machines, "fresh")


def _fail_once(estate: Estate, choose: Choose) -> None:
    """Let single machines fail in the newest run, for reasons of their own, or be off when it began."""
    done = (("other-1", "Installed"),)
    slow = choose(new.azure_windows(estate), 2, "slow")
    join_windows(estate, slow)
    end(estate, slow, WEEKLY_WINDOWS, status="Failed", trouble="timed_out", children=done)
    broken = choose(new.azure_linux(estate), 2, "broken")
    join_linux(estate, broken)
    end(estate, broken, WEEKLY_LINUX, status="Failed", trouble="package_interferes", children=done)
    away = choose(new.azure_linux(estate), 3, "away")
    at = join_linux(estate, away) - 2 * HOUR
    estate.set(away, off_from=at, assessed=at - np.int64(HOUR), power="PowerState/deallocated")
    asleep = choose(new.azure_windows(estate), 2, "asleep")
    join_windows(estate, asleep)
    end(estate, asleep, WEEKLY_WINDOWS, status="Failed", installs=False, trouble="shutdown")
