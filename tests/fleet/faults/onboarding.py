"""Faults of family ``onboarding``: machines that should be there and are not."""

from __future__ import annotations

import numpy as np

from fleet.faults.identities import never_assess, told
from fleet.faults.membership import find_deployment, leave_deployments
from fleet.faults.quota import cap_now
from fleet.faults.registry import anyone, fault, hosted, hosted_windows
from fleet.model import DAY, HOUR, NEVER, Change, Deployment, Ints, Subscription, World, make_guid

ABSENT = "machine_not_in_update_management"
NO_UPDATES = np.array(
    ['"security","changeTracking"', '"changeTracking","updateCompliance"', ""], dtype=object
)


def be_born(world: World, machines: Ints, moments: Ints | int) -> None:
    """Make machines new: created at these moments, heard from then on."""
    for column in ("created", "beat_from"):
        world.machines.loc[machines, column] = moments
    kinds = world.texts("kind")
    for machine, moment in zip(machines.tolist(), world.column("created")[machines].tolist(), strict=True):
        if kinds[machine] == "azure":
            world.changes.append(Change(machine=machine, at=moment, type="Create", values={}))


@fault("machine_stuck_configuring/communication_blocked", told)
def block_communication(world: World, machines: Ints) -> None:
    """Let new machines send heartbeats and never an assessment."""
    never_assess(world, machines)
    be_born(world, machines, world.asked - world.rng("blocked").integers(14 * HOUR, 9 * DAY, len(machines)))


@fault(f"{ABSENT}/quota_reached", told, fixed=4)
def arrive_at_full_workspace(world: World, machines: Ints) -> None:
    """Let machines arrive just before the cap; for two others the cap came much later."""
    cap_now(world, machines, "law-late")
    never_assess(world, machines)
    be_born(world, machines[:2], world.asked - 26 * HOUR)
    be_born(world, machines[2:3], world.asked - 4 * DAY)


@fault(f"{ABSENT}/solution_not_enabled", told)
def leave_solution_out(world: World, machines: Ints) -> None:
    """Leave machines out of the solution's scope; every second one was in it once."""
    never_assess(world, machines)
    turn = np.arange(len(machines))
    world.machines.loc[machines[1::2], "old_solutions"] = '"updates","changeTracking"'
    world.machines.loc[machines[1::2], "resolved"] = world.asked - 2 * DAY
    world.machines.loc[machines, "solutions"] = NO_UPDATES[turn % 3]
    world.machines.loc[machines[::2], "worker"] = "none"
    be_born(world, machines[2::3], world.asked - 3 * DAY)


@fault(f"{ABSENT}/worker_not_registered", hosted)
def register_no_worker(world: World, machines: Ints) -> None:
    """Leave machines without a system worker; new ones too."""
    never_assess(world, machines)
    kinds = np.array(["none", "user", "namesake"], dtype=object)
    world.machines.loc[machines, "worker"] = kinds[np.arange(len(machines)) % 3]
    be_born(world, machines[1::2], world.asked - 40 * HOUR)


@fault(f"{ABSENT}/agent_silent", hosted_windows, fixed=4)
def say_nothing(world: World, machines: Ints) -> None:
    """Let machines run and write no row at all; a worker or a deployment knows them."""
    silence(world, machines)
    # nothing but a worker ties a silent Arc machine to the name that a deployment would write
    virtual = (world.machines["kind"] == "azure").to_numpy()[machines]
    named = machines[virtual & (np.cumsum(virtual) % 2 == 1)]
    world.machines.loc[np.setdiff1d(machines, named), "worker"] = "vm"
    wanted = Deployment(
        name="patch-retired", os_type="Windows", classes="Critical, Security", reboot="IfRequired"
    )
    world.deployments[find_deployment(world, wanted)].listed += named.tolist()


def silence(world: World, machines: Ints) -> None:
    """Let machines never have written a row in the window."""
    never_assess(world, machines)
    world.machines.loc[machines, "beat_from"] = NEVER
    world.machines.loc[machines, "worker"] = "none"


@fault(f"{ABSENT}/unknown", told)
def never_be_assessed(world: World, machines: Ints) -> None:
    """Let old machines have all they need and no assessment; some got the solution lately."""
    never_assess(world, machines)
    world.machines.loc[machines[::2], "old_solutions"] = '"security"'
    world.machines.loc[machines[::2], "resolved"] = world.asked - 30 * HOUR


@fault("update_solution_not_enabled/account_not_linked", anyone, fixed=0)
def link_nothing(world: World, machines: Ints) -> None:
    """Link every workspace to another account, or to none."""
    world.linked = 0


@fault("provider_not_registered/provider_not_registered", anyone, fixed=0)
def begin_registration(world: World, machines: Ints) -> None:
    """Have a subscription whose registration has not come to its end."""
    world.subscriptions.append(
        Subscription(
            id=make_guid(world.rng("registering")), name="sub-new",
            tenant=world.subscriptions[0].tenant, registration="Registering",
        )
    )  # fmt: skip


@fault("cross_tenant_target/linked_subscription_unauthorized", hosted, fixed=2)
def target_partner(world: World, machines: Ints) -> None:
    """Name machines of a partner's tenant in a deployment that has not run yet."""
    name_partner(world, machines, "patch-partner", enabled=True)


def name_partner(world: World, machines: Ints, name: str, *, enabled: bool) -> None:
    """Move machines to a subscription of another tenant and let a deployment name them."""
    rng = world.rng(name)
    world.subscriptions.append(Subscription(id=make_guid(rng), name=f"sub-{name}", tenant=make_guid(rng)))
    leave_deployments(world, machines)
    world.machines.loc[machines, "kind"] = "azure"
    world.machines.loc[machines, "power"] = "PowerState/running"
    world.machines.loc[machines, "subscription"] = len(world.subscriptions) - 1
    wanted = Deployment(
        name=name, os_type="Windows", classes="Critical", reboot="IfRequired", enabled=enabled
    )
    world.deployments[find_deployment(world, wanted)].listed += machines.tolist()
