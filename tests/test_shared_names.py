"""Which computer names stand for more than one identity."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umdiag.frames import shared_assessments, shared_names

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=40)
Pair = tuple[str, str, str]


def told(pairs: list[Pair]) -> pd.DataFrame:
    """Make rows of (agent's id, computer, workspace), each with a column more than is needed."""
    frame = pd.DataFrame(pairs, columns=["source_computer_id", "computer", "workspace_id"], dtype="str")
    return frame.assign(os_type="Linux")


def names(pairs: list[Pair]) -> list[str]:
    frame = shared_assessments.derive(told(pairs))
    assert list(frame) == ["name"]
    assert str(frame["name"].dtype) == "str"
    return list(frame["name"])


def heard(pairs: list[Pair]) -> list[str]:
    return list(shared_names.derive(told(pairs))["name"])


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([("1", "web", "w"), ("2", "db", "w")], [], id="every name has an id of its own"),
        pytest.param([("1", "web", "w")] * 3, [], id="the same three times"),
        pytest.param([("1", "web", "w"), ("2", "web", "w"), ("3", "db", "w")], ["web"], id="two ids"),
        pytest.param([("1", "web", "w"), ("1", "db", "w")], ["db", "web"], id="two names of one id"),
        pytest.param([("1", "WEB", "w"), ("1", "web", "w")], ["web"], id="two spellings"),
        pytest.param([("1", "web", "w"), ("1", "web", "v")], ["web"], id="two workspaces"),
        pytest.param([("ab", "web", "w"), ("AB", "db", "w")], ["db", "web"], id="one id, spelt twice"),
        pytest.param([("1", "web.a.b", "w"), ("2", "web", "w")], [], id="a short and a long name"),
        pytest.param(
            [("1", "a", "w"), ("1", "b", "w"), ("2", "b", "w"), ("2", "c", "w"), ("3", "d", "w")],
            ["a", "b", "c"],
            id="a chain of names and ids",
        ),
    ],
)
def test_names_that_share_are_listed_folded_and_sorted(pairs: list[Pair], expected: list[str]) -> None:
    assert names(pairs) == heard(pairs) == expected


@pytest.mark.parametrize(
    ("pairs", "assessed", "heartbeats"),
    [
        pytest.param([("", "web", "w"), ("", "db", "w")], [], [], id="no id is shared by nobody"),
        pytest.param([("", "web", "w"), ("1", "web", "w")], ["web"], [], id="with and without an id"),
        pytest.param([("", "web", "w"), ("", "WEB", "w")], ["web"], [], id="two spellings without an id"),
        pytest.param([("", "web", "w"), ("1", "web", "w"), ("2", "web", "w")], ["web"], ["web"], id="both"),
    ],
)
def test_heartbeats_without_an_id_do_not_count(
    pairs: list[Pair], assessed: list[str], heartbeats: list[str]
) -> None:
    assert (names(pairs), heard(pairs)) == (assessed, heartbeats)


PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["", "1", "2", "a", "A"]),
        st.sampled_from(["web", "WEB", "db", "Straße", "x.y"]),
        st.sampled_from(["w", "v"]),
    ),
    max_size=12,
)


def sharing(pairs: list[Pair]) -> list[str]:
    """Return what must be listed, pair by pair."""
    found = set()
    for one in pairs:
        for other in pairs:
            same_name = one[1].lower() == other[1].lower() and one != other
            same_agent = one[0].lower() == other[0].lower() != "" and one[1].lower() != other[1].lower()
            if same_name or same_agent:
                found.add(one[1].lower())
    return sorted(found)


@FIXED
@given(pairs=PAIRS)
def test_a_name_is_listed_exactly_if_it_shares_with_another(pairs: list[Pair]) -> None:
    assert names(pairs) == sharing(pairs)
    assert heard(pairs) == sharing([one for one in pairs if one[0]])


@FIXED
@given(pairs=PAIRS, order=st.randoms(use_true_random=False))
def test_order_and_repetition_of_rows_change_nothing(pairs: list[Pair], order: object) -> None:
    mixed = pairs + pairs
    order.shuffle(mixed)  # type: ignore[attr-defined]
    assert names(mixed) == names(pairs)


def test_rows_that_came_are_left_as_they_are() -> None:
    rows = told([("1", "WEB", "w"), ("", "web", "w")])
    before = rows.copy()
    shared_names.derive(rows)
    shared_assessments.derive(rows)
    pd.testing.assert_frame_equal(rows, before)
