"""The two services that patch machines: their literal names, and how Azure calls them."""

from __future__ import annotations

from collections.abc import Mapping

UPDATE_MANAGEMENT = "update_management"
UPDATE_MANAGER = "update_manager"
CALLED: Mapping[str, str] = {UPDATE_MANAGEMENT: "Update Management", UPDATE_MANAGER: "Update Manager"}

_LEFT_OUT = "Not looked at: "


def left_out(services: Mapping[str, str]) -> str:
    """Say that these services are not looked at, each for its reason."""
    return _LEFT_OUT + " and ".join(f"{CALLED[service]} ({reason})" for service, reason in services.items())


def left_out_of(said: str, what: str) -> str:
    """Say `what` of the services is not looked at, by what `left_out` said of them."""
    return f"{_LEFT_OUT}{what} of {said.removeprefix(_LEFT_OUT)}"
