"""Make fleets with known faults: snapshots to show, test and measure the kit on.

Written from the rules alone and independent of the judgements: nothing here imports the rest of
``umdiag``, so that what is planted and what is found can be compared.
"""

from fleet.demo import make_demo
from fleet.maker import (
    DEMO_ASKED_AT,
    KNOWN_FAULTS,
    MANAGER_FAULTS,
    SERVICES,
    make_fleet,
)
from fleet.model import Fleet, Planted

__all__ = [
    "DEMO_ASKED_AT",
    "KNOWN_FAULTS",
    "MANAGER_FAULTS",
    "SERVICES",
    "Fleet",
    "Planted",
    "make_demo",
    "make_fleet",
]
