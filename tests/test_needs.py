"""Read needs from signatures, and order queries by what fills their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from umdiag.errors import QueryError
from umdiag.judging import needs
from umdiag.queries import kql

Make = Callable[..., None]


def query(name: str, *fillings: str, columns: str = "key:string, value:long") -> kql.Query:
    """Make a query with one parameter filled from each datum.column."""
    header = f"// Title: t\n// Answers: a\n// Columns: {columns}\n// Source: s\n"
    lines = [f"let p{place} = dynamic([]); // parameter from {one}" for place, one in enumerate(fillings)]
    return kql.read(name, "logs", header + "\n".join([*lines, "Heartbeat"]))


def forget() -> None:
    for one in (needs.needs, needs._order, needs.queries_behind, needs.required_behind):
        one.cache_clear()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Put queries (and frames) in the place of the package's own."""

    def put(*queries: kql.Query, **frames: Callable[..., Any]) -> None:
        made: Mapping[str, kql.Query] = {one.name: one for one in queries}
        monkeypatch.setattr(needs, "kql", SimpleNamespace(queries=lambda: made))
        monkeypatch.setattr(needs, "frame_functions", lambda: frames)
        forget()

    yield put
    monkeypatch.undo()
    forget()


# -- signatures -------------------------------------------------------------------------------------------


def test_signature_says_data_parameters_and_what_may_be_missing(make: Make) -> None:
    make(query("one"), query("two"))

    def judge(one: pd.DataFrame, two: pd.DataFrame | None, *, lookback: str, run: str | None) -> None: ...

    found = [(need.name, need.is_data, need.optional) for need in needs.needs(judge)]
    assert found == [
        ("one", True, False),
        ("two", True, True),
        ("lookback", False, False),
        ("run", False, False),
    ]


def test_data_that_nobody_provides_is_refused(make: Make) -> None:
    make(query("one"))

    def judge(one: pd.DataFrame, other: pd.DataFrame) -> None: ...

    with pytest.raises(QueryError, match="asks for other: no query and no frame of that name"):
        needs.needs(judge)


def test_queries_are_found_through_frames_and_filled_parameters(make: Make) -> None:
    def rows(two: pd.DataFrame) -> None: ...
    def judge(rows: pd.DataFrame, *, lookback: str) -> None: ...

    make(query("one"), query("two", "one.key"), query("three"), rows=rows)
    assert needs.queries_of(judge) == {"one", "two"}


# -- order ------------------------------------------------------------------------------------------------


def test_what_fills_a_parameter_comes_first(make: Make) -> None:
    make(query("a", "b.key"), query("b", "c.key", "d.value"), query("c", "d.key"), query("d"))
    assert needs.in_order(["a", "b", "c", "d"]) == ["d", "c", "b", "a"]
    assert needs.in_order({"a", "c"}) == ["c", "a"]


def test_what_fills_through_a_frame_comes_first(make: Make) -> None:
    def middle(z: pd.DataFrame) -> None: ...

    make(query("a", "middle.any"), query("z"), middle=middle)
    assert needs.in_order(["a", "z"]) == ["z", "a"]
    assert needs.in_order(["a"]) == ["a"]


def test_every_query_comes_once_and_strangers_not_at_all(make: Make) -> None:
    make(query("a", "b.key"), query("b"))
    assert needs.in_order(["a", "b", "a", "stranger"]) == ["b", "a"]


@pytest.mark.parametrize("filling", ["nothing.key", "b.other", "b.Key"])
def test_unknown_filling_is_refused_by_name(make: Make, filling: str) -> None:
    make(query("a", "b.key", filling), query("b"))
    with pytest.raises(QueryError, match=f"a.kql: there is no {filling} to fill p1 from"):
        needs.in_order(["a"])


def test_loop_is_refused_and_told(make: Make) -> None:
    make(query("a", "b.key"), query("b", "c.key"), query("c", "a.key"), query("d"))
    with pytest.raises(QueryError, match=r"queries wait for each other: (?=.*a)(?=.*b)(?=.*c).*→"):
        needs.in_order(["d"])


def test_query_filled_from_itself_is_refused(make: Make) -> None:
    make(query("a", "a.key"))
    with pytest.raises(QueryError, match="wait for each other: a → a"):
        needs.in_order(["a"])


def test_loop_through_a_frame_is_refused(make: Make) -> None:
    def middle(a: pd.DataFrame) -> None: ...
    def judge(a: pd.DataFrame) -> None: ...

    make(query("a", "middle.any"), middle=middle)
    with pytest.raises(QueryError, match="wait for each other"):
        needs.in_order(["a"])
    with pytest.raises(QueryError, match="wait for each other"):
        needs.queries_of(judge)


def test_queries_of_the_package_come_after_all_they_are_filled_from() -> None:
    order = needs.in_order(kql.queries())
    assert sorted(order) == sorted(kql.queries())
    for earlier, later in combinations(order, 2):
        assert later not in needs.queries_behind(earlier), f"{earlier} is filled from {later}"
