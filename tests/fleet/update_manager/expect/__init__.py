"""Say what must be found of the machines of Azure Update Manager, from what is true of them."""

from __future__ import annotations

from fleet.model import Planted
from fleet.update_manager.expect.assessment import expect_assessment
from fleet.update_manager.expect.known import Known, know
from fleet.update_manager.expect.lists import expect_lists
from fleet.update_manager.expect.missed import expect_missed
from fleet.update_manager.expect.onboarding import expect_onboarding
from fleet.update_manager.expect.schedules import expect_schedules
from fleet.update_manager.expect.unplanned import expect_unplanned
from fleet.update_manager.expect.update_runs import expect_update_runs

__all__ = ["Known", "expect_findings", "know"]


def expect_findings(known: Known) -> list[Planted]:
    """Return every finding that the kit must report; nothing else may be reported."""
    return [
        *expect_assessment(known), *expect_onboarding(known), *expect_missed(known),
        *expect_schedules(known), *expect_update_runs(known), *expect_lists(known),
        *expect_unplanned(known),
    ]  # fmt: skip
