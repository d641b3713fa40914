"""Faults of family ``unplanned``: restarts and updates that nobody had planned."""

from __future__ import annotations

from fleet.model import Ints
from fleet.update_manager.faults.placing import end, leave_schedules, share
from fleet.update_manager.faults.registry import anyone, azure, fault
from fleet.update_manager.model import Estate

DONE = (("other-1", "Installed"),)


@fault("unexpected_reboot/vm_setting_overrides", azure, least=2)
def override(estate: Estate, machines: Ints) -> None:
    """Restart by the machine's setting what its schedule never restarts."""
    number = share(estate, machines, "mc-lab-never")
    estate.set(machines, vm_reboot="IfRequired")
    estate.set(machines[1::2], vm_reboot="Always")
    end(estate, machines, number, reboot="Completed", children=DONE)


@fault("unexpected_reboot/unknown", anyone, least=2)
def restart(estate: Estate, machines: Ints) -> None:
    """Restart what its schedule never restarts."""
    number = share(estate, machines, "mc-lab-never")
    estate.set(machines[1::2], vm_reboot="Never")
    end(estate, machines, number, reboot="Started", children=DONE)


@fault("update_without_deployment/platform_patching", azure, least=2)
def patch_by_platform(estate: Estate, machines: Ints) -> None:
    """Let the platform patch machines; every second one no schedule reaches."""
    end(estate, machines, None, back=5 * 24, by="Platform", children=DONE)
    leave_schedules(estate, machines[1::2])
    estate.set(machines[1::2], bypass=0)


@fault("update_without_deployment/on_demand_by_user", anyone)
def patch_on_demand(estate: Estate, machines: Ints) -> None:
    """Let somebody patch machines by hand, beside their schedule."""
    end(estate, machines, None, back=4 * 24, by="User", children=DONE)


@fault("patched_outside_window/late_start", anyone)
def begin_late(estate: Estate, machines: Ints) -> None:
    """Begin a run late."""
    end(estate, machines, share(estate, machines), late=40, minutes=20, children=DONE)


@fault("patched_outside_window/long_install", anyone)
def take_long(estate: Estate, machines: Ints) -> None:
    """Go on installing after the window."""
    end(estate, machines, share(estate, machines), minutes=200, children=DONE)
