"""Every frame and every fact can be saved and read again, whatever its rows are."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.any_rows import HALVES, frames
from support.every_fault import every_fault_kit
from support.thinning import one_in
from umdiag.judging.needs import frame_functions
from umdiag.judging.prepared import load_frame, save_frames
from umdiag.judging.seen import Seen
from umdiag.model import Rows, State
from umdiag.queries import kql
from umdiag.sources.replay import Replay, write_facts
from umdiag.words.dynamic import read_dynamic, whole

pytestmark = pytest.mark.xdist_group("null rule")  # in the process that opens the fleet anyway

ASKED_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUICK = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
THOROUGH = settings(QUICK, max_examples=20)
#: A few tries of each in the quick run, many in that of CI.
TRIES = pytest.mark.parametrize(
    "tries", [QUICK, pytest.param(THOROUGH, marks=pytest.mark.slow)], ids=["few", "many"]
)


def spelled(value: Any) -> Any:
    """Return a value with its type, so that 1 is not True, and not 1.0, and a list no tuple."""
    if isinstance(value, dict):
        return {key: spelled(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [spelled(inner) for inner in value]
    kind = type(value.item() if hasattr(value, "item") else value).__name__
    return kind, repr(value.item() if hasattr(value, "item") else value)


def assert_same(found: pd.DataFrame, given: pd.DataFrame) -> None:
    pd.testing.assert_index_equal(found.index, given.index, exact=True)
    assert dict(found.dtypes) == dict(given.dtypes)
    for column in given:
        assert [spelled(value) for value in found[column]] == [spelled(value) for value in given[column]]


def kept(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        save_frames(Path(folder), {name: Seen(frame=frame, state=State.PARTIAL, reason=HALVES[0])})
        seen = load_frame(Path(folder), name)
    assert seen is not None
    assert (seen.state, seen.reason) == (State.PARTIAL, HALVES[0])
    return seen.frame


def answered(query: kql.Query, frame: pd.DataFrame) -> pd.DataFrame:
    values: dict[str, kql.Value] = {"asked_at": ASKED_AT, "lookback": timedelta(days=1)}
    values = {name: value for name, value in values.items() if name in query.parameters}
    rows = Rows(name=query.name, text=kql.bind(query, values), frame=frame, state=State.COMPLETE)
    with tempfile.TemporaryDirectory() as folder:
        write_facts(Path(folder), [rows], asked_at=ASKED_AT, lookback=timedelta(days=1))
        answer = Replay(Path(folder)).fetch(query, values)
    assert (answer.state, answer.reason) == (State.COMPLETE, "")
    return answer.frame


@TRIES
@pytest.mark.parametrize("name", frame_functions())
def test_frame_comes_back_as_it_was_saved(name: str, tries: settings) -> None:
    derived = every_fault_kit().frame(name).head(50)
    assert_same(kept(name, derived), derived)
    dtypes = {str(column): str(dtype) for column, dtype in derived.dtypes.items()}

    @tries
    @given(frames(dtypes, derived=True))
    def check(frame: pd.DataFrame) -> None:
        assert_same(kept(name, frame), frame)

    check()


@pytest.mark.parametrize(
    "query", one_in(3, (pytest.param(query, id=query.name) for query in kql.queries().values()))
)
@TRIES
def test_fact_comes_back_as_it_was_saved(query: kql.Query, tries: settings) -> None:
    @tries
    @given(frames({name: kql.DTYPES[type_] for name, type_ in query.columns.items()}))
    def check(frame: pd.DataFrame) -> None:
        dynamic = [name for name, type_ in query.columns.items() if type_ == "dynamic"]
        clean = frame.assign(
            **{name: pd.Series([whole(value) for value in frame[name]], dtype="object") for name in dynamic}
        )
        assert_same(answered(query, frame), clean)

    check()


@settings(QUICK, max_examples=30)
@given(frames({"bag": "object", "text": "str", "ratio": "Float64"}, derived=True))
def test_any_bag_comes_back(frame: pd.DataFrame) -> None:
    assert_same(kept("bags", frame), frame)


@pytest.mark.parametrize("value", [{}, None, [], {"a": 1}, {"a": "b"}, HALVES[0], 1, float("nan"), pd.NA])
def test_column_of_a_single_kind_comes_back(value: Any) -> None:
    frame = pd.DataFrame({"tags": pd.Series([value] * 3, dtype="object")})
    assert_same(kept("estate", frame), frame)


def test_mark_of_what_json_does_not_know_is_no_key_of_rows() -> None:
    frame = pd.DataFrame({"bag": pd.Series([{"time": "x", "is": "y"}, {"NA": 1}, pd.NA], dtype="object")})
    assert_same(kept("bags", frame), frame)


def test_real_that_is_no_number_comes_back() -> None:
    ratio = pd.Series([0.0, 1.0], dtype="Float64") / pd.Series([0.0, None], dtype="Float64")
    frame = pd.DataFrame({"ratio": ratio})
    assert_same(kept("ratios", frame), frame)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
        ('{"\\uD83D\\uDE00": "\\udc00x"}', {"\U0001f600": "\ufffdx"}),
        ('"\ud83d"', "\ufffd"),
        ("no json", "no json"),
        ("", None),
        ("[" * 3000 + "]" * 3000, "[" * 3000 + "]" * 3000),
        ("[" * 101 + "]" * 101, "[" * 101 + "]" * 101),
        ("[" + "{}," * 200 + "{}]", [{}] * 201),
    ],
    ids=range(8),
)
def test_dynamic_text_is_read_so_that_it_can_be_held(text: str, value: Any) -> None:
    assert read_dynamic(text) == value


@settings(QUICK, max_examples=50)
@given(st.text())
def test_whole_text_is_left_alone(text: str) -> None:
    assert whole(whole(text)) == whole(text)
    assert whole(text).encode().decode() == whole(text)
