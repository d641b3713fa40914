"""Faults of family ``assessment``: machines that are silent, not assessed, or lack updates."""

from __future__ import annotations

import numpy as np

from fleet.catalogue import patch_tuesdays
from fleet.faults.membership import leave_deployments
from fleet.faults.registry import anyone, azure, fault, hosted, windows
from fleet.model import (
    DAY,
    HOUR,
    NEVER,
    Change,
    Ints,
    Subscription,
    World,
    make_guid,
)
from fleet.reports import FOR_EVER, MICROSOFT, WSUS, add_reports, change_reports, drop_reports
from fleet.story import Happening


def _silence(world: World, machines: Ints, purpose: str) -> Ints:
    """Let machines fall silent at moments of their own, 26 hours to 6 days ago."""
    ago = world.rng(purpose).integers(26 * HOUR, 6 * DAY, len(machines))
    world.machines.loc[machines, "beat_to"] = world.asked - ago
    world.machines.loc[machines, "scan_to"] = world.asked - ago
    return np.asarray(world.asked - ago, dtype=np.int64)


def lack_updates(world: World, machines: Ints) -> None:
    """Let machines lack this month's security updates; every second one a critical one too."""
    released = patch_tuesdays(world.asked)[0] + 13 * HOUR
    needed: dict[str, int | bool] = {"rollout": False, "installed": NEVER}
    change_reports(world, machines, ["lcu-cur", "net-cur"], since=released, **needed)
    change_reports(world, machines, ["pkg-ssl"], since=released - 3 * DAY, until=NEVER, **needed)
    change_reports(world, machines[::2], ["crit"], since=FOR_EVER, **needed)
    change_reports(world, machines[::2], ["pkg-kernel"], since=released, until=NEVER, **needed)


@fault("machine_non_compliant/security_updates_missing", anyone, weight=30, touches=["patches"])
def stay_unpatched(world: World, machines: Ints) -> None:
    """Leave machines without this month's security updates."""
    leave_deployments(world, machines)
    lack_updates(world, machines)


@fault("machine_disconnected/machine_deleted", azure)
def delete_machine(world: World, machines: Ints) -> None:
    """Delete machines; their last rows stay in the workspace."""
    moments = _silence(world, machines, "delete")
    world.machines.loc[machines, "deleted"] = moments
    for machine, moment in zip(machines, moments, strict=True):
        world.changes.append(Change(machine=int(machine), at=int(moment), type="Delete", values={}))


@fault("machine_disconnected/machine_off", hosted)
def switch_off(world: World, machines: Ints) -> None:
    """Switch machines off, or let their Arc agent lose its connection."""
    _silence(world, machines, "switch off")
    arc = (world.machines["kind"] == "arc").to_numpy()[machines]
    states = np.array(["PowerState/deallocated", "PowerState/stopped"], dtype=object)
    state = np.where(arc, "Disconnected", states[np.arange(len(machines)) % 2])
    world.machines.loc[machines, "power"] = state


@fault("machine_disconnected/agent_stopped", anyone, weight=2)
def stop_agent(world: World, machines: Ints) -> None:
    """Stop agents: the machines run on, as far as anyone can see."""
    _silence(world, machines, "stop agent")
    leave_deployments(world, machines)
    lack_updates(world, machines[1::2])
    # the subscription of one of them cannot be seen, so nobody can say that it was deleted
    unseen = machines[azure(world)[machines]][:1]
    world.subscriptions.append(
        Subscription(
            id=make_guid(world.rng("unseen")), name="sub-unseen",
            tenant=world.subscriptions[0].tenant, visible=False,
        )
    )  # fmt: skip
    world.machines.loc[unseen, "subscription"] = len(world.subscriptions) - 1


@fault("assessment_stale/unknown", anyone, touches=["scan"])
def stop_assessing(world: World, machines: Ints) -> None:
    """Let machines send heartbeats but no assessment any more; what some log tells no reason."""
    leave_deployments(world, machines)
    ago = world.rng("stop assessing").integers(38 * HOUR, 5 * DAY, len(machines))
    world.machines.loc[machines, "scan_to"] = world.asked - ago
    for turn, machine in enumerate(machines[windows(world)[machines]].tolist()):
        # a failure without a code, and one of installing instead of searching
        kind, code = (("scan_failed", ""), ("install_failed", "0x80240022"))[turn % 2]
        world.happenings.append(Happening(machine=machine, at=world.asked - 5 * HOUR, kind=kind, detail=code))


@fault("superseded_update_missing/superseded_not_declined", windows, touches=["patches"])
def keep_superseded(world: World, machines: Ints) -> None:
    """Go on reporting last month's update as needed; every second one lacks this month's too."""
    leave_deployments(world, machines)
    released = patch_tuesdays(world.asked)[0] + 13 * HOUR
    change_reports(world, machines, ["lcu-prev"], installed=NEVER)
    change_reports(world, machines[1::2], ["lcu-cur"], rollout=False, since=released, installed=NEVER)


@fault("wsus_not_approved/not_approved_in_wsus", windows, touches=["patches", "fixes", "wsus"])
def hold_back_in_wsus(world: World, machines: Ints) -> None:
    """Let WSUS not approve a security or a critical update."""
    leave_deployments(world, machines)
    world.machines.loc[machines, "wsus"] = True
    drop_reports(world, machines, ["sql"])
    add_reports(world, machines[::2], "sql", approved=0, source=WSUS)
    change_reports(
        world, machines[1::2], ["crit"],
        rollout=False, since=FOR_EVER, installed=NEVER, approved=0, source=WSUS,
    )  # fmt: skip


@fault("defender_definition_missing/definition_updates_daily", windows, touches=["definitions"])
def need_definitions(world: World, machines: Ints) -> None:
    """Let every day's definitions of Defender be needed; nothing else is."""
    leave_deployments(world, machines)
    days = range(world.start // DAY, world.asked // DAY + 1)
    drop_reports(world, machines, [f"def-{day}" for day in days])
    for day in days:
        add_reports(
            world, machines, f"def-{day}",
            since=day * DAY, until=(day + 1) * DAY, source=MICROSOFT,
        )  # fmt: skip


@fault("installed_update_replaced/superseded_after_install", windows, weight=6, touches=["patches"])
def replace_installed(world: World, machines: Ints) -> None:
    """Let last month's update vanish from the assessments once this month's is installed."""
    leave_deployments(world, machines)
    moment = patch_tuesdays(world.asked)[0] + 2 * DAY
    change_reports(world, machines, ["lcu-prev", "net-prev"], until=moment)
    change_reports(world, machines, ["lcu-cur", "net-cur"], rollout=False, since=moment, installed=moment)
