"""Spoil a healthy estate of Azure Update Manager: faults, and look-alikes that must stay quiet."""

# Place is registration: importing a module of faults makes them known, in this order.
from fleet.update_manager.faults import (  # noqa: F401, I001 - faults in their order
    schedules, assessment, reboots, onboarding, missed, absent, runs, lists, unplanned, limits,
    lookalikes, lookalikes_schedules,
)  # fmt: skip
from fleet.update_manager.faults.registry import FAULTS, LOOKALIKES, spoil

__all__ = ["FAULTS", "LOOKALIKES", "spoil"]
