"""Faults of family ``onboarding`` that event 4502 tells: workers that could not be registered."""

from __future__ import annotations

from fleet.faults.identities import told
from fleet.faults.membership import leave_deployments
from fleet.faults.registry import fault, windows
from fleet.model import DAY, HOUR, NEVER, Bools, Ints, World
from fleet.story import Happening

UNREACHABLE = "service_unreachable"


def _windows_told(world: World) -> Bools:
    """Allow Windows machines whose identity is told by heartbeats alone."""
    return windows(world) & told(world)


def _fail_registration(world: World, machines: Ints, *kinds: str) -> None:
    """Let registration fail: for machines that were never assessed, and such as were until lately."""
    leave_deployments(world, machines)
    world.machines.loc[machines[::2], "scan_from"] = NEVER
    world.machines.loc[machines[::2], "worker"] = "none"
    world.machines.loc[machines[1::2], "scan_to"] = world.asked - 3 * DAY
    for turn, machine in enumerate(machines.tolist()):
        happened = [(2 * DAY, kinds[turn % len(kinds)])]
        if turn % 3 == 1:
            # an older failure for another reason, and a newer one that tells none
            happened += [(2 * DAY + 6 * HOUR, "another"), (DAY, "other")]
        for ago, kind in happened:
            detail = ("infinity" if "infinity" not in kinds else "algorithm") if kind == "another" else kind
            world.happenings.append(
                Happening(machine=machine, at=world.asked - ago, kind="registration", detail=detail)
            )


@fault("registered_to_other_account/registration_refused", _windows_told)
def be_refused(world: World, machines: Ints) -> None:
    """Refuse machines that are registered to another account."""
    _fail_registration(world, machines, "refused")


@fault(f"{UNREACHABLE}/no_common_algorithm", _windows_told)
def share_no_algorithm(world: World, machines: Ints) -> None:
    """Let client and server have no algorithm in common."""
    _fail_registration(world, machines, "algorithm")


@fault(f"{UNREACHABLE}/intercepted_response", _windows_told)
def intercept_response(world: World, machines: Ints) -> None:
    """Let a proxy answer in the service's place."""
    _fail_registration(world, machines, "infinity")


@fault(f"{UNREACHABLE}/certificate_intercepted", _windows_told)
def intercept_certificate(world: World, machines: Ints) -> None:
    """Let a proxy show a certificate of its own."""
    _fail_registration(world, machines, "certificate")


@fault(f"{UNREACHABLE}/access_denied", _windows_told)
def deny_registration(world: World, machines: Ints) -> None:
    """Deny access to the service; the guide prints both ways to write it."""
    _fail_registration(world, machines, "denied", "denied_plainly")


@fault("certificate_not_created/key_folder_denied", _windows_told)
def deny_key_folder(world: World, machines: Ints) -> None:
    """Let the worker not write its key; some say that access is denied as well."""
    _fail_registration(world, machines, "self_signed_denied", "self_signed")
