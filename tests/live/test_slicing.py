"""Answers that pass a limit come in slices, and all slices together are the whole answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet import make_fleet
from support.snapshot_rows import answered_once
from support.thinning import one_in
from umdiag.errors import QueryError
from umdiag.kit import Kit
from umdiag.parameters import from_values
from umdiag.queries import kql, slicing
from umdiag.queries.kql import Query
from umdiag.sources.live.answers import Answer
from umdiag.sources.live.faults import Fault, TooLarge
from umdiag.sources.live.gates import Rate
from umdiag.sources.live.manners import Limits, Manners
from umdiag.sources.live.parts import Part, Window
from umdiag.sources.live.workspaces import Workspaces
from umdiag.sources.snapshot import Snapshot

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=30)
LOGS = {query.name: query for query in kql.queries().values() if query.dialect == "logs"}
DIGITS = "0123456789abcdef"
WHERE = "| where TimeGenerated > asked_at - lookback and TimeGenerated <= asked_at"
#: With these every log query has rows.
FAULTS = [
    "workspace_over_quota/daily_cap_reached",
    "assessment_failed/access_denied",
    "service_unreachable/access_denied",
    "run_failed_to_start/machine_off",
    "installed_update_replaced/superseded_after_install",
    "linux_classification_mismatch/no_security_metadata",
    "unexpected_reboot/policy_reboots",
    "update_without_deployment/unknown",
    "machine_stuck_configuring/duplicate_computer_name",
    "machine_stuck_configuring/cloned_image",
    "registered_to_other_account/multi_homed",
]


@dataclass(frozen=True)
class Estate:
    """A small made fleet: its kit, which binds what queries ask for, and its snapshot."""

    kit: Kit
    snapshot: Snapshot
    computer: str

    def bound(self, query: Query) -> str:
        """Return the text that the kit would send."""
        given = {"computer": self.computer} if "computer" in query.parameters else {}
        return self.kit.fact(query.name, **given).text

    def ask(self, query: Query, text: str) -> pd.DataFrame:
        return self.snapshot.fetch(replace(query, text=text), {}).frame


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    folder = tmp_path_factory.mktemp("fleet")
    make_fleet(folder, machines=60, seed=2, days=12, faults=FAULTS, lookalikes=False, heartbeat_minutes=30)
    kit = Kit(from_values({"source": "snapshot", "snapshot": str(folder), "lookback": "12d"}, folder=None))
    snapshot = Snapshot(folder)
    with answered_once():
        assessed = kit.fact("assessments").frame["computer"]
        yield Estate(kit=kit, snapshot=snapshot, computer=assessed[0])
    kit.close()
    snapshot.close()


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows sorted by all their columns: the answer itself has no order."""
    return frame.sort_values(list(frame), ignore_index=True)


def shares(query: Query, text: str, window: Window) -> list[str]:
    """Return the texts of two shares of an answer."""
    if query.slices == "TimeGenerated":
        middle = (window.asked_at - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
        ends = (window.start - timedelta(hours=1), middle, window.asked_at + timedelta(seconds=1))
        return [slicing.within(text, *both) for both in pairwise(ends)]
    return [slicing.sliced(query, text, list(digits)) for digits in ("0123456", "789abcdef")]


# -- every query ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", one_in(3, (pytest.param(query, id=name) for name, query in LOGS.items())))
def test_slices_put_together_are_the_whole_answer(estate: Estate, query: Query) -> None:
    text = estate.bound(query)
    whole = estate.ask(query, text)
    window = Window(asked_at=estate.kit.asked_at, lookback=estate.kit.lookback)
    parts = [estate.ask(query, share) for share in shares(query, text, window)]
    assert len(whole), "nothing is compared"
    pd.testing.assert_frame_equal(in_order(pd.concat(parts)), in_order(whole))


@pytest.mark.parametrize("query", LOGS.values(), ids=list(LOGS))
def test_every_log_query_can_be_sliced(query: Query) -> None:
    assert query.slices, "its answer could not be had where it passes a limit"
    known = kql.tables()["workspace"]
    assert all(query.slices in known[table] for table in query.tables)


@pytest.mark.parametrize("query", LOGS.values(), ids=list(LOGS))
def test_every_table_that_is_read_is_narrowed(query: Query) -> None:
    lines = query.text.splitlines()
    reads = [
        place
        for place, line in enumerate(lines)
        if line in query.tables or line.endswith(tuple(f"= {table}" for table in query.tables))
    ]
    assert reads
    assert all(lines[place + 1].startswith(WHERE) for place in reads)
    assert slicing.sliced(query, query.text, ["0"]).count("hash_md5(" + query.slices) == len(reads)


@pytest.mark.parametrize("query", LOGS.values(), ids=list(LOGS))
def test_slices_are_of_whole_groups(query: Query) -> None:
    """What is grouped by the time may be cut at full hours; all else by a column that every group has."""
    groups = re.findall(r"(?m)^(?:\| summarize .*| {4})\bby (.+)$", query.text)
    assert len(groups) == query.text.count("\n| summarize")
    if query.slices == "TimeGenerated":
        assert all(re.search(r"bin\(TimeGenerated, (?:1h|15m|30m)\)|\bhour\b", one) for one in groups)
    else:
        assert all(query.slices in re.split(r", ", one) for one in groups)


# -- texts ------------------------------------------------------------------------------------------------


def test_condition_follows_the_window_and_nothing_else_changes() -> None:
    text = f"let x = 1;\nHeartbeat\n{WHERE}\n| take 5\n"
    assert slicing.sliced(LOGS["heartbeats"], text, ["a", "b"]) == (
        f"let x = 1;\nHeartbeat\n{WHERE}\n"
        '| where substring(hash_md5(SourceComputerId), 0, 1) in ("a", "b")\n| take 5\n'
    )
    assert slicing.sliced(LOGS["restarts"], text, ["0f3"]).splitlines()[3] == (
        '| where substring(hash_md5(Computer), 0, 3) in ("0f3")'
    )


def test_window_at_the_end_of_a_let_keeps_its_semicolon_last() -> None:
    text = f"let rows = Heartbeat\n{WHERE};\nrows\n"
    start, end = datetime(2024, 3, 8, tzinfo=UTC), datetime(2024, 3, 9, 1, tzinfo=UTC)
    assert slicing.within(text, start, end) == (
        f"let rows = Heartbeat\n{WHERE}\n| where TimeGenerated >= datetime(2024-03-08T00:00:00.000000Z) "
        "and TimeGenerated < datetime(2024-03-09T01:00:00.000000Z);\nrows\n"
    )


def test_bound_value_stays_as_it_is() -> None:
    name = f"a\u2028b\u0085c\x0b{WHERE}"
    text = kql.bind(LOGS["machine_hours"], {"computer": name})
    narrowed = slicing.within(text, datetime(2024, 3, 8, tzinfo=UTC), datetime(2024, 3, 9, tzinfo=UTC))
    added = [line for line in narrowed.split("\n") if line.startswith("| where TimeGenerated >= ")]
    assert len(added) == 1
    assert narrowed.replace(added[0] + "\n", "") == text


def test_text_without_a_window_is_refused() -> None:
    for text in ("Heartbeat\n| take 5\n", f"Heartbeat // {WHERE}\n"):
        with pytest.raises(QueryError, match="cannot be cut into slices"):
            slicing.sliced(LOGS["heartbeats"], text, ["0"])


# -- over a limit -----------------------------------------------------------------------------------------

NAME = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/law"
TIMES = re.compile(r"TimeGenerated >= datetime\((\S+)\) and TimeGenerated < datetime\((\S+)\)")
HASTY = Limits(log_rate=Rate(requests=100_000, seconds=1))
Ask = Callable[[str], Answer]


class Limited:
    """A workspace that answers from what it is given and sends so many rows at a time at most."""

    def __init__(self, answer: Ask, most: int) -> None:
        self.texts: list[str] = []
        self._answer = answer
        self._most = most

    def ask(self, workspace: str, customer_id: str, text: str, *, left: float) -> Answer:
        self.texts.append(text)
        answer = self._answer(text)
        if len(answer.rows) > self._most:
            raise TooLarge("limit", columns=answer.columns, rows=answer.rows[: self._most])
        return answer

    def close(self) -> None:
        pass


def answered(api: Limited, query: Query, text: str, window: Window) -> Part:
    workspaces = Workspaces(api, (NAME,), Manners(HASTY), lambda _: "")
    try:
        return workspaces.ask(query, text, window)[NAME]
    finally:
        workspaces.close()


def events(query: Query, window: Window, moments: Sequence[datetime]) -> Ask:
    """Answer with one row for each moment in the window and in the slice that a text asks for."""

    def answer(text: str) -> Answer:
        start, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        if asked := TIMES.search(text):
            start, end = map(datetime.fromisoformat, asked.groups())
        within = [one for one in moments if window.start < one <= window.asked_at and start <= one < end]
        columns = query.columns
        rows = [[one.isoformat() if name == "happened" else "x" for name in columns] for one in within]
        return Answer(columns=columns, rows=rows)

    return answer


def ids(query: Query, names: Sequence[str]) -> Ask:
    """Answer with one row for each agent whose hash begins as a text asks."""

    def answer(text: str) -> Answer:
        asked = re.search(r'in \("(\w+)"\)', text)
        chosen = [one for one in names if md5(one.encode()).hexdigest().startswith(asked[1] if asked else "")]
        columns = query.columns
        rows = [[one if name == "source_computer_id" else None for name in columns] for one in chosen]
        return Answer(columns=columns, rows=rows)

    return answer


WINDOW = Window(asked_at=datetime(2024, 3, 8, 10, 20, 30, tzinfo=UTC), lookback=timedelta(days=3))


@FIXED
@given(
    asked_at=st.datetimes(datetime(2024, 3, 8), datetime(2024, 3, 9)),
    lookback=st.timedeltas(timedelta(minutes=1), timedelta(days=40)),
    places=st.lists(st.integers(0, 1000).map(lambda one: one / 1000), max_size=20),
    most=st.integers(1, 5),
)
def test_every_moment_of_the_window_comes_exactly_once(
    asked_at: datetime, lookback: timedelta, places: list[float], most: int
) -> None:
    query, window = LOGS["operation_events"], Window(asked_at=asked_at.replace(tzinfo=UTC), lookback=lookback)
    inside = [window.start + max(timedelta(microseconds=1), lookback * place) for place in places]
    moments = {*inside, window.asked_at, window.start, window.asked_at + timedelta(seconds=1)}
    expected = sorted(one for one in moments if window.start < one <= window.asked_at)
    part = answered(Limited(events(query, window, sorted(moments)), most), query, query.text, window)
    found = sorted(part.frame["happened"]) if part.frame is not None else []
    assert sorted(set(found)) == found, "a moment came twice"
    if not part.cut:  # several in one hour may still be too many
        assert found == expected


def test_rows_of_the_last_partial_hour_come_too() -> None:
    query = LOGS["operation_events"]
    moments = [WINDOW.asked_at - timedelta(minutes=10 * one) for one in range(3 * 24 * 6)]
    part = answered(Limited(events(query, WINDOW, moments), 100), query, query.text, WINDOW)
    assert (part.cut, part.fault) == ("", None)
    assert part.frame is not None
    assert sorted(part.frame["happened"]) == sorted(moments)


def test_slices_that_are_too_large_are_sliced_again() -> None:
    query, names = LOGS["heartbeats"], [f"agent-{one}" for one in range(800)]
    api = Limited(ids(query, names), 30)
    part = answered(api, query, query.text, WINDOW)
    assert part.cut == ""
    assert part.frame is not None
    assert sorted(part.frame["source_computer_id"]) == sorted(names)
    assert len(api.texts) == 1 + 16 + 256


def test_answer_under_the_limit_is_asked_for_once() -> None:
    query = LOGS["heartbeats"]
    api = Limited(ids(query, ["a", "b"]), 60)
    part = answered(api, query, query.text, WINDOW)
    assert api.texts == [query.text]
    assert part.frame is not None
    assert sorted(part.frame["source_computer_id"]) == ["a", "b"]


def test_slice_that_stays_too_large_is_partial_and_says_so() -> None:
    query = LOGS["heartbeats"]
    part = answered(Limited(ids(query, ["same"] * 9 + ["other"]), 4), query, query.text, WINDOW)
    assert part.frame is not None
    assert sorted(part.frame["source_computer_id"]) == ["other", *["same"] * 4]
    assert part.cut.startswith("the answer exceeds a limit of the service (limit), ")


def test_share_that_is_as_large_as_the_whole_is_cut_once_only() -> None:
    query = LOGS["heartbeats"]
    api = Limited(ids(query, ["same"] * 9), 4)
    part = answered(api, query, query.text, WINDOW)
    assert part.cut.startswith("the answer exceeds a limit")
    assert part.frame is not None
    assert len(part.frame) == 4
    assert len(api.texts) == 1 + 16


@pytest.mark.parametrize("name", ["heartbeats", "operation_events"])
def test_slices_that_are_refused_like_the_whole_are_not_cut_again(name: str) -> None:
    def refused(text: str) -> Answer:
        raise TooLarge("limit")

    api = Limited(refused, 1)
    part = answered(api, LOGS[name], LOGS[name].text, WINDOW)
    assert part.cut.startswith("the answer exceeds a limit")
    assert len(api.texts) == 1 + 16


@pytest.mark.parametrize("lookback", [timedelta(hours=3), timedelta(days=1), timedelta(days=14)])
def test_no_slice_of_time_is_shorter_than_an_hour_and_none_is_asked_for_twice(lookback: timedelta) -> None:
    query, window = LOGS["operation_events"], replace(WINDOW, lookback=lookback)
    burst = [WINDOW.asked_at - timedelta(seconds=one) for one in range(900)]
    api = Limited(events(query, window, burst), 10)
    part = answered(api, query, query.text, window)
    spans = [
        tuple(map(datetime.fromisoformat, asked.groups())) for asked in map(TIMES.search, api.texts) if asked
    ]
    assert part.cut
    assert len(set(spans)) == len(spans) == len(api.texts) - 1
    assert all(end - start >= timedelta(hours=1) for start, end in spans)
    assert len(spans) <= 16 * 3


def test_slices_of_one_answer_are_bounded() -> None:
    query = LOGS["heartbeats"]
    api = Limited(ids(query, [f"agent-{one}" for one in range(6000)]), 1)
    part = answered(api, query, query.text, WINDOW)
    assert part.cut
    assert len(api.texts) <= 513


def test_query_without_slices_is_partial_at_once() -> None:
    query = replace(LOGS["heartbeats"], slices="")
    api = Limited(ids(query, ["a", "b", "c"]), 2)
    part = answered(api, query, query.text, WINDOW)
    assert part.cut.startswith("the answer exceeds a limit")
    assert len(api.texts) == 1
    assert part.frame is not None
    assert len(part.frame) == 2


def test_slice_that_fails_leaves_no_answer_that_seems_whole() -> None:
    query = LOGS["heartbeats"]
    answer = ids(query, [f"agent-{one}" for one in range(200)])

    def failing(text: str) -> Answer:
        if 'in ("7")' in text:
            raise Fault("refused")
        return answer(text)

    part = answered(Limited(failing, 60), query, query.text, WINDOW)
    assert part.frame is None or part.cut
    assert part.fault is not None or part.cut
