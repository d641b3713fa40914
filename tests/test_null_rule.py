"""Null means "cannot be told": each frame with each of its optional inputs unseen in turn.

A value stays what it is or becomes null; rows stay, but where the input is one that adds rows; none comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd
import pytest

from support.every_fault import every_fault_kit
from umdiag.errors import Inconclusive
from umdiag.judging.needs import Need, data_of, frame_functions, needs

pytestmark = pytest.mark.xdist_group("null rule")

#: Names, which are then the next best, and not null: frame and input → columns (each docstring says so).
NAMES = {
    ("machines", "azure_machines"): {"resource_id", "arm_key", "subject_id"},
    ("machines", "workspace_settings"): {"workspace"},
    ("multi_homed", "workspace_settings"): {"homes"},
    ("workspaces", "workspace_settings"): {"workspace_id", "name", "id", "ingestion_status"},
    ("machine_run_outcomes", "estate"): {"computer", "name", "subject_id"},
    ("missed", "estate"): {"computer", "name", "subject_id"},
    ("judged_installations", "configurations"): {"configuration", "configuration_id"},
}
#: Where changes were not seen, the absence of a resource has to tell that it was deleted.
BY_ABSENCE = {
    (frame, "resource_changes"): {"machine_deleted", "hidden"} for frame in ("failed_starts", "missed")
}
#: Whether all that tells of a stop was seen.
SEEN = {("quota", log): {"logs_seen"} for log in ("operation_events", "log_operation_events")}
BY_ABSENCE |= {
    ("managed_machines", "resource_changes"): {"deleted", "invisible", "state"},
    ("lost_assignments", "resource_changes"): {"deleted", "moved_to", "reached_there"},
}
#: What logs tell of a machine stands until it is known that Update Manager manages it; findings say so.
BY_LOGS = {("machines", "managed"): {"state"}}
EXCEPTIONS = NAMES | BY_ABSENCE | SEEN | BY_LOGS


def optional_inputs() -> list[Any]:
    return [
        pytest.param(name, need, id=f"{name} without {need.name}")
        for name, derive in frame_functions().items()
        for need in data_of(derive)
        if need.optional
    ]


@cache
def whole(name: str) -> pd.DataFrame | None:
    """Derive a frame of the fleet, where everything could be seen."""
    return derived(name, None)


def derived(name: str, unseen: Need | None) -> pd.DataFrame | None:
    """Derive a frame of the fleet, as if one input could not be seen."""
    function, kit = frame_functions()[name], every_fault_kit()
    given = kit.parameters.named | {"asked_at": kit.asked_at, "lookback": kit.lookback}
    data = [None if need == unseen else kit.seen(need.name).handed_to(need) for need in data_of(function)]
    named = {need.name: given[need.name] for need in needs(function) if not need.is_data}
    try:
        return function(*(None if frame is None else frame.copy() for frame in data), **named)
    except Inconclusive:
        return None


def plain(value: Any) -> Any:
    """Return a value that compares."""
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return None if pd.isna(value) else value


def cannot_be_told(column: str, was: Any, now: Any) -> bool:
    """Whether a value says that it is not known, or a list only holds less."""
    if isinstance(was, list) and isinstance(now, list):
        return bool(now) and all(item in was for item in now)
    return now is None or (column == "state" and now == "unknown")


def differences(seen: pd.DataFrame, lacking: pd.DataFrame, names: set[str]) -> Iterator[str]:
    for column in seen.columns.difference(sorted(names)):
        pairs = [(plain(was), plain(now)) for was, now in zip(seen[column], lacking[column], strict=True)]
        changed = [(was, now) for was, now in pairs if was != now and not cannot_be_told(column, was, now)]
        if changed:
            yield f"{column}: {len(changed)} of {len(seen)}, such as {changed[0][0]!r} → {changed[0][1]!r}"


@pytest.mark.parametrize(("name", "need"), optional_inputs())
def test_unseen_input_makes_null_and_nothing_else(name: str, need: Need) -> None:
    seen, lacking = whole(name), derived(name, need)
    assert seen is not None
    names = EXCEPTIONS.get((name, need.name), set())
    if lacking is None:
        assert need.adds_rows, "the frame cannot be derived without it: it is not optional"
        return
    if need.adds_rows:
        assert len(lacking) <= len(seen), "rows came"
        return
    assert len(lacking) == len(seen), "rows went, though the annotation does not say Adding or Partial"
    assert list(differences(seen, lacking, names)) == []


def test_the_fleet_gives_every_frame_rows() -> None:
    empty = [name for name in frame_functions() if every_fault_kit().frame(name).empty]
    assert empty == []


def test_exceptions_are_of_inputs_that_there_are() -> None:
    there = {(param.values[0], param.values[1].name) for param in optional_inputs()}
    assert set(EXCEPTIONS) <= there
