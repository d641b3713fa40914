"""Look-alikes: what resembles a fault and must not be reported as one."""

from __future__ import annotations

import numpy as np

from fleet.catalogue import patch_tuesdays
from fleet.faults.membership import (
    join_prod_windows,
    leave_deployments,
    newest_run,
    retag,
)
from fleet.faults.quota import add_workspace
from fleet.faults.registry import anyone, azure_windows, hosted, linux, lookalike, windows
from fleet.model import (
    DAY,
    HOUR,
    NEVER,
    Change,
    Deployment,
    Ints,
    Run,
    World,
    make_guid,
    make_guids,
)
from fleet.reports import (
    FOR_EVER,
    MICROSOFT,
    NOT_NEEDED,
    NOT_NEEDED_OLD,
    WSUS,
    add_reports,
    change_reports,
    drop_reports,
)


@lookalike(windows, fixed=3)
def need_no_more(world: World, machines: Ints) -> None:
    """Need an update until some days ago; then it is absent, or not needed."""
    leave_deployments(world, machines)
    drop_reports(world, machines, ["sql"])
    moment = world.asked - 5 * DAY
    add_reports(world, machines[:1], "sql", until=moment)
    add_reports(world, machines[1:2], "sql", installed=moment, after=NOT_NEEDED)
    add_reports(world, machines[2:3], "sql", installed=moment, after=NOT_NEEDED_OLD)


@lookalike(linux, fixed=2)
def need_package_no_more(world: World, machines: Ints) -> None:
    """Need a package until some days ago; Linux reports neither approved nor optional."""
    leave_deployments(world, machines)
    moment = world.asked - 2 * DAY
    add_reports(world, machines[:1], "pkg-curl", until=moment)
    add_reports(world, machines[1:2], "pkg-curl", installed=moment, after=NOT_NEEDED)


@lookalike(windows, fixed=2)
def decline_optional(world: World, machines: Ints) -> None:
    """Decline an optional update in WSUS."""
    leave_deployments(world, machines)
    drop_reports(world, machines, ["preview"])
    add_reports(world, machines, "preview", approved=0, source=WSUS)


@lookalike(windows, fixed=2)
def hide_update(world: World, machines: Ints) -> None:
    """Hold back a critical update without any WSUS."""
    leave_deployments(world, machines)
    change_reports(
        world, machines, ["crit"],
        rollout=False, since=FOR_EVER, installed=NEVER, approved=0, source=MICROSOFT,
    )  # fmt: skip


@lookalike(windows, fixed=2)
def decline_superseded(world: World, machines: Ints) -> None:
    """Decline last month's update in WSUS after this month's was installed."""
    leave_deployments(world, machines)
    change_reports(world, machines, ["lcu-prev"], installed=NEVER, approved=0, source=WSUS)


@lookalike(windows, fixed=2)
def need_single_fix(world: World, machines: Ints) -> None:
    """Need an older fix of which only the title is like a newer one's: no cumulative series."""
    leave_deployments(world, machines)
    add_reports(world, machines, "fix-old")
    moment = patch_tuesdays(world.asked)[0] + 2 * DAY
    add_reports(world, machines, "fix-new", since=moment, installed=moment)


@lookalike(azure_windows, fixed=3)
def change_tags_later(world: World, machines: Ints) -> None:
    """Change tags after the run: away from the group, into it, or into it just in time."""
    join_prod_windows(world, machines)
    start = newest_run(world).start
    retag(world, machines[:1], "env", "retired", start + 9 * HOUR)
    world.machines.loc[machines[1:], "env"] = "test"
    retag(world, machines[1:2], "env", "prod", start + 9 * HOUR)
    retag(world, machines[2:3], "env", "prod", start - 9 * HOUR)
    # nothing has to be installed where no run could have done it
    change_reports(
        world, machines[1:2], ["lcu-cur", "net-cur", "msrt-cur", "ssu-cur", "crit"],
        rollout=False, since=FOR_EVER, installed=FOR_EVER,
    )  # fmt: skip


@lookalike(azure_windows, fixed=2)
def be_made_after_run(world: World, machines: Ints) -> None:
    """Make machines after the run; they match the group from then on."""
    join_prod_windows(world, machines)
    born = newest_run(world).start + 30 * HOUR
    world.machines.loc[machines, ["created", "beat_from", "scan_from"]] = born
    change_reports(
        world, machines, ["lcu-cur", "net-cur", "msrt-cur", "ssu-cur", "crit"],
        rollout=False, since=FOR_EVER, installed=FOR_EVER,
    )  # fmt: skip
    for machine in machines:
        world.changes.append(Change(machine=int(machine), at=born, type="Create", values={}))


@lookalike(anyone, fixed=4)
def reinstall_agent(world: World, machines: Ints) -> None:
    """Install agents anew: the machines send under another id from then on."""
    world.machines.loc[machines, "old_source_id"] = make_guids(world.rng("reinstall"), len(machines))
    world.machines.loc[machines, "reinstalled"] = world.asked - 6 * DAY + np.arange(len(machines)) * DAY


@lookalike(hosted, fixed=2)
def be_off_since_today(world: World, machines: Ints) -> None:
    """Switch machines off for a few hours only."""
    leave_deployments(world, machines)
    arc = (world.machines["kind"] == "arc").to_numpy()[machines]
    world.machines.loc[machines, ["beat_to", "scan_to"]] = world.asked - 5 * HOUR
    world.machines.loc[machines, "power"] = np.where(arc, "Disconnected", "PowerState/deallocated")


@lookalike(anyone, fixed=2)
def be_quiet_together(world: World, machines: Ints) -> None:
    """Let both machines of a small workspace pause; two are too few to call it silent."""
    add_workspace(world, machines, "law-small")
    world.machines.loc[machines, ["beat_to", "scan_to"]] = world.asked - 9 * HOUR


@lookalike(azure_windows, fixed=3)
def be_patched_right_now(world: World, machines: Ints) -> None:
    """Start a run an hour ago: not all of its machines have begun."""
    leave_deployments(world, machines)
    run = Run(id=make_guid(world.rng("now")), start=world.asked - HOUR, end=NEVER, status="InProgress")
    world.deployments.append(
        Deployment(
            name="patch-hotfix", os_type="Windows", classes="Critical", reboot="IfRequired",
            runs=[run],
        )
    )  # fmt: skip
    world.machines.loc[machines, "named"] = len(world.deployments) - 1
    world.machines.loc[machines[1:], "withheld"] = 0


@lookalike(azure_windows, fixed=1)
def suspect_patched(world: World, machines: Ints) -> None:
    """Suspect a machine that was patched as it should."""
    join_prod_windows(world, machines)
    world.suspects += [int(machine) for machine in machines]
