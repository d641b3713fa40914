"""What is found in a made fleet is what was planted in it, both ways: nothing missed, nothing extra.

The fleet maker is written from the rules alone and knows nothing of the judgements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fleet import KNOWN_FAULTS, Fleet, make_fleet
from fleet.explains import explains
from support.every_fault import every_fault_fleet, every_fault_kit
from support.fitting_steps import misfits
from support.fleets import kit_of
from umdiag.kit import Kit
from umdiag.show.urgency import leading

PARTS = 3
#: What these show of single findings, the slow ones show of more.
QUICK = (SHARED := "every fault", "nothing but look-alikes")
ESTATES: dict[str, dict[str, Any]] = {
    SHARED: {},  # of which other tests tell too, in the process that opens it anyway
    "seed 2": {"machines": 900, "seed": 2, "services": "both"},
    "several faults a machine": {"machines": 1200, "seed": 3, "services": "both", "overlap": 0.8},
    "other spellings": {"machines": 840, "seed": 4, "services": "both", "drift": True},
    "nothing but look-alikes": {"machines": 480, "seed": 5, "services": "both", "faults": []},
    "Update Manager alone": {"machines": 700, "services": "update_manager"},
    "nothing but look-alikes of Update Manager": {
        "machines": 300, "services": "update_manager", "seed": 5, "faults": []
    },
    "more machines": {"machines": 5000, "services": "both", "seed": 6},
    # others beside them can hide what a fault leads to
    **{
        f"part {part + 1}": {
            "machines": 300, "seed": 10 + part, "lookalikes": False, "faults": KNOWN_FAULTS[part::PARTS]
        }
        for part in range(PARTS)
    },
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A fleet, and what the kit says of it."""

    fleet: Fleet
    kit: Kit


@pytest.fixture(
    scope="module",
    # All that is asked of one estate is asked in the process that made it.
    params=[
        pytest.param(
            name,
            marks=[
                pytest.mark.xdist_group("null rule" if name == SHARED else f"planted {name}"),
                *([] if name in QUICK else [pytest.mark.slow]),
            ],
        )
        for name in ESTATES
    ],
)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    if request.param == SHARED:
        return Judged(every_fault_fleet(), every_fault_kit())
    fleet = make_fleet(tmp_path_factory.mktemp("estate"), **ESTATES[request.param])
    return Judged(fleet, kit_of(fleet))


def test_what_is_found_is_what_was_planted(judged: Judged) -> None:
    planted = {
        (one.scenario, one.cause, one.kind, one.id.lower(), one.severity) for one in judged.fleet.planted
    }
    found = {
        (diagnosis.scenario, one.cause, one.subject.kind, one.subject.id.lower(), one.severity.value)
        for diagnosis in judged.kit.diagnoses()
        for one in diagnosis.findings
    }
    assert sorted(planted - found) == []
    assert sorted(found - planted) == []


def test_a_finding_is_explained_by_what_was_planted_with_it(judged: Judged) -> None:
    def key(scenario: str, cause: str, subject: str) -> tuple[str, str, str]:
        return scenario, cause, subject.lower()

    planted = {
        (key(one.scenario, one.cause, one.id), key(reason.scenario, reason.cause, reason.id))
        for one, reasons in explains(judged.fleet).items()
        for reason in reasons
    }
    found = {
        (
            key(diagnosis.scenario, one.cause, one.subject.id),
            key(reason.scenario, reason.cause, reason.subject_id),
        )
        for diagnosis in judged.kit.diagnoses()
        for one in diagnosis.findings
        for reason in one.explained_by
        if reason.scenario != "schedule_conflict"  # which schedules met is not told of what is planted
    }
    assert sorted(planted - found) == []
    assert sorted(found - planted) == []


def test_a_subject_has_the_name_that_was_planted(judged: Judged) -> None:
    names = {(one.scenario, one.id.lower()): one.name.lower() for one in judged.fleet.planted}
    found = [(diagnosis.scenario, one) for diagnosis in judged.kit.diagnoses() for one in diagnosis.findings]
    assert bool(found) == bool(names)
    for scenario, one in found:
        assert one.subject.name.lower() == names[scenario, one.subject.id.lower()]


def test_every_step_can_be_taken_on_its_machine(judged: Judged) -> None:
    wrong = [one for diagnosis in judged.kit.diagnoses() for one in misfits(judged.kit, diagnosis)]
    assert wrong == []


def test_no_task_begins_with_a_cause_that_nobody_knows(judged: Judged) -> None:
    causes: dict[str, set[str]] = {}
    for planted in judged.fleet.planted:
        if planted.severity != "info":
            causes.setdefault(planted.scenario, set()).add(planted.cause)
    mixed = [scenario for scenario, found in causes.items() if "unknown" in found and len(found) > 1]
    led = {scenario: leading(judged.kit.diagnosis(scenario).findings) for scenario in mixed}
    assert [scenario for scenario, first in led.items() if first is None or first.cause == "unknown"] == []


def test_every_machine_has_the_state_that_was_planted(judged: Judged) -> None:
    table = judged.kit.machine_table()
    subject = table["resource_id"].mask(table["resource_id"].fillna("") == "", table["source_computer_id"])
    assert len(table) == len(judged.fleet.states)
    assert dict(zip(subject.str.lower(), table["state"], strict=True)) == dict(judged.fleet.states)
