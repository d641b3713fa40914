"""Expect the findings of family ``onboarding``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.deployments import has_worker, names, off, selected_at
from fleet.expect.assessment import expect_machines, explained_by_quota
from fleet.expect.states import STALE_AFTER, elsewhere, reporting
from fleet.identity import ACCOUNT, account_id, configuration_id, subscription_id
from fleet.model import DAY, HOUR, NEVER, Bools, Planted, Texts, World, known
from fleet.rhythm import connected_at, first_heartbeat, last_heartbeat, last_scan

REGISTRATION = {
    "refused": ("registered_to_other_account", "registration_refused"),
    "algorithm": ("service_unreachable", "no_common_algorithm"),
    "infinity": ("service_unreachable", "intercepted_response"),
    "certificate": ("service_unreachable", "certificate_intercepted"),
    "denied": ("service_unreachable", "access_denied"),
    "denied_plainly": ("service_unreachable", "access_denied"),
    "self_signed": ("certificate_not_created", "key_folder_denied"),
    "self_signed_denied": ("certificate_not_created", "key_folder_denied"),
}


def expect_onboarding(world: World) -> Iterator[Planted]:
    """Yield what keeps machines from being managed."""
    stuck = _stuck(world)
    yield from expect_machines(world, known(stuck), "machine_stuck_configuring", stuck, "medium")
    absent = _absent(world, known(stuck))
    yield from expect_machines(world, known(absent), "machine_not_in_update_management", absent, "medium")
    yield from _out_of_reach(world)
    silent = connected_at(world, world.asked) & has_worker(world) & ~_managed(world)
    silent &= world.column("worker_seen") < world.asked - HOUR
    yield from expect_machines(world, silent, "worker_not_responding", "worker_silent", "medium")
    yield from _accounts(world)
    homes, refused = _multi_homed(world), _registration(world)
    for scenario in ("registered_to_other_account", "service_unreachable", "certificate_not_created"):
        cause = np.array([c if s == scenario else None for s, c in refused], dtype=object)
        if scenario == "registered_to_other_account":
            cause[homes] = "multi_homed"
        yield from expect_machines(world, known(cause), scenario, cause, "medium")


def _connected_lately(world: World) -> Bools:
    """Tell which machines sent a heartbeat within the time after which they count as gone."""
    lately: Bools = last_heartbeat(world) >= world.asked - STALE_AFTER
    return lately


def _stuck(world: World) -> Texts:
    """Return why each machine is stuck while it is configured."""
    there = reporting(world)
    frame = world.machines.assign(key=world.machines["computer"].str.lower())[there]
    cause = np.full(len(there), None, dtype=object)
    first = first_heartbeat(world)
    fresh = (first > world.start + DAY) & (first <= world.asked - 12 * HOUR)
    blocked = there & fresh & _connected_lately(world) & (last_scan(world) < 0)
    blocked &= _has_solution(world) & has_worker(world) & ~explained_by_quota(world)
    cause[blocked] = "communication_blocked"
    cause[frame.index[frame["source_id"].duplicated(keep=False)]] = "cloned_image"
    cause[frame.index[frame["key"].duplicated(keep=False)]] = "duplicate_computer_name"
    return cause


def _has_solution(world: World) -> Bools:
    """Tell whose newest heartbeat names the updates solution."""
    told: Bools = world.machines["solutions"].str.lower().str.contains('"updates"').to_numpy(dtype=np.bool_)
    return told


def _absent(world: World, stuck: Bools) -> Texts:
    """Return why each machine is not in Update Management."""
    cause = np.full(len(stuck), None, dtype=object)
    first = first_heartbeat(world)
    quiet = reporting(world) & _connected_lately(world) & (first <= world.asked - 12 * HOUR)
    quiet &= (last_scan(world) < 0) & ~stuck & ~elsewhere(world)
    tests = [explained_by_quota(world), ~_has_solution(world), ~has_worker(world)]
    causes = ["quota_reached", "solution_not_enabled", "worker_not_registered"]
    why = np.select(tests, [np.array(c, dtype=object) for c in causes], default="unknown")
    cause = np.where(quiet, why, cause)
    return np.where(_silent(world), "agent_silent", cause)


def _managed(world: World) -> Bools:
    """Tell which machines Azure Update Manager assesses, as far as that can be believed."""
    return elsewhere(world) & ~np.isin(np.arange(len(world.machines)), world.lapsed)


def _out_of_reach(world: World) -> Iterator[Planted]:
    """Yield the machines that are assessed and that no run can reach."""
    fresh = last_scan(world) >= world.asked - STALE_AFTER
    chosen = reporting(world) & _connected_lately(world) & fresh & ~has_worker(world) & ~_managed(world)
    wanted = np.zeros(len(chosen), dtype=np.bool_)
    for number in range(len(world.deployments)):
        wanted |= names(world, number) | selected_at(world, number, world.asked)
    severity = np.where(wanted, "medium", "info").astype(object)
    yield from expect_machines(
        world, chosen, "machine_not_in_update_management", "worker_not_registered", severity
    )


def _silent(world: World) -> Bools:
    """Tell which machines run, are expected to be managed, and never wrote a row."""
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    kind = world.texts("kind")
    listed = visible & (kind != "plain") & (world.column("deleted") == NEVER) & ~off(world)
    listed &= ~world.flags("unread")
    # nothing tells when an Arc machine was made
    old = (world.column("created") <= world.start) | (kind == "arc")
    wanted = has_worker(world)
    for number in range(len(world.deployments)):
        wanted = wanted | names(world, number)
    silent: Bools = listed & old & wanted & ~reporting(world) & ~world.flags("ghost") & ~elsewhere(world)
    return silent


def _multi_homed(world: World) -> Bools:
    """Tell which agents report to two workspaces with the updates solution."""
    table = world.machines.assign(key=world.machines["computer"].str.lower())
    table = table[_connected_lately(world) & _has_solution(world)]
    homes = table.groupby(["key", "source_id"])["workspace"].nunique()
    pairs = world.machines["computer"].str.lower(), world.machines["source_id"]
    several = homes[homes > 1].index
    found: Bools = np.array([pair in several for pair in zip(*pairs, strict=True)], dtype=np.bool_)
    return found


def _registration(world: World) -> list[tuple[str | None, str | None]]:
    """Return scenario and cause of each machine's newest registration error, if it still counts."""
    newest: dict[int, tuple[int, str]] = {}
    for one in world.happenings:
        if one.kind == "registration" and one.detail in REGISTRATION and world.start < one.at:
            newest[one.machine] = max(newest.get(one.machine, (0, "")), (one.at, one.detail))
    found: list[tuple[str | None, str | None]] = [(None, None)] * len(world.machines)
    scan = last_scan(world)
    for machine, (at, kind) in newest.items():
        if at > scan[machine]:
            found[machine] = REGISTRATION[kind]
    return found


def _accounts(world: World) -> Iterator[Planted]:
    """Yield what is wrong with the account, with subscriptions, and with whom deployments name."""
    if not world.linked:
        yield Planted(
            scenario="update_solution_not_enabled", cause="account_not_linked", severity="medium",
            kind="automation_account", name=ACCOUNT, id=account_id(world),
        )  # fmt: skip
    for subscription in world.subscriptions:
        if subscription.visible and subscription.registration.lower() != "registered":
            yield Planted(
                scenario="provider_not_registered", cause="provider_not_registered", severity="medium",
                kind="subscription", name=subscription.id, id=subscription_id(subscription),
            )  # fmt: skip
    own = world.subscriptions[world.account_subscription].tenant
    tenants = np.array([s.tenant if s.visible else own for s in world.subscriptions], dtype=object)
    foreign = (tenants[world.column("subscription")] != own) & (world.texts("kind") == "azure")
    for number, deployment in enumerate(world.deployments):
        if deployment.enabled and (foreign & names(world, number)).any():
            yield Planted(
                scenario="cross_tenant_target", cause="linked_subscription_unauthorized",
                kind="update_configuration", name=deployment.name, severity="medium",
                id=configuration_id(world, deployment),
            )  # fmt: skip
