"""Look-alikes of families ``assessment`` and ``onboarding``: machines that are well, or merely new."""

from __future__ import annotations

from fleet.faults.identities import haunt, never_assess, told
from fleet.faults.membership import find_deployment, leave_deployments, list_in
from fleet.faults.onboarding import be_born, name_partner, silence
from fleet.faults.registry import anyone, azure, hosted, linux, lookalike, windows
from fleet.faults.scans import strict_deployment
from fleet.model import DAY, HOUR, NEVER, Deployment, Ints, World, make_guid, make_guids
from fleet.reports import add_reports, change_reports, drop_reports
from fleet.rhythm import last_scan
from fleet.story import Happening


@lookalike(told, fixed=2)
def be_heard_lately(world: World, machines: Ints) -> None:
    """Hear of new machines for ten hours: too early to be assessed."""
    never_assess(world, machines)
    be_born(world, machines, world.asked - 10 * HOUR)


@lookalike(hosted, fixed=2, by_id=True)
def have_two_agents(world: World, machines: Ints) -> None:
    """Let two agents with ids of their own report from one machine."""
    haunt(world, int(machines[0]), int(machines[1]), same_id=False)
    leave_deployments(world, machines)


@lookalike(hosted, fixed=2, by_id=True)
def be_restored(world: World, machines: Ints) -> None:
    """Report under another id and other hardware for two days, then as before: a test of a backup."""
    machine, ghost = machines.tolist()
    haunt(world, machine, ghost, same_id=False)
    world.machines.loc[ghost, "vmuuid"] = make_guid(world.rng("restore"))
    world.machines.loc[ghost, ["beat_from", "beat_to"]] = [world.asked - 6 * DAY, world.asked - 4 * DAY]
    for what in ("beat", "scan"):
        world.machines.loc[machine, f"{what}_gap_from"] = world.asked - 6 * DAY
        world.machines.loc[machine, f"{what}_gap_to"] = world.asked - 4 * DAY
    leave_deployments(world, machines)


@lookalike(hosted, fixed=2, by_id=True)
def be_renamed(world: World, machines: Ints) -> None:
    """Rename machines: one id, names that follow one another."""
    leave_deployments(world, machines)
    world.machines.loc[machines, "worker"] = "vm"
    world.machines.loc[machines, "old_computer"] = [f"old-name-{machine:05}" for machine in machines]
    world.machines.loc[machines, "renamed"] = world.asked - 5 * DAY


@lookalike(anyone, fixed=2, by_id=True)
def be_rebuilt(world: World, machines: Ints) -> None:
    """Build machines anew under their name: another id and other hardware, one after the other."""
    rng = world.rng("rebuild")
    leave_deployments(world, machines)
    world.machines.loc[machines, "old_source_id"] = make_guids(rng, len(machines))
    world.machines.loc[machines, "old_vmuuid"] = make_guids(rng, len(machines))
    world.machines.loc[machines, "reinstalled"] = world.asked - 4 * DAY


@lookalike(anyone, fixed=4, by_id=True)
def have_two_homes(world: World, machines: Ints) -> None:
    """Report to a second workspace until three days ago, or without the updates solution."""
    for machine, ghost in zip(machines[::2].tolist(), machines[1::2].tolist(), strict=True):
        haunt(world, machine, ghost, same_id=True)
        world.machines.loc[ghost, "workspace"] = (world.machines.loc[machine, "workspace"] + 2) % 3
    world.machines.loc[machines[1], "beat_to"] = world.asked - 3 * DAY
    world.machines.loc[machines[3], "solutions"] = '"security"'
    leave_deployments(world, machines)


@lookalike(azure, fixed=4)
def be_silent_for_a_reason(world: World, machines: Ints) -> None:
    """Write no row: managed by Azure Update Manager, off, made only now, or nobody's business."""
    silence(world, machines)
    world.elsewhere += machines[:1].tolist()
    world.machines.loc[machines[1:3], "worker"] = "vm"
    world.machines.loc[machines[1], "power"] = "PowerState/deallocated"
    world.machines.loc[machines[2], "created"] = world.asked - 2 * DAY


@lookalike(azure, fixed=4)
def be_assessed_elsewhere(world: World, machines: Ints) -> None:
    """Report, and be assessed by Azure Update Manager alone: well, or in vain, or too long ago."""
    never_assess(world, machines)
    world.elsewhere += machines.tolist()
    world.lapsed += machines[1:].tolist()


@lookalike(windows, fixed=6)
def register_after_all(world: World, machines: Ints) -> None:
    """Fail to register before the last assessment; or tell of something else."""
    leave_deployments(world, machines)
    newest = last_scan(world)
    for turn, machine in enumerate(machines.tolist()):
        kind, after = (
            ("refused", -HOUR), ("denied", -HOUR), ("self_signed", -2 * HOUR),
            ("other", 600), ("other_module", 600), ("other_log", 600),
        )[turn]  # fmt: skip
        at = int(newest[machine]) + after
        world.happenings.append(Happening(machine=machine, at=at, kind="registration", detail=kind))


@lookalike(windows, fixed=3)
def scan_again(world: World, machines: Ints) -> None:
    """Fail to scan before the last assessment, or after one that is not overdue."""
    leave_deployments(world, machines)
    newest = last_scan(world)
    for machine, after in zip(machines.tolist(), (-600, -13 * HOUR, 600), strict=True):
        at = int(newest[machine]) + after
        world.happenings.append(Happening(machine=machine, at=at, kind="scan_failed", detail="0x8024402C"))


@lookalike(anyone, fixed=0)
def link_one_workspace(world: World, machines: Ints) -> None:
    """Link the account to one workspace only."""
    world.linked = min(world.linked, 1)


@lookalike(azure, fixed=2)
def disable_partner(world: World, machines: Ints) -> None:
    """Name machines of another tenant in a deployment that is disabled."""
    name_partner(world, machines, "patch-partner-old", enabled=False)


@lookalike(linux, fixed=3)
def need_newer_package(world: World, machines: Ints) -> None:
    """Need a package before a run and a newer version after it; only after it; after an old run."""
    number = strict_deployment(world)
    list_in(world, number, machines)
    after = world.deployments[number].runs[-1].start + 600
    drop_reports(world, machines, ["pkg-ssl", "pkg-kernel"])
    add_reports(world, machines[:1], "pkg-ssl", until=after)
    add_reports(world, machines[:2], "pkg-ssl-next", since=after, until=after + 4 * HOUR)
    add_reports(world, machines[2:], "pkg-ssl", until=after - 3 * DAY)


@lookalike(linux, fixed=2)
def leave_packages_out(world: World, machines: Ints) -> None:
    """Go on needing packages that a mask leaves out, or in a deployment for every classification."""
    masked = Deployment(
        name="patch-linux-masked", os_type="Linux", classes="Critical, Security", reboot="Never",
        masks=("kernel*", "open*"),
    )  # fmt: skip
    wide = Deployment(
        name="patch-linux-wide", os_type="Linux", classes="Critical, Security, Other", reboot="Never"
    )
    for machine, wanted in zip(machines, (masked, wide), strict=True):
        list_in(world, find_deployment(world, wanted, 22 * HOUR, 190 * HOUR), machines[machines == machine])
    # needed until four hours ago only, so that nobody calls the machines non-compliant
    change_reports(
        world, machines, ["pkg-ssl"],
        rollout=False, since=0, until=world.asked - 14 * HOUR, installed=NEVER,
    )  # fmt: skip
