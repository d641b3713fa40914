"""What is found in estates of Azure Update Manager is what was planted, scenario by scenario, both ways.

A scenario goes live with its module; one that the old service has too, once its module knows every cause
that is planted. The fleet maker is written from the rules alone and knows nothing of the judgements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fleet import Fleet, make_fleet
from umdiag.kit import Kit
from umdiag.model import Diagnosis
from umdiag.parameters import from_values
from umdiag.scenarios import catalogue

ESTATES: dict[str, dict[str, Any]] = {
    "one service": {"machines": 700, "services": "update_manager"},
    "nothing but look-alikes": {"machines": 300, "services": "update_manager", "seed": 5, "faults": []},
    "more machines": {"machines": 5000, "services": "both", "seed": 6},
}
#: What both services plant is looked for in test_planted, quickly; this takes longer.
QUICK: tuple[str, ...] = ()
#: What the old service knows too, with the same causes: live when its name is taken away here.
WAITING: set[str] = set()
#: The scenarios of the old service, and the causes of the living one that tell that a module knows both.
TOLD_BY = {
    "assessment_failed": "stuck_in_progress", "assessment_stale": "periodic_assessment_off",
    "machine_disconnected": "agent_expired", "scheduled_run_missed_machine": "never_taken",
    "run_failed_to_start": "prerequisites_not_met", "maintenance_window_exceeded": "started_late",
    "linux_run_failed": "all_installed_but_failed", "update_not_installing": "sudo_denied",
    "unexpected_reboot": "vm_setting_overrides", "update_without_deployment": "platform_patching",
}  # fmt: skip
#: What is told of the old service alone.
OLD = {
    "workspace_over_quota", "ingestion_gap", "cap_ahead", "superseded_update_missing", "wsus_not_approved",
    "installed_update_replaced", "linux_classification_mismatch", "machine_stuck_configuring",
    "machine_not_in_update_management", "update_solution_not_enabled", "registered_to_other_account",
    "service_unreachable", "certificate_not_created", "worker_not_responding", "cross_tenant_target",
}  # fmt: skip


def live() -> list[str]:
    """Return the scenarios that judge Azure Update Manager."""
    causes = {one.name: {cause.key for cause in one.causes} for one in catalogue()}
    wanted = {name: TOLD_BY.get(name) for name in causes if name not in OLD | WAITING}
    return [name for name, cause in wanted.items() if cause is None or cause in causes[name]]


@dataclass(frozen=True)
class Judged:
    """A fleet, and what the kit says of it."""

    fleet: Fleet
    kit: Kit
    diagnoses: dict[str, Diagnosis]


@pytest.fixture(
    scope="module",
    # All that is asked of one estate is asked in the process that made it.
    params=[
        pytest.param(
            name,
            marks=[
                pytest.mark.xdist_group(f"planted in update manager {name}"),
                *([] if name in QUICK else [pytest.mark.slow]),
            ],
        )
        for name in ESTATES
    ],
)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    fleet = make_fleet(tmp_path_factory.mktemp("estate"), **ESTATES[request.param])
    values = {
        "source": "snapshot", "snapshot": str(fleet.folder), "lookback": fleet.lookback,
        "workspaces": list(fleet.workspaces), "automation_account": fleet.automation_account,
        "subscriptions": list(fleet.subscriptions), "suspects": list(fleet.suspects),
    }  # fmt: skip
    kit = Kit(from_values(values, folder=None))
    return Judged(fleet, kit, {one.scenario: one for one in kit.diagnoses()})


@pytest.mark.parametrize("scenario", live())
def test_what_is_found_is_what_was_planted(judged: Judged, scenario: str) -> None:
    planted = {
        (one.cause, one.kind, one.id.lower(), one.name.lower(), one.severity)
        for one in judged.fleet.planted
        if one.scenario == scenario
    }
    found = {
        (one.cause, one.subject.kind, one.subject.id.lower(), one.subject.name.lower(), one.severity.value)
        for one in judged.diagnoses[scenario].findings
    }
    assert sorted(planted - found) == []
    assert sorted(found - planted) == []


@pytest.mark.skipif(
    "machine_not_assessed" not in live(), reason="the states of the living service are to come"
)
def test_every_machine_has_the_state_that_was_planted(judged: Judged) -> None:
    table = judged.kit.machine_table()
    subject = table["resource_id"].mask(table["resource_id"].fillna("") == "", table["source_computer_id"])
    told = dict(zip(subject.str.lower(), table["state"], strict=True))
    planted = dict(judged.fleet.states)
    assert {one: (told.get(one), state) for one, state in planted.items() if told.get(one) != state} == {}
    assert sorted(set(told) - set(planted)) == []
