"""Open the kit on a made fleet, with the parameters that its makers mean."""

from __future__ import annotations

from fleet import Fleet
from umdiag.kit import Kit
from umdiag.parameters import from_values


def kit_of(fleet: Fleet) -> Kit:
    """Return the kit on a fleet's rows, over its whole window."""
    values = {
        "source": "snapshot", "snapshot": str(fleet.folder), "lookback": fleet.lookback,
        "workspaces": list(fleet.workspaces), "automation_account": fleet.automation_account,
        "subscriptions": list(fleet.subscriptions), "suspects": list(fleet.suspects),
    }  # fmt: skip
    return Kit(from_values(values, folder=None))
