"""Faults of family ``assessment`` that the log or a run tells: failed scans, patches that stay away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fleet.catalogue import CLASSLESS, PLAIN, make_classless
from fleet.faults.membership import find_deployment, leave_deployments, list_in
from fleet.faults.registry import fault, linux, windows
from fleet.model import DAY, HOUR, NEVER, Bools, Deployment, Ints, World
from fleet.reports import FOR_EVER, add_reports, change_reports, install_anew
from fleet.rhythm import last_scan
from fleet.story import Happening, Outcome

FAILED = "assessment_failed"
MISMATCH = "linux_classification_mismatch"
TOUCHED = ("scan", "wsus")
ANOTHER = "0x8024001F"


def _fail_scans(world: World, machines: Ints, codes: Sequence[str], *, wsus: bool) -> None:
    """Let scans fail with these codes; every second machine is not called stale yet, or hardly."""
    leave_deployments(world, machines)
    world.machines.loc[machines, "wsus"] = wsus
    world.machines.loc[machines[::2], "scan_to"] = world.asked - 15 * HOUR - 1800
    world.machines.loc[machines[1::2], "scan_to"] = world.asked - 3 * DAY
    newest = last_scan(world)
    for turn, machine in enumerate(machines.tolist()):
        code = codes[turn % len(codes)]
        tries = [(newest[machine] + 12 * HOUR + 130, code)]
        if turn % 2:
            # the first of several failures had another reason
            first = newest[machine] + 12 * HOUR + 90
            tries = [(first, ANOTHER), (first + 12 * HOUR, code), (first + 24 * HOUR, code)]
        for at, told in tries:
            world.happenings.append(Happening(machine=machine, at=int(at), kind="scan_failed", detail=told))


@fault(f"{FAILED}/network_unreachable", windows, touches=TOUCHED)
def lose_network(world: World, machines: Ints) -> None:
    """Let scans fail on the network; a timeout of the request is one even with WSUS."""
    _fail_scans(world, machines, ["0x8024402c", "0x8024401C", "0x8024402F"], wsus=False)
    world.machines.loc[machines[1::3], "wsus"] = True


@fault(f"{FAILED}/wsus_unreachable", windows, touches=TOUCHED)
def lose_wsus(world: World, machines: Ints) -> None:
    """Let scans not find the WSUS server."""
    _fail_scans(world, machines, ["0x8024402C", "0x8024402c"], wsus=True)


@fault(f"{FAILED}/agent_shutting_down", windows, touches=TOUCHED)
def shut_agent_down(world: World, machines: Ints) -> None:
    """Let scans fail since the service was stopping."""
    _fail_scans(world, machines, ["0x8024001E", "0x8024001e"], wsus=True)


@fault(f"{FAILED}/update_service_disabled", windows, touches=TOUCHED)
def disable_service(world: World, machines: Ints) -> None:
    """Let scans fail since the service or the access to it is disabled."""
    _fail_scans(world, machines, ["0x8024002E", "0x80070422"], wsus=False)


@fault(f"{FAILED}/timed_out", windows, touches=TOUCHED)
def time_out(world: World, machines: Ints) -> None:
    """Let scans take too long."""
    _fail_scans(world, machines, ["0x80072EE2", "0x80072ee2"], wsus=True)


@fault(f"{FAILED}/access_denied", windows, touches=TOUCHED)
def deny_access(world: World, machines: Ints) -> None:
    """Let scans be denied access."""
    _fail_scans(world, machines, ["0x80070005"], wsus=False)


@fault(f"{FAILED}/other_hresult", windows, touches=TOUCHED)
def fail_otherwise(world: World, machines: Ints) -> None:
    """Let scans fail for reasons the guide does not list."""
    _fail_scans(world, machines, ["0x80244007", "0x80244010", "0x8007000E"], wsus=True)


def strict_deployment(world: World) -> int:
    """Return the deployment that installs critical and security packages only."""
    wanted = Deployment(
        name="patch-linux-strict", os_type="Linux", classes="Security, critical", reboot="IfRequired"
    )
    return find_deployment(world, wanted, 26 * HOUR, 194 * HOUR)


def _keep_packages(world: World, machines: Ints) -> None:
    """Let a run end well and leave packages of its classification as they were.

    On every third machine that was the last but one: the newest failed.
    """
    number = strict_deployment(world)
    list_in(world, number, machines)
    newest = len(world.deployments[number].runs) - 1
    world.outcomes += [
        Outcome(machine=machine, deployment=number, place=newest, status="Failed", minutes=20)
        for machine in machines[2::3].tolist()
    ]
    stay = {"rollout": False, "since": FOR_EVER, "until": NEVER, "installed": NEVER}
    change_reports(world, machines, ["pkg-ssl"], **stay)
    change_reports(world, machines[1::2], ["pkg-kernel"], **stay)


@fault(f"{MISMATCH}/no_security_metadata", linux, touches=["patches", "strict", "repair"])
def lack_metadata(world: World, machines: Ints) -> None:
    """Let a distribution have no word of security for its package manager."""
    install_anew(world, machines, "centos7")
    _keep_packages(world, machines)


@fault(f"{MISMATCH}/no_security_metadata at all", linux, fixed=3)
def lack_classes(world: World, machines: Ints) -> None:
    """Let machines need many packages of a distribution that classes none."""
    packages = make_classless(world.rng("classless"), world.asked)
    world.catalogue = pd.concat([world.catalogue, packages], ignore_index=True)
    install_anew(world, machines, CLASSLESS)
    leave_deployments(world, machines)
    # each needs most of them, and only together ten
    for place, (key, *_) in enumerate(PLAIN):
        add_reports(world, machines[np.arange(len(machines)) != place % 3], key)


def _not_centos(world: World) -> Bools:
    """Allow Linux machines whose repositories tell what is a security update."""
    return linux(world) & (world.machines["os"] != "centos7").to_numpy()


@fault(f"{MISMATCH}/package_manager_differs", _not_centos, touches=["patches", "strict", "repair"])
def differ(world: World, machines: Ints) -> None:
    """Let the package manager see no security update where the listing saw one."""
    _keep_packages(world, machines)
