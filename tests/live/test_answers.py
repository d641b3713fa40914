"""What the services send becomes a frame in the kit's own types, or is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umdiag.queries import kql
from umdiag.sources.live.answers import Answer, frame_of, joined, plain_columns, rows_of
from umdiag.sources.live.faults import Fault

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=60)
ALL = {f"a_{type_}": type_ for type_ in kql.DTYPES}
#: One value of each type, as the services write it.
SENT = {
    "string": "text",
    "bool": True,
    "int": 5,
    "long": 5,
    "real": 0.5,
    "datetime": "2024-03-08T10:00:00Z",
    "timespan": "00:05:00",
    "dynamic": '{"a":1}',
}


def read(type_: str, *sent: Any) -> list[Any]:
    """Return what becomes of values that are sent in one column, None for null."""
    answer = Answer(columns={"back": type_}, rows=[[one] for one in sent])
    frame = frame_of({"back": type_}, answer, "echo")
    assert str(frame["back"].dtype) == kql.DTYPES[type_]
    return plain(frame["back"])


def plain(values: pd.Series[Any]) -> list[Any]:
    return [None if one is None or one is pd.NA or one is pd.NaT else one for one in values]


def refused(columns: Mapping[str, str], sent: Mapping[str, str], rows: Sequence[Any]) -> str:
    with pytest.raises(Fault) as raised:
        frame_of(columns, Answer(columns=sent, rows=rows), "echo")
    assert not raised.value.again
    return raised.value.reason


# -- types ------------------------------------------------------------------------------------------------


def test_every_type_has_the_dtype_of_the_kit() -> None:
    answer = Answer(columns=ALL, rows=[list(SENT.values()), [None] * len(SENT)])
    frame = frame_of(ALL, answer, "all")
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        f"a_{type_}": dtype for type_, dtype in kql.DTYPES.items()
    }


@pytest.mark.parametrize("query", kql.queries().values(), ids=lambda query: query.name)
def test_answer_without_rows_equals_an_empty_fact(query: kql.Query) -> None:
    frame = frame_of(query.columns, Answer(columns=query.columns, rows=[]), query.name)
    pd.testing.assert_frame_equal(frame, kql.empty(query))


@pytest.mark.parametrize("type_", [type_ for type_ in kql.DTYPES if type_ != "string"])
def test_null_stays_null(type_: str) -> None:
    assert read(type_, None, SENT[type_], None)[::2] == [None, None]
    assert read(type_, None) == [None]


def test_null_boolean_is_not_false() -> None:
    assert read("bool", None, False, True, "") == [None, False, True, None]


def test_null_string_is_empty_as_in_the_service() -> None:
    assert read("string", None, "", "a") == ["", "", "a"]


def test_booleans_come_as_truth_values_numbers_or_words() -> None:
    assert read("bool", True, 1, "true", "True") == [True] * 4
    assert read("bool", False, 0, "false", "FALSE") == [False] * 4


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
def test_long_keeps_every_digit(number: int) -> None:
    assert read("long", number, None, str(number)) == [number, None, number]


def test_real_comes_as_number_or_word() -> None:
    assert read("real", 0.1, 1, "0.25", "Infinity", "NaN") == [0.1, 1.0, 0.25, float("inf"), None]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2024-03-08T09:59:59.1234567Z", datetime(2024, 3, 8, 9, 59, 59, 123456, tzinfo=UTC)),
        ("2024-03-08T09:59:59.1Z", datetime(2024, 3, 8, 9, 59, 59, 100000, tzinfo=UTC)),
        ("2024-03-08T09:59:59Z", datetime(2024, 3, 8, 9, 59, 59, tzinfo=UTC)),
        ("2024-03-08T09:59:59", datetime(2024, 3, 8, 9, 59, 59, tzinfo=UTC)),
        ("2024-03-08T09:59:59.5000000+02:00", datetime(2024, 3, 8, 7, 59, 59, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00.0000000Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.9999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_datetime_in_every_form_is_utc(sent: str, expected: datetime) -> None:
    assert read("datetime", sent) == [expected]
    assert read("datetime", "2024-01-01T00:00:00Z", sent, None)[1:] == [expected, None]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("00:05:00", timedelta(minutes=5)),
        ("1.02:03:04.5000000", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=500)),
        ("00:00:00.0000019", timedelta(microseconds=1)),
        ("365.00:00:00", timedelta(days=365)),
        ("-00:30:00", timedelta(minutes=-30)),
        ("-1.00:00:00.25", timedelta(days=-1, milliseconds=-250)),
        ("10675199.02:48:05.4775807", timedelta(10675199, 10085, 477580)),
    ],
)
def test_timespan_is_read_as_the_services_write_it(sent: str, expected: timedelta) -> None:
    assert read("timespan", sent, None) == [expected, None]


def test_dynamic_comes_as_json_text_and_as_objects() -> None:
    value = {"a": [1, None, {"b": "é"}], "n": 2**60}
    assert read("dynamic", json.dumps(value), value) == [value, value]
    assert read("dynamic", "[1, 2]", [1, 2], [], {}) == [[1, 2], [1, 2], [], {}]
    assert read("dynamic", "5", 5, "true", '"text"', "null") == [5, 5, True, "text", None]


def test_dynamic_that_is_no_json_stays_a_text() -> None:
    assert read("dynamic", "plain {text", "[" * 100_000) == ["plain {text", "[" * 100_000]
    assert read("dynamic", "", None) == [None, None]


def test_object_in_a_string_column_becomes_its_json() -> None:
    assert read("string", {"a": "é"}, ["b", 1], 7, True) == ['{"a": "é"}', '["b", 1]', "7", "true"]


@pytest.mark.parametrize(
    ("type_", "sent"),
    [
        *(("bool", one) for one in ("yes", 2, [], {})),
        *(("long", one) for one in ("five", "5.0", 5.5, True, [], {}, 2**63, float("inf"))),
        *(("int", one) for one in ("0x10", False)),
        *(("real", one) for one in ("1,5", True, [], 10**400)),
        *(("datetime", one) for one in ("yesterday", "now", 5, 1.7e18, True, [], {}, "2024-13-01T00:00:00Z")),
        *(("timespan", one) for one in ("5 days", "PT5M", 5, True, [], "1:2:3", "00:05", "1.2.00:00:00")),
    ],
)
def test_value_of_another_type_is_refused(type_: str, sent: Any) -> None:
    told = refused({"back": type_}, {"back": type_}, [[SENT[type_]], [sent]])
    assert told.startswith(f"echo.back holds a value that is not a {type_}, check ")


# -- columns and rows -------------------------------------------------------------------------------------

TWO = {"name": "string", "count": "long"}


def test_columns_come_in_the_order_of_the_header() -> None:
    frame = frame_of(TWO, Answer(columns={"count": "long", "name": "string"}, rows=[[5, "a"]]), "echo")
    assert list(frame) == ["name", "count"]
    assert frame.to_numpy().tolist() == [["a", 5]]


@pytest.mark.parametrize("sent", [["name"], ["name", "count", "more"], ["name", "Count"], []])
def test_other_columns_are_refused(sent: list[str]) -> None:
    columns = dict.fromkeys(sent, "string")
    assert "not those of echo" in refused(TWO, columns, [])
    assert "not those of echo" in refused(TWO, columns, [["a"] * len(sent)])


@pytest.mark.parametrize(
    "rows", [[["a", 1], ["b"]], [["a", 1], ["b", 2, 3]], [["a"]], [["a", 1, 2]], [None], [["a", 1], 5], [[]]]
)
def test_rows_of_another_length_are_refused(rows: list[Any]) -> None:
    told = refused(TWO, TWO, rows)
    assert told.startswith("the answer to echo holds rows of another length than its columns, check ")


def test_what_is_refused_is_told_in_one_short_line() -> None:
    told = refused(TWO, {f"column\n{one}; x": "string" for one in range(500)}, [])
    assert len(told) < 350
    assert len(told.splitlines()) == 1
    assert ";" not in told


def test_objects_become_rows_and_what_is_absent_is_null() -> None:
    assert rows_of([{"b": 1, "a": 2, "c": 3}, {"a": None}], ["a", "b"]) == [[2, 1], [None, None]]


def test_frames_of_several_answers_are_put_together() -> None:
    parts = [
        frame_of(ALL, Answer(columns=ALL, rows=rows), "all")
        for rows in ([], [list(SENT.values())], [[None] * len(SENT)])
    ]
    whole = joined(ALL, parts, "all")
    pd.testing.assert_frame_equal(
        whole, frame_of(ALL, Answer(columns=ALL, rows=[list(SENT.values()), [None] * len(SENT)]), "all")
    )
    for nothing in ([], parts[:1]):
        pd.testing.assert_frame_equal(joined(ALL, nothing, "all"), parts[0])


def test_types_of_the_services_have_names_of_the_kit() -> None:
    sent = {"a": "Boolean", "b": "decimal", "c": "double", "d": "guid", "e": "datetime", "f": ""}
    assert list(plain_columns(sent).values()) == ["bool", "real", "real", "string", "datetime", "string"]


# -- there and back ---------------------------------------------------------------------------------------

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
JSONS = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def moment_text(moment: datetime, digit: int) -> str:
    return f"{moment.isoformat(timespec='microseconds')}{digit}Z"


def span_text(span: timedelta, digit: int) -> str:
    sign, span = ("-", -span) if span < timedelta() else ("", span)
    hours, rest = divmod(span.seconds, 3600)
    days = f"{span.days}." if span.days else ""
    return f"{sign}{days}{hours:02}:{rest // 60:02}:{rest % 60:02}.{span.microseconds:06}{digit}"


def same(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return values.map(lambda one: (one, one))


#: Type → pairs of what is sent and what must come out of it.
PAIRS: Mapping[str, st.SearchStrategy[tuple[Any, Any]]] = {
    "string": same(TEXTS),
    "bool": same(st.booleans()),
    "int": same(st.integers(-(2**31), 2**31 - 1)),
    "long": same(WHOLE) | WHOLE.map(lambda one: (str(one), one)),
    "real": same(st.floats(allow_nan=False, allow_infinity=False)),
    "datetime": st.tuples(st.datetimes(), st.integers(0, 9)).map(
        lambda one: (moment_text(*one), one[0].replace(tzinfo=UTC))
    ),
    "timespan": st.tuples(
        st.timedeltas(timedelta(days=-10_000_000), timedelta(days=10_000_000)), st.integers(0, 9)
    ).map(lambda one: (span_text(*one), one[0])),
    "dynamic": JSONS.map(lambda one: (json.dumps(one), one))
    | same(JSONS.filter(lambda one: not isinstance(one, str))),
}


@FIXED
@given(data=st.data(), types=st.lists(st.sampled_from(list(kql.DTYPES)), min_size=1, max_size=4))
def test_what_was_sent_comes_back(data: st.DataObject, types: list[str]) -> None:
    columns = {f"c{place}": type_ for place, type_ in enumerate(types)}
    nothing = {type_: ((None, "") if type_ == "string" else (None, None)) for type_ in types}
    row = st.tuples(*(st.just(nothing[type_]) | PAIRS[type_] for type_ in types))
    pairs = data.draw(st.lists(row, max_size=6))
    answer = Answer(columns=columns, rows=json.loads(json.dumps([[one[0] for one in row] for row in pairs])))
    frame = frame_of(columns, answer, "all")
    for place, (name, type_) in enumerate(columns.items()):
        assert str(frame[name].dtype) == kql.DTYPES[type_]
        assert plain(frame[name]) == [row[place][1] for row in pairs]


@FIXED
@given(rows=st.lists(JSONS | st.lists(JSONS, max_size=4), max_size=4), types=st.sampled_from(list(ALL)))
def test_anything_else_is_refused_and_nothing_breaks(rows: list[Any], types: str) -> None:
    columns = {types: ALL[types], "other": "string"}
    try:
        told, count = "", len(frame_of(columns, Answer(columns=columns, rows=rows), "all"))
    except Fault as fault:
        told, count = fault.reason, len(rows)
    assert count == len(rows)
    assert len(told.splitlines()) <= 1
