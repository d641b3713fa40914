"""Spoil a healthy fleet: one small function per fault, and look-alikes that must stay quiet."""

# Place is registration: importing a module of faults makes them known, in this order.
from fleet.faults import (  # noqa: F401, I001
    quota, assessment, missed, scans, onboarding, identities, registration, starts, runs, unplanned,
    lookalikes, lookalikes_onboarding, lookalikes_runs,
)  # fmt: skip
from fleet.faults.registry import FAULTS, spoil

__all__ = ["FAULTS", "spoil"]
