"""Let seven things happen, each to machines that have something in common; the rest follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleet.demo.choosing import Choose
from fleet.faults import registry as old
from fleet.faults.membership import leave_deployments
from fleet.faults.quota import lose_assessments_to_cap
from fleet.faults.scans import lose_wsus
from fleet.model import DAY, HOUR, Ints, World
from fleet.update_manager.faults import registry as new
from fleet.update_manager.faults.missed import WINDOWS, join_windows
from fleet.update_manager.faults.onboarding import lack_maintenance
from fleet.update_manager.faults.placing import end, need, retag
from fleet.update_manager.model import Estate

Chosen = dict[str, Ints]


@dataclass(frozen=True, kw_only=True)
class Told:
    """Say what happened; ``place``: the workspace or subscription in which it did, if it is of one."""

    says: str
    place: str | None = None


ROOTS = {
    "capped_workspace": Told(
        says="law-branches reached its daily cap 20 hours ago: what its machines sent since is lost",
        place="law-branches",
    ),
    "firewall_change": Told(
        says="two days ago a change of a firewall cut 10.20.30.0/24 off: no agent in it is heard any more"
    ),
    "tag_renamed": Told(
        says="the tag stage=prod was renamed to stage=prd on forty machines: the scope of "
        "mc-windows-weekly selects them no more"
    ),
    "provider_not_registered": Told(
        says="nobody registered Microsoft.Maintenance in the new subscription sub-acquired: "
        "no schedule runs there",
        place="sub-acquired",
    ),
    "image_without_flag": Told(
        says="an image leaves out bypassPlatformSafetyChecksOnUserSchedule: schedules pass its machines by"
    ),
    "wsus_fails": Told(says="a WSUS server does not answer: assessments of the machines that ask it fail"),
    "update_fails_everywhere": Told(
        says="one KB for Windows Server 2019 fails on every machine, in every run of the last three weeks"
    ),
}
SUBNET = 20 * 2**16 + 30 * 2**8
SINCE_FIREWALL = 50 * HOUR
WEEKLY_WINDOWS = 0


def spoil_before(world: World, choose: Choose) -> Chosen:
    """Let what concerns the old service happen to its machines; return them, by what happened."""
    capped = choose(old.anyone(world), 36, "capped workspace")
    lose_assessments_to_cap(world, capped, "law-branches")
    silent = choose(old.anyone(world), 26, "firewall change")
    leave_deployments(world, silent)
    world.machines.loc[silent, "address"] = SUBNET + 11 + 3 * np.arange(len(silent))
    world.machines.loc[silent, ["beat_to", "scan_to"]] = world.asked - SINCE_FIREWALL
    arc = silent[(world.texts("kind") == "arc")[silent]]
    world.machines.loc[arc, "power"] = "Disconnected"
    deaf = choose(old.windows(world), 10, "wsus")
    lose_wsus(world, deaf)
    return {"capped_workspace": capped, "firewall_change": silent, "wsus_fails": deaf}


def spoil(estate: Estate, choose: Choose) -> Chosen:
    """Let the rest happen to machines of Azure Update Manager; return them, by what happened."""
    return {
        "firewall_change": _cut_off(estate, choose),
        "tag_renamed": _rename_tag(estate, choose),
        "provider_not_registered": _leave_unregistered(estate, choose),
        "image_without_flag": _use_image(estate, choose),
        "wsus_fails": _lose_wsus(estate, choose),
        "update_fails_everywhere": _fail_everywhere(estate, choose),
    }


def _cut_off(estate: Estate, choose: Choose) -> Ints:
    """Let the agents of Arc machines lose their connection when those of the old service did."""
    machines = choose(new.arc(estate), 12, "firewall change")
    at = estate.asked - SINCE_FIREWALL
    estate.set(machines, power="Disconnected", off_from=at, assessed=at - 3 * HOUR, group="rg-branch-30")
    return machines


def _rename_tag(estate: Estate, choose: Choose) -> Ints:
    """Rename the word of a tag a day before the run: the scope of the weekly schedule wants the old one."""
    machines = choose(new.azure_windows(estate), 40, "tag renamed")
    join_windows(estate, machines)
    retag(estate, machines, "stage", "prd", estate.asked - (WINDOWS + 20) * HOUR)
    need(estate, machines, "lcu", "net")
    estate.suspects += machines[:1].tolist()
    return machines


def _leave_unregistered(estate: Estate, choose: Choose) -> Ints:
    """Put machines into a subscription that was bought three weeks ago; nothing patches them."""
    machines = choose(new.azure(estate), 48, "provider not registered")
    lack_maintenance(estate, machines, "sub-acquired")
    estate.set(machines, created=estate.asked - 20 * DAY, group="rg-acquired")
    windows = (estate.texts("os_type") == "Windows")[machines]
    need(estate, machines[windows], "crit-old", "lcu")
    need(estate, machines[~windows], "kernel", "ssl")
    estate.suspects += machines[:1].tolist()
    return machines


def _use_image(estate: Estate, choose: Choose) -> Ints:
    """Make machines of an image without the flag that lets a schedule patch, five weeks ago."""
    fits = new.azure(estate) & (estate.texts("release") == "ws2022")
    machines = choose(fits, 30, "image without flag")
    join_windows(estate, machines)
    estate.set(machines, bypass=-1, created=estate.asked - 36 * DAY, group="rg-web-farm")
    need(estate, machines, "lcu", "net")
    return machines


def _lose_wsus(estate: Estate, choose: Choose) -> Ints:
    """Let assessments not reach the server that they are told to ask."""
    machines = choose(new.windows(estate), 24, "wsus")
    estate.set(machines, assess_status="Failed", trouble="network_unreachable")
    return machines


def _fail_everywhere(estate: Estate, choose: Choose) -> Ints:
    """Let one critical update fail in the newest three runs of the weekly schedule."""
    fits = new.azure(estate) & (estate.texts("release") == "ws2019")
    machines = choose(fits, 60, "update fails everywhere")
    join_windows(estate, machines)
    need(estate, machines, "crit-old")
    children = (("other-1", "Installed"), ("crit-old", "Failed"))
    for back in range(3):
        end(estate, machines, WEEKLY_WINDOWS, back=back, status="Failed", trouble="other_hresult",
            minutes=52, children=children)  # fmt: skip
    return machines
