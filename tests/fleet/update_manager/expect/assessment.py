"""Expect the findings of family ``assessment``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.model import DAY, NEVER, Bools, Planted, Texts
from fleet.model import known as is_text
from fleet.update_manager.expect.findings import expect_machines, first_that_fits
from fleet.update_manager.expect.known import SUCCEEDED, Known
from fleet.update_manager.model import PLATFORM
from fleet.update_manager.reach import is_client, named, registered
from fleet.update_manager.schedule import living
from fleet.update_manager.updates import OUT_OF_SUPPORT

DEFENDER = "2267602"


def expect_assessment(known: Known) -> Iterator[Planted]:
    """Yield what must be said of every machine's state and updates."""
    states, estate = known.states, known.estate
    yield from expect_machines(
        known, states == "non_compliant", "machine_non_compliant", "security_updates_missing",
        np.where(known.critical > 0, "high", "medium").astype(object),
    )  # fmt: skip
    yield from _not_assessed(known)
    stuck = estate.texts("assess_status") == "InProgress"
    trouble = np.where(stuck, "stuck_in_progress", estate.texts("trouble"))
    trouble = np.where(is_text(trouble), trouble, "unknown").astype(object)
    yield from expect_machines(
        known, states == "assessment_failed", "assessment_failed", trouble,
        np.where(trouble == "superseded_operation", "low", "medium").astype(object),
    )  # fmt: skip
    yield from _disconnected(known)
    yield from _reboots(known)
    yield from _subscriptions(known)
    yield from expect_machines(
        known, _needs(known, (estate.updates["kb"] == DEFENDER).to_numpy()), "defender_definition_missing",
        "definition_updates_daily", "info",
    )  # fmt: skip


def blocked(known: Known) -> Texts:
    """Return what keeps extensions from each machine; None where nothing does."""
    estate = known.estate
    azure = estate.texts("kind") == "azure"
    return first_that_fits(
        known,
        [
            ("allow_extension_operations_false", azure & (estate.column("allow_ops") == 0)),
            ("vm_agent_not_provisioned", azure & (estate.column("vm_agent") == 0)),
            ("arc_extensions_disabled", ~azure & (estate.column("extensions_on") == 0)),
            ("arc_extension_blocked", ~azure & estate.flags("listed_out")),
        ],
    )


def _not_assessed(known: Known) -> Iterator[Planted]:
    """Yield the machines without an assessment, and those whose assessment is old."""
    estate = known.estate
    platform = (estate.texts("assess_mode") == PLATFORM) & estate.flags("settings")
    client = is_client(estate)
    cannot = [
        ("extension_operations_blocked", is_text(blocked(known))),
        ("provider_not_registered",
         (estate.texts("kind") == "arc") & ~registered(estate, "Microsoft.Compute")),
        ("extension_failed", is_text(estate.texts("extension"))),
    ]  # fmt: skip
    enabled = ("enabled_recently", platform & (estate.column("enabled") > estate.asked - DAY)
               & (estate.column("enabled") < NEVER))  # fmt: skip
    made = ("created_recently", estate.column("created") > estate.asked - DAY)
    off = ("periodic_assessment_off", ~platform)
    unsupported = ("workload_not_supported", estate.flags("scale_set") | client)
    calm = ("created_recently", "enabled_recently", "periodic_assessment_off", "workload_not_supported")
    for scenario, state, tests in (
        ("machine_not_assessed", "not_assessed", [unsupported, *cannot, made, enabled, off]),
        ("assessment_stale", "assessment_stale", [*cannot, enabled, off]),
    ):
        cause = first_that_fits(known, tests, "unknown")
        severity = np.where(np.isin(cause, calm), "info", "medium").astype(object)
        yield from expect_machines(known, known.states == state, scenario, cause, severity)


def _disconnected(known: Known) -> Iterator[Planted]:
    """Yield the machines that are off or gone."""
    estate = known.estate
    power = estate.texts("power")
    cause = first_that_fits(
        known,
        [
            ("machine_deleted", estate.column("deleted") < NEVER),
            ("machine_off", estate.texts("kind") == "azure"),
            ("agent_error", power == "Error"),
            ("agent_expired", power == "Expired"),
        ],
        "agent_stopped",
    )
    succeeded = known.assessed & np.isin(estate.texts("assess_status"), SUCCEEDED)
    grave = succeeded & (known.critical + known.security > 0)
    severity = np.select(
        [
            (cause == "machine_deleted") & in_living_list(known),
            cause == "machine_deleted",
            (cause == "machine_off") & (power == "PowerState/deallocated"),
            cause == "machine_off",
            grave,
        ],
        [np.array(s, dtype=object) for s in ("low", "info", "info", "low", "high")],
        default="medium",
    )
    yield from expect_machines(known, known.states == "disconnected", "machine_disconnected", cause, severity)


def in_living_list(known: Known) -> Bools:
    """Tell which machines a static assignment of a living configuration names."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    for configuration in known.estate.configurations:
        if living(configuration, known.estate.asked):
            found |= named(known.estate, configuration)
    return found


def _reboots(known: Known) -> Iterator[Planted]:
    """Yield the machines that wait for a restart."""
    estate = known.estate
    newest = known.newest_of_machine()
    machines = np.arange(len(known.there))
    status = newest["reboot"].reindex(machines).to_numpy(dtype=object)
    exceeded = newest["exceeded"].reindex(machines).to_numpy(dtype=object) == True  # noqa: E712
    number = newest["configuration"].reindex(machines).fillna(-1).to_numpy(dtype=np.int64)
    never = np.array([c.reboot.startswith("Never") for c in estate.configurations] + [False])[number]
    cause = first_that_fits(
        known,
        [
            ("unknown", known.blind_installations),
            ("reboot_setting_never", never),
            ("reboot_failed", status == "Failed"),
            ("window_had_no_room", (status == "Required") & exceeded),
            ("reboot_not_attempted", status == "Required"),
        ],
        "outside_update_manager",
    )
    succeeded = known.assessed & np.isin(estate.texts("assess_status"), SUCCEEDED)
    chosen = known.managed & succeeded & estate.flags("reboot_pending")
    chosen &= ~np.isin(known.states, ["disconnected"])
    grave = np.where(known.critical + known.security > 0, "medium", "low").astype(object)
    yield from expect_machines(known, chosen, "reboot_pending", cause, grave)


def _needs(known: Known, which: Bools) -> Bools:
    """Tell which machines need one of some updates."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    needed = known.estate.needed
    found[needed["machine"][which[needed["update"]]]] = True
    return found & known.managed & known.assessed


def _subscriptions(known: Known) -> Iterator[Planted]:
    """Yield the machines whose updates need Ubuntu Pro or extended security updates."""
    estate = known.estate
    told = np.zeros(len(known.there), dtype=np.bool_)
    newest = known.newest_of_machine()
    told[newest.index[newest["trouble"] == "esm_required"]] = True
    told |= known.assessed & (estate.texts("trouble") == "esm_required")
    pro = _needs(known, estate.updates["class"].str.lower().str.contains("esm").to_numpy()) | told
    esu = (estate.texts("kind") == "arc") & (estate.texts("esu") == "NotAssigned") & known.managed
    cause = first_that_fits(known, [("ubuntu_pro_required", pro), ("esu_not_assigned", esu)])
    old = estate.machines["release"].isin(OUT_OF_SUPPORT).to_numpy()
    yield from expect_machines(
        known, is_text(cause) & known.managed, "updates_need_subscription", cause,
        np.where(old, "medium", "info").astype(object),
    )  # fmt: skip
