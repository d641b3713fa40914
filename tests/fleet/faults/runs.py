"""Faults of family ``update_runs``: runs that started and did not end well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fleet.faults.membership import find_deployment, list_in
from fleet.faults.package_texts import package_text
from fleet.faults.registry import anyone, fault, linux, windows
from fleet.model import HOUR, Deployment, Ints, World
from fleet.reports import add_reports, drop_reports
from fleet.story import Install, Outcome

LINUX_FAILED = "linux_run_failed"
STUBBORN = "update_not_installing"
MINUTE = 60
FIXES = ("crit", "sql", "fix-old")
REPAIRS = ("patches", "fixes", "wsus", "repair")


def repair_windows(world: World) -> int:
    """Return the deployment in whose runs installations fail on Windows."""
    wanted = Deployment(
        name="patch-repair-windows", os_type="Windows", reboot="IfRequired",
        classes="Critical, Security, UpdateRollup, Updates",
    )  # fmt: skip
    return find_deployment(world, wanted, 52 * HOUR, 220 * HOUR)


def repair_linux(world: World) -> int:
    """Return the deployment whose runs fail on Linux; it installs packages of every sort."""
    wanted = Deployment(
        name="Patch-Repair-Linux", os_type="Linux", classes="Critical, Security, Other", reboot="Always"
    )
    return find_deployment(world, wanted, 34 * HOUR, 202 * HOUR)


def need_again(world: World, machines: Ints, key: str) -> None:
    """Let machines need one update, whatever they reported of it before."""
    drop_reports(world, machines, [key])
    add_reports(world, machines, key)


@fault("maintenance_window_exceeded/window_too_short", anyone, touches=["patches", "fixes", "repair"])
def exceed_window(world: World, machines: Ints) -> None:
    """Let the window end before the last updates are installed."""
    of_windows = windows(world)[machines]
    for number, some, names in (
        (repair_windows(world), machines[of_windows], ("lcu-prev", "fix-old", "crit")),
        (repair_linux(world), machines[~of_windows], ("pkg-ssl", "pkg-vim", "pkg-tz")),
    ):
        list_in(world, number, some)
        for key in names[1:]:
            need_again(world, some[::2], key)
        need_again(world, some[1::2], names[1])
        world.deployments[number].runs[-1].status = "MaintenanceWindowExceeded"
        for turn, machine in enumerate(some.tolist()):
            left = ("MaintenanceWindowExceeded", "Maintenance window exceeded", "NotStarted")[turn % 3]
            statuses = ("Succeeded", left, "NotStarted" if turn % 2 == 0 else "NotIncluded")
            world.outcomes.append(
                Outcome(
                    machine=machine, deployment=number, place=len(world.deployments[number].runs) - 1,
                    status="MaintenanceWindowExceeded", minutes=120,
                    installs=tuple(
                        Install(key=key, status=status)
                        for key, status in zip(names, statuses, strict=True)
                    ),
                )
            )  # fmt: skip


def fail_on_linux(world: World, machines: Ints, trouble: str | None, *, minutes: int = 35) -> int:
    """Let the newest run fail, and say why in the row of a package or in the run's own text."""
    number = repair_linux(world)
    list_in(world, number, machines)
    os = world.texts("os")
    runs = world.deployments[number].runs
    for turn, machine in enumerate(machines.tolist()):
        text = package_text(trouble, os[machine], turn // 2, "openssl")
        world.outcomes.append(
            Outcome(
                machine=machine, deployment=number, place=len(runs) - 1, status="Failed",
                minutes=minutes, trouble=trouble, error=text if turn % 2 else None,
                installs=(
                    Install(key="pkg-tz", status="Succeeded"),
                    Install(key="pkg-ssl", status="Failed", result=None if turn % 2 else text),
                ),
            )
        )  # fmt: skip
    return runs[-1].start


@fault(f"{LINUX_FAILED}/dependencies_unresolved", linux, touches=["repair"])
def miss_dependencies(world: World, machines: Ints) -> None:
    """Let packages need what cannot be installed."""
    fail_on_linux(world, machines, "dependencies_unresolved")


@fault(f"{LINUX_FAILED}/package_manager_unhealthy", linux, touches=["repair"])
def break_package_manager(world: World, machines: Ints) -> None:
    """Let the package manager be locked, interrupted, damaged or cut off."""
    fail_on_linux(world, machines, "package_manager_unhealthy")


@fault(f"{LINUX_FAILED}/package_interferes", linux, touches=["repair"])
def interfere(world: World, machines: Ints) -> None:
    """Let a package's own script or files stand in the way."""
    fail_on_linux(world, machines, "package_interferes")


@fault(f"{LINUX_FAILED}/machine_unreachable", linux, touches=["repair", "beat", "scan"])
def drop_out(world: World, machines: Ints) -> None:
    """Let machines vanish in the middle of a run."""
    moment = fail_on_linux(world, machines, None, minutes=118)
    for what in ("beat", "scan"):
        world.machines.loc[machines, f"{what}_gap_from"] = moment + 8 * MINUTE
        world.machines.loc[machines, f"{what}_gap_to"] = moment + 104 * MINUTE


@fault(f"{LINUX_FAILED}/unknown", linux, touches=["repair"])
def fail_silently(world: World, machines: Ints) -> None:
    """Let runs fail that say nothing of why."""
    fail_on_linux(world, machines, None)


def fail_installs(
    world: World, machines: Ints, codes: Sequence[str | None], *, older: str | None = "0x80240017"
) -> None:
    """Let one update fail in two runs; the newer failure tells these codes, the first another."""
    number = repair_windows(world)
    list_in(world, number, machines)
    for turn, key in enumerate(FIXES):
        need_again(world, machines[turn::3], key)
    for turn, machine in enumerate(machines.tolist()):
        code = codes[turn % len(codes)]
        # the newest code counts, be it in the older of two failures
        tries = [(older, "id"), (code, ("id", "kb", "KB")[turn % 3])]
        if code is not None and turn % 4 == 3:
            tries = [(code, "id"), (None, "KB")]
        for place, (told, named) in enumerate(tries):
            status = ("InstallFailed", "Failed", "Install Failed")[(turn + place) % 3]
            world.outcomes.append(
                Outcome(
                    machine=machine, deployment=number, status="Failed", minutes=40 + turn % 9,
                    place=len(world.deployments[number].runs) - 2 + place,
                    installs=(
                        Install(
                            key=FIXES[turn % 3], status=status, code=told, named=named,
                            result=None if told is None else _result(told, turn),
                        ),
                    ),
                )
            )  # fmt: skip


def _result(code: str, turn: int) -> str:
    """Write a code as the agent does: alone, or in a sentence."""
    return code if turn % 2 else f"Installation failed: HRESULT {code}, result code 4"


def _set_wsus(world: World, machines: Ints, value: bool) -> None:
    """Let machines have a WSUS server, or none."""
    world.machines.loc[machines, "wsus"] = np.bool_(value)


@fault(f"{STUBBORN}/network_unreachable", windows, touches=REPAIRS)
def fail_on_network(world: World, machines: Ints) -> None:
    """Let installations fail on the network."""
    _set_wsus(world, machines, False)
    fail_installs(world, machines, ["0x8024402C", "0x8024402f", "0x8024401C"])


@fault(f"{STUBBORN}/wsus_unreachable", windows, touches=REPAIRS)
def fail_on_wsus(world: World, machines: Ints) -> None:
    """Let installations not find the WSUS server."""
    _set_wsus(world, machines, True)
    fail_installs(world, machines, ["0x8024402c", "0x8024402C"])


@fault(f"{STUBBORN}/agent_shutting_down", windows, touches=REPAIRS)
def fail_on_shutdown(world: World, machines: Ints) -> None:
    """Let installations be cut off by a stopping service."""
    fail_installs(world, machines, ["0x8024001E"])


@fault(f"{STUBBORN}/update_service_disabled", windows, touches=REPAIRS)
def fail_on_service(world: World, machines: Ints) -> None:
    """Let installations find the service disabled."""
    fail_installs(world, machines, ["0x80070422", "0x8024002E"])


@fault(f"{STUBBORN}/timed_out", windows, touches=REPAIRS)
def fail_on_time(world: World, machines: Ints) -> None:
    """Let installations take too long."""
    fail_installs(world, machines, ["0x80072ee2"])


@fault(f"{STUBBORN}/access_denied", windows, touches=REPAIRS)
def fail_on_access(world: World, machines: Ints) -> None:
    """Let installations be denied access."""
    fail_installs(world, machines, ["0x80070005"])


@fault(f"{STUBBORN}/other_hresult", windows, touches=REPAIRS)
def fail_on_something(world: World, machines: Ints) -> None:
    """Let installations fail for other reasons; some tell none in either run."""
    fail_installs(world, machines[::2], ["0x80070643", "0x800f0922"])
    fail_installs(world, machines[1::2], [None], older=None)
