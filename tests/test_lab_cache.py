"""A second notebook of the same parameters finds the rows of the first; nobody else's rows are believed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from umdiag import parameters
from umdiag.kit import Kit
from umdiag.lab.cache import STILL_NOW, Cache, cache_folder
from umdiag.lab.copies import CACHE_VARIABLE
from umdiag.lab.progress import Progress
from umdiag.lab.watching import Watching
from umdiag.model import Rows, State
from umdiag.queries.kql import Query, empty, queries

HEARTBEATS = (
    "TimeGenerated,Computer,SourceComputerId,Solutions,ComputerPrivateIPs\n"
    '2026-11-20T11:00:00Z,web-1,11111111-1111-1111-1111-111111111111,"""updates""","[""10.0.0.1""]"\n'
)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o700)
    return kept


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    place = tmp_path / "csv"
    place.mkdir()
    (place / "Heartbeat.csv").write_text(HEARTBEATS, encoding="utf-8")
    return place


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that reached a snapshot."""
    from umdiag.sources.snapshot import Snapshot

    names: list[str] = []
    fetch = Snapshot.fetch

    def heard(self: Snapshot, query: Query, values: Any) -> Rows:
        names.append(query.name)
        return fetch(self, query, values)

    monkeypatch.setattr(Snapshot, "fetch", heard)
    return names


def opened(snapshot: Path, folder: Path, **more: Any) -> Kit:
    """Open a kit as the kernel of one more notebook does."""
    given = {"source": "snapshot", "snapshot": str(snapshot), **more}
    watching = Watching(progress=Progress(), folder=folder, opened=set())
    return Kit(parameters.from_values(given, folder=None), watching=watching)


def test_second_notebook_asks_nothing_again(snapshot: Path, folder: Path, asked: list[str]) -> None:
    first = opened(snapshot, folder).fact("heartbeats")
    second = opened(snapshot, folder).fact("heartbeats")
    assert asked == ["heartbeats"]
    assert second.frame.equals(first.frame)
    assert second.frame.dtypes.equals(first.frame.dtypes)
    kept = ("name", "text", "state", "reason", "newest", "tables", "unseen", "sent")
    assert [getattr(second, name) for name in kept] == [getattr(first, name) for name in kept]


def test_other_content_or_parameters_are_asked_for(snapshot: Path, folder: Path, asked: list[str]) -> None:
    opened(snapshot, folder).fact("heartbeats")
    opened(snapshot, folder, lookback="2d").fact("heartbeats")
    (snapshot / "Heartbeat.csv").write_text(HEARTBEATS.replace("web-1", "web-2"), encoding="utf-8")
    assert list(opened(snapshot, folder).fact("heartbeats").frame["computer"]) == ["web-2"]
    assert len(asked) == 3


def test_what_could_not_be_seen_is_asked_again(snapshot: Path, folder: Path, asked: list[str]) -> None:
    for _ in range(2):
        assert opened(snapshot, folder).fact("usage_hours").state is State.MISSING
    assert asked == ["usage_hours", "usage_hours"]


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1] + b"x", lambda content: b"", lambda content: content[:99]]
)
def test_file_that_was_changed_is_not_believed(
    snapshot: Path, folder: Path, asked: list[str], damage: Callable[[bytes], bytes]
) -> None:
    opened(snapshot, folder).fact("heartbeats")
    (file,) = folder.glob("*.parquet")
    file.write_bytes(damage(file.read_bytes()))
    assert len(opened(snapshot, folder).fact("heartbeats").frame) == 1
    assert len(asked) == 2


def test_folder_that_is_gone_stops_nobody(snapshot: Path, folder: Path, asked: list[str]) -> None:
    shutil.rmtree(folder)
    assert len(opened(snapshot, folder).fact("heartbeats").frame) == 1


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_only_a_folder_of_ones_own_is_read(folder: Path, tmp_path: Path) -> None:
    assert cache_folder({CACHE_VARIABLE: str(folder)}) == folder
    link = tmp_path / "link"
    link.symlink_to(folder)
    for name in ("", str(link), str(tmp_path / "none")):
        assert cache_folder({CACHE_VARIABLE: name}) is None
    folder.chmod(0o755)
    assert cache_folder({CACHE_VARIABLE: str(folder)}) is None


# -- live Azure, where things change ---------------------------------------------------------------------


def live(folder: Path, *, again: bool = False) -> Cache:
    return Cache(folder, "target", lasting=False, again=again)


def answered(cache: Cache, asked_at: datetime = NOW) -> list[str]:
    """Ask twice through a cache and return what reached the source."""
    names: list[str] = []

    def fetch(query: Query, values: Any) -> Rows:
        names.append(query.name)
        return Rows(name=query.name, text="", frame=empty(query), state=State.COMPLETE)

    cache.around(fetch, asked_at)(queries()["heartbeats"], {})
    return names


def test_second_notebook_asks_about_the_moment_of_the_first(folder: Path) -> None:
    live(folder).keep_moment(NOW)
    assert live(folder).moment() == NOW
    assert Cache(folder, "another", lasting=False, again=False).moment() is None


def test_cell_that_is_run_again_asks_about_now(folder: Path) -> None:
    live(folder).keep_moment(NOW)
    assert live(folder, again=True).moment() is None
    assert (answered(live(folder)), answered(live(folder))) == (["heartbeats"], [])
    assert answered(live(folder, again=True)) == ["heartbeats"]
    assert answered(live(folder), NOW + timedelta(minutes=1)) == ["heartbeats"]


def test_rows_and_moments_grow_old(folder: Path) -> None:
    live(folder).keep_moment(NOW)
    answered(live(folder))
    past = time.time() - STILL_NOW.total_seconds() - 1
    for file in folder.iterdir():
        os.utime(file, (past, past))
    assert live(folder).moment() is None
    assert answered(live(folder)) == ["heartbeats"]
    assert len(list(folder.glob("*.parquet"))) == 1
