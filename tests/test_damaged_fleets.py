"""The whole matrix over made fleets: every table missing or halved, every column dropped or unreadable.

It is made from `tables.json` and from what the queries read. Each fleet meets a part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fleet import KNOWN_FAULTS, Fleet, make_fleet
from support.estates import derived_once
from support.fleets import kit_of
from support.silence import cleared, silent_changes, states_of
from umdiag.judging.needs import queries_of
from umdiag.kit import Kit
from umdiag.model import Rows
from umdiag.queries import kql
from umdiag.scenarios import catalogue
from umdiag.sources import opening
from umdiag.sources.snapshot import Snapshot
from umdiag.sources.tablefiles import known_tables

#: Each has its part of the known faults: all of them are too many for so few machines.
SEEDS = (10, 11, 12)
MACHINES = 300
#: Each judges its part of the matrix; `test_damage` has all of it, on cases.
STRIDE = len(SEEDS)


@dataclass(frozen=True, kw_only=True)
class Spoiled:
    """A table and what happens to it: missing, older or newer half, or a column dropped or unreadable."""

    table: str
    how: str
    column: str = ""

    def write(self, fleet: Fleet, folder: Path) -> None:
        """Write a snapshot of the spoiled table alone, and of the workspaces' names."""
        rows = pq.read_table(fleet.folder / f"{self.table}.parquet")
        said: dict[str, Any] = {"complete": True}
        if self.how in ("older half", "newer half"):
            half = len(rows) // 2
            rows = rows.slice(0, half) if self.how == "older half" else rows.slice(half)
            said = {"complete": False}
        elif self.how == "dropped":
            rows = rows.drop_columns([self.column])
        elif self.how == "unreadable":
            place = rows.column_names.index(self.column)
            rows = rows.set_column(place, self.column, pa.array(["?"] * len(rows), pa.string()))
        content = {"format": 1, "asked_at": fleet.asked_at.isoformat(), "lookback": fleet.lookback}
        (folder / "snapshot.json").write_text(json.dumps(content | {"tables": {self.table: said}}))
        (folder / "workspaces.parquet").write_bytes((fleet.folder / "workspaces.parquet").read_bytes())
        if self.how == "missing":
            (folder / f"{self.table}.parquet").unlink(missing_ok=True)
        else:
            pq.write_table(rows, folder / f"{self.table}.parquet")


def made(place: int, folder: Path) -> Fleet:
    faults = KNOWN_FAULTS[place :: len(SEEDS)]
    return make_fleet(folder, machines=MACHINES, seed=SEEDS[place], lookalikes=False, faults=faults)


def matrix(fleet: Fleet) -> Iterator[Spoiled]:
    for table, types in known_tables().items():
        if not (fleet.folder / f"{table}.parquet").exists():
            continue
        file = pq.read_schema(fleet.folder / f"{table}.parquet").names
        reading = [query.reads[table] for query in kql.queries().values() if table in query.reads]
        if not reading or not fleet.rows[table]:
            continue
        for how in ("missing", "older half", "newer half"):
            yield Spoiled(table=table, how=how)
        for column in dict.fromkeys(column for one in reading for column in one.columns if column in file):
            yield Spoiled(table=table, how="dropped", column=column)
            if types[column] != "string":
                yield Spoiled(table=table, how="unreadable", column=column)


@dataclass
class _Patched:
    """Answers from a fleet, but for the queries that ask a spoiled table."""

    whole: Snapshot
    answers: dict[str, Rows]
    spoiled: Snapshot | None = None
    table: str = ""
    parallel: int = 1
    lookback: timedelta | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def captured(self) -> frozenset[str]:
        return frozenset(self.whole.captured)

    @property
    def absence(self) -> str:
        return self.whole.absence

    @property
    def decided(self) -> Mapping[str, str] | None:
        return self.whole.decided

    def clock(self) -> datetime:
        return self.whole.clock()

    def look_at(self, asked_at: datetime, lookback: timedelta) -> None:
        pass

    def fetch(self, query: kql.Query, values: Mapping[str, kql.Value]) -> Rows:
        if self.spoiled is not None and self.table in query.tables:
            return self.spoiled.fetch(query, values)
        text = kql.bind(query, values)
        if text not in self.answers:
            self.answers[text] = self.whole.fetch(query, values)
        return self.answers[text]


def kit_on(fleet: Fleet, source: _Patched) -> Kit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "open_folder", lambda _: source)
        return kit_of(fleet)


def changes(fleet: Fleet, spoiled: Sequence[Spoiled], room: Path) -> Iterator[str]:
    source = _Patched(Snapshot(fleet.folder), {})
    kit = kit_on(fleet, source)
    before, known = {one.scenario: one for one in kit.diagnoses()}, states_of(kit)
    for place, one in enumerate(spoiled):
        folder = room / str(place)
        folder.mkdir()
        one.write(fleet, folder)
        source.spoiled, source.table = Snapshot(folder), one.table
        kit = kit_on(fleet, source)
        resting = [
            scenario
            for scenario in catalogue()
            if any(one.table in kql.queries()[name].tables for name in queries_of(scenario.judge))
        ]
        for scenario in resting:
            after = kit._views.judge(scenario)
            yield from (
                f"{one}: {scenario.name}: {change}"
                for change in silent_changes(before[scenario.name], after, one.table)
            )
        yield from (f"{one}: {change}" for change in cleared(known, states_of(kit)))
        source.spoiled.close()


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(SEEDS)), ids=[f"seed {seed}" for seed in SEEDS])
def test_nothing_of_a_fleet_changes_without_a_word(place: int, tmp_path: Path) -> None:
    fleet = made(place, tmp_path / "fleet")
    share = list(matrix(fleet))[place::STRIDE]
    assert share
    with derived_once():
        assert list(changes(fleet, share, tmp_path)) == []
