"""Durations, moments and files: read and written in one place."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umdiag.words.durations import read_duration, write_duration
from umdiag.words.files import private_file, write_private
from umdiag.words.moments import to_the_minute, write_moment


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("14d", timedelta(days=14)),
        ("36H", timedelta(hours=36)),
        ("90m", timedelta(minutes=90)),
        ("5s", timedelta(seconds=5)),
        ("1d12h", timedelta(hours=36)),
        (" 1D 2h 3M 4s ", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("+1d", timedelta(days=1)),
        ("-1d12h", timedelta(hours=-36)),
        ("0h", timedelta()),
    ],
)
def test_duration_is_read(text: str, length: timedelta) -> None:
    assert read_duration(text) == length


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("14", "has no unit, expected a duration like 14d"),
        ("1.5", "has no unit"),
        ("", "is not a duration, expected a duration like 14d"),
        ("d", "is not a duration"),
        ("14y", "is not a duration"),
        ("12h1d", "is not a duration"),
        ("1.5d", "is not a duration"),
        ("٣d", "is not a duration"),
        ("14d or so", "is not a duration"),
        ("9999999999d", "is too long"),
        ("9" * 5000 + "d", "is too long"),
    ],
)
def test_what_is_no_duration_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_duration(text)


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.integers(-(10**9), 10**9))
def test_duration_comes_back_as_it_was_written(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert read_duration(write_duration(length)) == length


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=14), "14d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=61), "61s"),
        (timedelta(), "0s"),
        (timedelta(seconds=59, microseconds=999_999), "1m"),
    ],
)
def test_duration_is_written_in_the_largest_unit_that_fits(length: timedelta, text: str) -> None:
    assert write_duration(length) == text


def test_moment_is_written_in_utc() -> None:
    here = datetime(2026, 11, 18, 8, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert write_moment(here) == "2026-11-18T06:00:30Z"
    assert write_moment(here.replace(microsecond=5)) == "2026-11-18T06:00:30.000005Z"
    assert to_the_minute(here) == "2026-11-18 06:00 UTC"
    assert write_moment(datetime(2026, 11, 18)) == write_moment(datetime(2026, 11, 18, tzinfo=UTC))


def test_file_bears_its_name_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "findings.json"
    write_private(file, b"old")
    with private_file(file) as opened:
        opened.write(b"new")
        opened.flush()
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["findings.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "a", b"")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_file_that_was_not_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    write_private(tmp_path / "a", b"old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def interrupted(path: Path) -> None:
    with private_file(path) as opened:
        opened.write(b"half")
        raise KeyboardInterrupt
