"""Faults of family ``update_runs``: runs that did not begin, failed, or warned."""

from __future__ import annotations

from fleet.model import HOUR, Ints
from fleet.update_manager.faults.placing import end, need, record, schedule, share
from fleet.update_manager.faults.registry import (
    Who,
    anyone,
    azure,
    fault,
    linux,
    windows,
)
from fleet.update_manager.model import Estate

LAB = 50
NOT_STARTED = {"status": "Failed", "installs": False}
DONE = (("other-1", "Installed"),)


def _not_start(cause: str, who: Who, trouble: str | None) -> None:
    """Register that runs do not begin on machines."""

    @fault(f"run_failed_to_start/{cause}", who, least=2 if trouble else 1)
    def make(estate: Estate, machines: Ints) -> None:
        number = share(estate, machines)
        end(estate, machines, number, trouble=trouble, **NOT_STARTED)
        at = estate.asked - LAB * HOUR
        if cause == "prerequisites_not_met":
            estate.set(machines, bypass=0)
        elif cause == "machine_deleted":
            estate.set(machines, deleted=at + 5 * HOUR, assessed=at - HOUR)
            record(estate, machines, at + 5 * HOUR, "Delete")
        elif cause == "machine_recreated":
            estate.set(machines, recreated=at - 6 * HOUR)
            record(estate, machines, at - 7 * HOUR, "Delete", "Create")
        elif cause == "machine_off":
            estate.set(machines, power="PowerState/stopped", off_from=at - HOUR, assessed=at - 9 * HOUR)


for _cause, _who, _trouble in (
    ("prerequisites_not_met", azure, "prerequisite"), ("machine_deleted", azure, "shutdown"),
    ("machine_recreated", azure, "shutdown"), ("machine_off", azure, "shutdown"),
    ("shutdown_or_unresponsive", anyone, "shutdown"), ("waiting_for_other_update", anyone, "waiting"),
    ("unknown", anyone, None),
):  # fmt: skip
    _not_start(_cause, _who, _trouble)

EXCEEDED = "maintenance_window_exceeded"
_HALF = {"status": "Failed", "exceeded": True, "children": (*DONE, ("other-2", "Pending"))}


@fault(f"{EXCEEDED}/window_below_minimum", anyone, weight=0)
def have_small_window(estate: Estate, machines: Ints) -> None:
    """Exceed a window that is shorter than the service takes."""
    number = schedule(estate, machines, "mc-hour", hours=49, minutes=60)
    end(estate, machines, number, minutes=48, **_HALF)


@fault(f"{EXCEEDED}/started_late", anyone)
def begin_late(estate: Estate, machines: Ints) -> None:
    """Exceed the window since the run began late."""
    end(estate, machines, share(estate, machines), late=25, minutes=120, **_HALF)


@fault(f"{EXCEEDED}/window_too_short", anyone, least=2)
def need_longer(estate: Estate, machines: Ints) -> None:
    """Exceed a window that is too short, by schedule and by hand."""
    end(estate, machines, share(estate, machines), minutes=160, **_HALF)
    end(estate, machines[1::2], None, back=100, by="User", minutes=100, **_HALF)


@fault(f"{EXCEEDED}/reported_with_time_left", anyone)
def have_time_left(estate: Estate, machines: Ints) -> None:
    """Say that the window was exceeded with much of it left."""
    end(estate, machines, share(estate, machines), minutes=60, **_HALF)


def _fail(name: str, who: Who, **how: object) -> None:
    """Register that the newest installation failed."""

    @fault(name, who)
    def make(estate: Estate, machines: Ints) -> None:
        end(estate, machines, share(estate, machines), **({"status": "Failed", "children": DONE} | how))


OF_WINDOWS = (
    "network_unreachable", "agent_shutting_down", "update_service_disabled", "timed_out", "access_denied",
    "superseded_operation", "extension_timed_out", "platform_error", "other_hresult",
)  # fmt: skip
for _cause in OF_WINDOWS:
    _fail(f"windows_run_failed/{_cause}", windows, trouble=_cause)
_BROKEN = (*DONE, ("other-2", "Failed"))
_fail("windows_run_failed/reboot_failed", windows, reboot="Failed")
_fail("windows_run_failed/update_failed", windows, children=_BROKEN)
_fail("windows_run_failed/assessment_in_run_failed", windows, trouble="assessment")
_fail("windows_run_failed/unknown", windows, children=())
for _cause in ("dependencies_unresolved", "package_manager_unhealthy", "package_interferes", "sudo_denied"):
    _fail(f"linux_run_failed/{_cause}", linux, trouble=_cause, children=_BROKEN)
_fail(
    "linux_run_failed/package_manager_unhealthy code",
    linux,
    trouble="package_manager_failure",
    children=_BROKEN,
)
_fail("linux_run_failed/reboot_failed", linux, reboot="Failed")
_fail("linux_run_failed/all_installed_but_failed", linux)
_fail("linux_run_failed/unknown", linux, children=_BROKEN)


def _not_install(cause: str, who: Who, key: str) -> None:
    """Register that one update fails again and again."""

    @fault(f"update_not_installing/{cause}", who)
    def make(estate: Estate, machines: Ints) -> None:
        number = share(estate, machines)
        need(estate, machines, key)
        for back, trouble in ((0, cause), (1, "platform_error")):
            told = None if cause == "other_hresult" and back == 0 else trouble
            end(estate, machines, number, back=back, status="Failed", trouble=told,
                children=(*DONE, (key, "Failed")))  # fmt: skip


for _cause in OF_WINDOWS:
    _not_install(_cause, windows, "lcu-prev")
for _cause in ("sudo_denied", "package_manager_failure"):
    _not_install(_cause, linux, "curl")


def _warn(cause: str, who: Who, name: str, **how: object) -> None:
    """Register that the newest installation ended with a warning."""

    @fault(f"run_finished_with_warnings/{cause}", who)
    def make(estate: Estate, machines: Ints) -> None:
        end(
            estate,
            machines,
            share(estate, machines, name),
            status="CompletedWithWarnings",
            children=DONE,
            **how,
        )


_warn("reboot_withheld", anyone, "mc-lab-never", reboot="Required")
_warn("esm_packages_skipped", linux, "mc-lab", trouble="esm_required")
_warn("list_truncated", linux, "mc-lab", trouble="list_truncated")
_warn("unknown", anyone, "mc-lab")
