"""Faults of family ``assessment``: machines that lack updates, are off, or are not assessed."""

from __future__ import annotations

import numpy as np

from fleet.model import DAY, HOUR, Ints
from fleet.update_manager.faults.placing import (
    add_place,
    need,
    record,
    share,
)
from fleet.update_manager.faults.registry import (
    Who,
    anyone,
    arc,
    azure,
    fault,
    linux,
    windows,
)
from fleet.update_manager.model import Change, Estate


@fault("machine_non_compliant/security_updates_missing", anyone, least=4, weight=30)
def lack_updates(estate: Estate, machines: Ints) -> None:
    """Let machines lack what came out since their newest run; every second one a critical one too."""
    need(estate, machines, "fresh")
    need(estate, machines[1::2], "fresh-crit")


@fault("machine_non_compliant/security_updates_missing uncounted", anyone, weight=0)
def lack_uncounted(estate: Estate, machines: Ints) -> None:
    """Let machines lack updates that are listed and not counted."""
    estate.set(machines, by_children=True)
    need(estate, machines, "fresh")


def not_assess(estate: Estate, machines: Ints) -> None:
    """Let machines have no assessment: nothing in the last seven days."""
    estate.set(machines, assessed=-1)


def assess_long_ago(estate: Estate, machines: Ints) -> None:
    """Let the newest assessment be two to six days old."""
    ago = estate.rng("long ago").integers(51 * HOUR, 6 * DAY, len(machines))
    estate.machines.loc[machines, "assessed"] = estate.asked - ago


@fault("machine_not_assessed/unknown", anyone)
def never_assess(estate: Estate, machines: Ints) -> None:
    """Let machines not be assessed, for no reason that any row tells."""
    not_assess(estate, machines)


@fault("machine_not_assessed/created_recently", anyone, least=2)
def be_new(estate: Estate, machines: Ints) -> None:
    """Make machines some hours ago, after every run; of an Arc machine only its creation tells."""
    at = estate.asked - 8 * HOUR
    estate.set(machines, created=at, assessed=-1)
    record(estate, machines, at, "Create")


def enable(estate: Estate, machines: Ints, at: int) -> None:
    """Switch periodic assessment on at a moment."""
    estate.set(machines, enabled=at)
    for machine in machines.tolist():
        system = str(estate.texts("os_type")[machine]).lower()
        path = f"properties.osProfile.{system}Configuration.patchSettings.assessmentMode"
        values = {path: ("ImageDefault", "AutomaticByPlatform")}
        estate.changes.append(Change(machine=machine, at=at, type="Update", values=values))


@fault("machine_not_assessed/enabled_recently", anyone)
def be_enabled(estate: Estate, machines: Ints) -> None:
    """Switch periodic assessment on a few hours ago."""
    not_assess(estate, machines)
    enable(estate, machines, estate.asked - 6 * HOUR)


@fault("assessment_stale/enabled_recently", anyone)
def be_enabled_again(estate: Estate, machines: Ints) -> None:
    """Switch periodic assessment on a few hours ago, days after an assessment by hand."""
    assess_long_ago(estate, machines)
    enable(estate, machines, estate.asked - 10 * HOUR)


@fault("assessment_stale/unknown", anyone, weight=2)
def stop_assessing(estate: Estate, machines: Ints) -> None:
    """Let machines not be assessed any more."""
    assess_long_ago(estate, machines)


def _edge(estate: Estate, machines: Ints, name: str) -> None:
    """Place Arc machines into a subscription without Microsoft.Compute."""
    share(estate, machines)
    place = add_place(estate, name, unregistered=("Microsoft.Compute",))
    estate.set(machines, subscription=place)


@fault("machine_not_assessed/provider_not_registered", arc)
def lack_provider(estate: Estate, machines: Ints) -> None:
    """Leave the subscription of Arc machines without the provider that assesses them."""
    _edge(estate, machines, "sub-edge")
    not_assess(estate, machines)


@fault("assessment_stale/provider_not_registered", arc)
def lose_provider(estate: Estate, machines: Ints) -> None:
    """Take the provider away from the subscription of Arc machines that were assessed."""
    _edge(estate, machines, "sub-edge-old")
    assess_long_ago(estate, machines)


ERRORS: dict[str, Who] = {
    "network_unreachable": windows, "agent_shutting_down": windows, "update_service_disabled": windows,
    "timed_out": windows, "access_denied": windows, "sudo_denied": linux,
    "package_manager_failure": linux, "superseded_operation": anyone, "extension_timed_out": anyone,
    "platform_error": anyone, "other_hresult": windows,
}  # fmt: skip


def _fail(cause: str, who: Who) -> None:
    """Register that assessments fail for a cause."""

    @fault(f"assessment_failed/{cause}", who, least=2 if cause == "network_unreachable" else 1)
    def make(estate: Estate, machines: Ints) -> None:
        estate.set(machines, assess_status="Failed", trouble=cause)


for _cause, _who in ERRORS.items():
    _fail(_cause, _who)


@fault("assessment_failed/unknown", anyone)
def fail_silently(estate: Estate, machines: Ints) -> None:
    """Let assessments fail without a word."""
    estate.set(machines, assess_status="Failed")


@fault("assessment_failed/stuck_in_progress", anyone, least=2)
def be_stuck(estate: Estate, machines: Ints) -> None:
    """Let assessments never end; some tell of an error all the same."""
    estate.set(machines, assess_status="InProgress", assessed=estate.asked - 6 * HOUR)
    estate.set(machines[1::2], trouble="platform_error")


@fault("machine_disconnected/machine_off", azure, least=4, weight=2)
def switch_off(estate: Estate, machines: Ints) -> None:
    """Switch machines off since the newest runs, or days ago so that a run missed them."""
    ago = np.where(np.arange(len(machines)) % 4 < 2, 28 * HOUR, 4 * DAY)
    _go_off(estate, machines, ago)
    power = np.array(["PowerState/deallocated", "PowerState/stopped"], dtype=object)
    estate.machines.loc[machines, "power"] = power[np.arange(len(machines)) % 2]


def _go_off(estate: Estate, machines: Ints, ago: Ints) -> None:
    """Let machines be off since a while; their newest assessment was some hours before."""
    estate.machines.loc[machines, "off_from"] = estate.asked - ago
    estate.machines.loc[machines, "assessed"] = estate.asked - ago - 3 * HOUR


def _lose(cause: str, status: str) -> None:
    """Register that the agents of Arc machines lose their connection."""

    @fault(f"machine_disconnected/{cause}", arc, least=2)
    def make(estate: Estate, machines: Ints) -> None:
        _go_off(estate, machines, np.full(len(machines), 29 * HOUR))
        estate.set(machines, power=status)
        need(estate, machines[1::2], "fresh")


for _cause, _status in (
    ("agent_error", "Error"), ("agent_expired", "Expired"), ("agent_stopped", "Disconnected")
):  # fmt: skip
    _lose(_cause, _status)


@fault("machine_disconnected/machine_deleted", azure, least=2)
def delete(estate: Estate, machines: Ints) -> None:
    """Delete machines since the newest runs; every second one is still named in a schedule."""
    share(estate, machines[1::2])
    at = estate.asked - 20 * HOUR
    estate.set(machines, deleted=at, assessed=at - 4 * HOUR)
    record(estate, machines, at, "Delete")


def has_release(*releases: str) -> Who:
    """Allow machines of some releases."""
    return lambda estate: estate.machines["release"].isin(releases).to_numpy()


@fault("updates_need_subscription/ubuntu_pro_required", has_release("ubuntu18", "ubuntu22"), least=2)
def need_pro(estate: Estate, machines: Ints) -> None:
    """Let machines need packages that come with Ubuntu Pro."""
    need(estate, machines, "esm")


@fault(
    "updates_need_subscription/ubuntu_pro_required uncounted", has_release("ubuntu18", "ubuntu22"), weight=0
)
def need_pro_uncounted(estate: Estate, machines: Ints) -> None:
    """Let machines need nothing but such packages where nothing is counted: they lack no security update."""
    estate.set(machines, by_children=True)
    need(estate, machines, "esm")


@fault(
    "updates_need_subscription/esu_not_assigned",
    lambda estate: has_release("ws2012r2")(estate) & arc(estate),
)
def lack_license(estate: Estate, machines: Ints) -> None:
    """Leave Arc machines without the licence for extended security updates."""
    estate.set(machines, esu="NotAssigned")


@fault("defender_definition_missing/definition_updates_daily", windows)
def need_definitions(estate: Estate, machines: Ints) -> None:
    """Let machines need the day's definitions of Defender."""
    need(estate, machines, "def")
