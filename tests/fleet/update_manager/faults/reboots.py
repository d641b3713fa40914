"""Faults of scenario ``reboot_pending``: machines that wait for a restart."""

from __future__ import annotations

from fleet.model import Ints
from fleet.update_manager.faults.placing import add_place, end, need, share
from fleet.update_manager.faults.registry import anyone, azure, fault, windows
from fleet.update_manager.model import Estate

SCENARIO = "reboot_pending"


def _wait(estate: Estate, machines: Ints, name: str = "mc-lab") -> int:
    """Let machines wait for a restart; return the schedule that patches them."""
    number = share(estate, machines, name)
    estate.set(machines, reboot_pending=True)
    return number


@fault(f"{SCENARIO}/reboot_setting_never", anyone, least=2)
def never_restart(estate: Estate, machines: Ints) -> None:
    """Let a schedule that says never restart leave machines waiting; some lack updates too."""
    number = _wait(estate, machines, "mc-lab-never")
    need(estate, machines[1::2], "fresh")
    end(estate, machines, number, status="CompletedWithWarnings", reboot="Required",
        children=(("other-1", "Installed"),))  # fmt: skip


@fault(f"{SCENARIO}/reboot_failed", windows)
def fail_to_restart(estate: Estate, machines: Ints) -> None:
    """Let the restart fail."""
    number = _wait(estate, machines)
    end(estate, machines, number, status="Failed", reboot="Failed", children=(("other-1", "Installed"),))


@fault(f"{SCENARIO}/window_had_no_room", windows)
def have_no_room(estate: Estate, machines: Ints) -> None:
    """Leave no time in the window for the restart."""
    number = _wait(estate, machines)
    end(estate, machines, number, status="Failed", reboot="Required", exceeded=True, minutes=172,
        children=(("other-1", "Installed"), ("other-2", "Pending")))  # fmt: skip


@fault(f"{SCENARIO}/reboot_not_attempted", anyone)
def not_restart(estate: Estate, machines: Ints) -> None:
    """Not restart at all, though the schedule would allow it."""
    number = _wait(estate, machines)
    end(estate, machines, number, reboot="Required", children=(("other-1", "Installed"),))


@fault(f"{SCENARIO}/outside_update_manager", anyone)
def wait_for_others(estate: Estate, machines: Ints) -> None:
    """Let something else than Azure Update Manager want a restart."""
    number = _wait(estate, machines)
    end(estate, machines, number, children=(("other-1", "Installed"),))


@fault(f"{SCENARIO}/unknown", azure, least=6, weight=0)
def hide_installations(estate: Estate, machines: Ints) -> None:
    """Let nobody see what was installed in a subscription."""
    share(estate, machines)
    place = add_place(estate, "sub-guarded", withheld=("installations",))
    estate.set(machines, subscription=place)
    estate.set(machines[:1], reboot_pending=True)
