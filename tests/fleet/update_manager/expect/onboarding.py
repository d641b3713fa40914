"""Expect the findings of family ``onboarding``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.model import DAY, Bools, Planted
from fleet.model import known as is_text
from fleet.update_manager.expect.assessment import blocked, in_living_list
from fleet.update_manager.expect.findings import expect_machines, first_that_fits
from fleet.update_manager.expect.known import SUCCEEDED, Known
from fleet.update_manager.expect.near import missed_by_a_word
from fleet.update_manager.model import PLATFORM
from fleet.update_manager.reach import is_client, named, schedulable, selected
from fleet.update_manager.schedule import living

PLACEHOLDERS = ("", "03000200-0400-0500-0006-000700080009")


def expect_onboarding(known: Known) -> Iterator[Planted]:
    """Yield what keeps machines from being managed as they should."""
    estate = known.estate
    managed = known.managed & known.supported
    platform = (estate.texts("assess_mode") == PLATFORM) & estate.flags("settings")
    yield from expect_machines(
        known, managed & ~platform, "periodic_assessment_off",
        np.where(estate.flags("settings"), "not_enabled", "settings_absent").astype(object),
        np.where(known.reached, "medium", "low").astype(object),
    )  # fmt: skip
    mode = first_that_fits(
        known,
        [
            ("settings_absent", ~estate.flags("settings")),
            ("bypass_flag_off", estate.texts("patch_mode") == PLATFORM),
        ],
        "patch_mode_not_platform",
    )
    unfit = managed & known.reached & ~schedulable(estate)
    yield from expect_machines(known, unfit, "patch_mode_not_schedulable", mode, "high")
    why = blocked(known)
    yield from expect_machines(known, managed & is_text(why), "extension_operations_blocked", why, "high")
    newest = known.newest_of_machine()
    worse = known.assessed & (estate.texts("assess_status") == "Failed")
    worse[newest.index[newest["status"] == "Failed"]] = True
    yield from expect_machines(
        known, managed & is_text(estate.texts("extension")), "patch_extension_not_healthy",
        "extension_failed", np.where(worse, "high", "medium").astype(object),
    )  # fmt: skip
    yield from _unmanaged(known)
    yield from _without_schedule(known, managed)
    yield from _unsupported(known)
    yield from _providers(known)
    yield from _duplicates(known)
    yield from _policies(known)


def _unmanaged(known: Known) -> Iterator[Planted]:
    """Yield the machines that no service looks after."""
    estate = known.estate
    homes = zip(estate.column("subscription").tolist(), estate.texts("group").tolist(), strict=True)
    kept = np.array([home in estate.managed_groups or home[1].lower().startswith("mc_") for home in homes])
    chosen = known.there & ~known.off & ~known.managed & known.supported & ~kept
    chosen &= ~is_text(estate.texts("managed_by")) & bool(known.managed.any())
    plan = np.where(estate.flags("plan"), "info", "low").astype(object)
    yield from expect_machines(known, chosen, "machine_unmanaged", "not_enabled", plan)


def _without_schedule(known: Known, managed: Bools) -> Iterator[Planted]:
    """Yield the machines that no schedule reaches."""
    estate = known.estate
    chosen = managed & ~known.off & ~known.reached
    by_platform = (estate.texts("kind") == "azure") & estate.flags("settings")
    by_platform &= (estate.texts("patch_mode") == PLATFORM) & (estate.column("bypass") != 1)
    by_hand, expired = (np.zeros(len(chosen), dtype=np.bool_) for _ in range(2))
    rows = known.installations
    demand = (rows["configuration"] < 0) & (rows["by"] == "User") & rows["status"].isin(SUCCEEDED)
    by_hand[rows.loc[demand, "machine"]] = True
    for configuration in estate.configurations:
        if known.seen(configuration) and not living(configuration, estate.asked):
            expired |= selected(estate, configuration, estate.asked)
    cause = first_that_fits(
        known,
        [
            ("platform_patches_machine", by_platform),
            ("patched_on_demand", by_hand),
            ("only_expired_schedules", expired),
            ("scope_filter_excludes", missed_by_a_word(known, np.flatnonzero(chosen))),
        ],
        "no_assignment",
    )
    calm = np.isin(cause, ["platform_patches_machine", "patched_on_demand"])
    grave = known.states == "non_compliant"
    severity = np.where(calm, "info", np.where(grave, "medium", "low")).astype(object)
    yield from expect_machines(known, chosen, "machine_without_schedule", cause, severity)


def _unsupported(known: Known) -> Iterator[Planted]:
    """Yield the machines of sorts that Azure Update Manager does not patch."""
    estate = known.estate
    listed = np.zeros(len(known.there), dtype=np.bool_)
    for configuration in estate.configurations:
        listed |= named(estate, configuration)
    cause = first_that_fits(
        known, [("scale_set_instance", estate.flags("scale_set")), ("windows_client", is_client(estate))]
    )
    chosen = known.there & is_text(cause) & (known.managed | listed)
    severity = np.where(in_living_list(known), "medium", "info").astype(object)
    yield from expect_machines(known, chosen, "workload_not_supported", cause, severity)


def _providers(known: Known) -> Iterator[Planted]:
    """Yield the subscriptions without a provider that is wanted there."""
    estate = known.estate
    home = estate.column("subscription")
    configured = {c.subscription for c in estate.configurations if known.lives(c)}
    reached = configured | set(home[known.reached].tolist())
    arc = set(home[known.managed & (estate.texts("kind") == "arc")].tolist())
    for number, place in enumerate(estate.subscriptions):
        wanted = {"Microsoft.Maintenance": number in reached, "Microsoft.Compute": number in arc}
        if place.visible and any(wanted.get(one) for one in place.unregistered):
            yield Planted(
                scenario="provider_not_registered", cause="provider_not_registered", severity="medium",
                kind="subscription", name=place.id, id=f"/subscriptions/{place.id}",
            )  # fmt: skip


def _duplicates(known: Known) -> Iterator[Planted]:
    """Yield the machines that are there twice."""
    estate = known.estate
    arc = known.there & (estate.texts("kind") == "arc")
    real = np.array([
        one not in PLACEHOLDERS and len(set(one.replace("-", ""))) > 1 for one in estate.texts("vm_uuid")
    ])  # fmt: skip
    azure = known.there & (estate.texts("kind") == "azure")
    uuid = estate.machines["vm_uuid"]
    twice = arc & real & uuid.isin(set(estate.texts("vm_id")[azure])).to_numpy()
    there = np.flatnonzero(arc & real & ~known.off)
    same = np.zeros(len(arc), dtype=np.bool_)
    same[there[uuid.iloc[there].duplicated(keep=False).to_numpy()]] = True
    cause = first_that_fits(known, [("arc_and_azure", twice), ("same_hardware_id", same)])
    yield from expect_machines(known, is_text(cause), "duplicate_machine", cause, "medium")


def _policies(known: Known) -> Iterator[Planted]:
    """Yield the machines of which Azure Policy says what is not so."""
    estate = known.estate
    cause = np.full(len(known.there), None, dtype=object)
    platform = (estate.texts("assess_mode") == PLATFORM) & estate.flags("settings")
    changed = np.where(estate.column("enabled") <= estate.asked, estate.column("enabled"), 0)
    for verdict in estate.verdicts:
        on = platform[verdict.machine]
        if verdict.state == "Compliant" and not on:
            cause[verdict.machine] = "policy_compliant_setting_wrong"
        elif verdict.state == "NonCompliant" and on and verdict.at > changed[verdict.machine] + DAY:
            cause[verdict.machine] = "policy_never_compliant"
    yield from expect_machines(known, is_text(cause) & known.there, "policy_disagrees", cause, "low")
