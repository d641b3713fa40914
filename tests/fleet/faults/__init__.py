"""Spoil a healthy fleet: one small function per fault, and look-alikes that must stay quiet."""

from importlib import import_module  # noqa: I001 - faults in their order
from pkgutil import iter_modules

# Place is registration: importing a module of faults makes them known, in this order, and then any other.
from fleet.faults import (  # noqa: F401
    quota, assessment, missed, scans, onboarding, identities, registration, starts, runs, unplanned,
    lookalikes, lookalikes_onboarding, lookalikes_runs,
)  # fmt: skip
from fleet.faults.registry import FAULTS, spoil

__all__ = ["FAULTS", "spoil"]

for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
