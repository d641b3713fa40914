"""A fleet in which every fault is planted, opened once a process."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from pathlib import Path

from fleet import make_fleet
from umdiag.kit import Kit
from umdiag.parameters import from_values


@cache
def every_fault_kit() -> Kit:
    """Return the kit on such a fleet; it is judged by its makers' rules in tests/test_planted.py."""
    kept = tempfile.TemporaryDirectory(prefix="umdiag-fleet-", ignore_cleanup_errors=True)
    atexit.register(kept.cleanup)
    fleet = make_fleet(Path(kept.name), machines=450, seed=1)
    values = {
        "source": "snapshot", "snapshot": str(fleet.folder), "lookback": fleet.lookback,
        "workspaces": list(fleet.workspaces), "automation_account": fleet.automation_account,
        "subscriptions": list(fleet.subscriptions), "suspects": list(fleet.suspects),
    }  # fmt: skip
    kit = Kit(from_values(values, folder=None))
    atexit.register(kit.close)
    return kit
