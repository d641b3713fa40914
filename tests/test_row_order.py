"""The order in which a service sends its rows means nothing: whatever it is, the same is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support import live_estate as estate
from support import snapshot_rows as rows
from umdiag.kit import Kit
from umdiag.model import Rows
from umdiag.queries.kql import Query, Value
from umdiag.sources.snapshot import Snapshot

_TWIN = {"computer": "a-fine", "agent": "twin", "hardware": "a-fine"}
#: Two workspaces hear of one machine in the same minute; two machines share a name and a time.
GIVEN: Mapping[str, Any] = {
    **estate.GIVEN,
    "machines": {
        **estate.GIVEN["machines"],
        "a-fine": {"workspace": "law-a", "agent": "twin", "tags": {"env": "prod"}},
        "twin-b": {**_TWIN, "workspace": "law-b"},
        "twin-c": {**_TWIN, "workspace": "law-c"},
        "same-1": {"computer": "same", "workspace": "law-a"},
        "same-2": {"computer": "same", "workspace": "law-b"},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ties")
    rows.write_snapshot(made, GIVEN)
    return made


def said(folder: Path) -> tuple[Any, ...]:
    kit = Kit(estate.from_values(estate.values(source="snapshot", snapshot=str(folder)), folder=None))
    try:
        kit.fetch()
        homes = rows.diagnose(kit, "registered_to_other_account").findings
        return kit.machine_table().to_dict("records"), estate.told(kit.diagnoses()), homes
    finally:
        kit.close()


@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_order_of_rows_decides_nothing(folder: Path, seed: int) -> None:
    with rows.answered_once():
        expected = said(folder)
        fetch = Snapshot.fetch

        def shuffled(self: Snapshot, query: Query, values: Mapping[str, Value]) -> Rows:
            answer = fetch(self, query, values)
            frame = answer.frame.iloc[::-1] if seed == 0 else answer.frame.sample(frac=1, random_state=seed)
            return replace(answer, frame=frame.reset_index(drop=True))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Snapshot, "fetch", shuffled)
            found = said(folder)
    assert found[2]
    assert str(found[0]) == str(expected[0])
    assert found[1:] == expected[1:]
