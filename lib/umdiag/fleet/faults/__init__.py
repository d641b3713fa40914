"""Spoil a healthy fleet: one small function per fault, and look-alikes that must stay quiet."""

# Place is registration: importing a module of faults makes them known, in this order.
from umdiag.fleet.faults import quota, assessment, missed, lookalikes  # noqa: F401, I001
from umdiag.fleet.faults.registry import FAULTS, spoil

__all__ = ["FAULTS", "spoil"]
