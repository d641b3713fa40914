"""The engine under several threads: one opens tables while others ask."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from umdiag.sources import translation
from umdiag.sources.engine import Engine
from umdiag.sources.snapshot import Snapshot
from umdiag.sources.tablefiles import known_tables

ROW = json.dumps({"TimeGenerated": "2024-03-08T09:00:00Z", "id": "/a", "name": "a"})


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns at every chance."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_table_that_is_loaded_does_not_disturb_who_goes_through_the_others() -> None:
    engine = Engine()
    engine.load_json("Heartbeat", [ROW])
    under_way = iter(engine.schema.items())
    engine.load_json("Update", [ROW])
    assert [table for table, _ in under_way] == ["Heartbeat"]
    assert list(engine.schema) == ["Heartbeat", "Update"]
    engine.close()


@pytest.mark.usefixtures("restless")
def test_tables_are_loaded_while_others_are_asked() -> None:
    engine, ends = Engine(), threading.Event()

    def ask() -> int:
        asked = 0
        while not ends.is_set():
            engine.tables_in("union *")
            asked += len([table for table, _ in engine.schema.items()])  # as a translator does
        return asked

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        try:
            for table in known_tables():
                engine.load_json(table, [ROW])
        finally:
            ends.set()
        assert all(done.result() for done in asking)
    assert set(engine.schema) == set(known_tables())
    engine.close()


def test_snapshots_are_opened_and_asked_by_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [table for table, columns in known_tables().items() if "TimeGenerated" in columns]
    for table in tables:
        (tmp_path / f"{table}.jsonl").write_text(ROW, encoding="utf-8")
    # Nothing is remembered: every thread parses and translates.
    monkeypatch.setattr("umdiag.sources.engine.translated", translation.translated.__wrapped__)
    monkeypatch.setattr("umdiag.sources.snapshot.references", translation.references.__wrapped__)
    for _ in range(2):
        snapshot = Snapshot(tmp_path)
        together = threading.Barrier(6)

        def ask(place: int, snapshot: Snapshot = snapshot, together: threading.Barrier = together) -> int:
            together.wait(20)
            asked = tables[place:] + tables[:place]
            return sum(int(snapshot.kql(f"{table} | count").iloc[0, 0]) for table in asked)

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(ask, range(6))) == [len(tables)] * 6
        assert {line.rows for line in snapshot.health() if line.table in tables} == {1}
        snapshot.close()
