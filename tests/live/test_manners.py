"""How many requests at once, how often, how long, and when again: on a clock of the tests' own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umdiag.queries import kql
from umdiag.sources.live import gates, manners
from umdiag.sources.live.azure import Azure
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.gates import Bucket, Gate, Rate
from umdiag.sources.live.manners import Limits, Manners

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=60)
#: Seconds that a thread of a test may take at most, however busy the machine.
PATIENCE = 10


class Clock:
    """A clock that only waiting moves; takes the place of the time and of the event that ends waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.stopped = False

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self.stopped

    def is_set(self) -> bool:
        return self.stopped

    def set(self) -> None:
        self.stopped = True


@contextmanager
def ticking() -> Iterator[Clock]:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        for module in (manners, gates):
            patch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
        yield clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    with ticking() as made:
        yield made


def mannered(clock: Clock, **limits: Any) -> Manners:
    made = Manners(Limits(**limits))
    made._stopped = clock  # type: ignore[assignment]
    return made


def failing(times: int, **fault: Any) -> tuple[list[float], Callable[[float], str]]:
    """Return the list of seconds left at each attempt, and work that fails so many times."""
    left: list[float] = []

    def work(seconds: float) -> str:
        left.append(seconds)
        if len(left) <= times:
            raise Fault(f"attempt {len(left)} failed", **fault)
        return "answer"

    return left, work


def waited_for(_: float) -> None:
    raise AssertionError("there is nothing to wait for")


# -- gates ------------------------------------------------------------------------------------------------


def test_gate_lets_as_many_in_as_it_has_places_and_no_more() -> None:
    gate, together, lock = Gate(3), threading.Barrier(3), threading.Lock()
    inside, most = 0, 0

    def pass_through(_: int) -> None:
        nonlocal inside, most
        with gate.entered(lambda _: None):
            with lock:
                inside += 1
                most = max(most, inside)
            together.wait(PATIENCE)  # breaks unless three are in at the same time
            with lock:
                inside -= 1

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(pass_through, range(9)))
    assert most == 3


def test_place_is_given_back_after_a_failure() -> None:
    gate = Gate(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gate.entered(waited_for):
            raise ZeroDivisionError


@FIXED
@given(
    requests=st.integers(1, 4),
    seconds=st.integers(1, 8),
    gaps=st.lists(st.integers(0, 20).map(lambda eighths: eighths / 8), min_size=1, max_size=40),
)
def test_no_span_holds_more_requests_than_the_rate(requests: int, seconds: int, gaps: list[float]) -> None:
    with ticking() as clock:
        gate, begun = Gate(10, Rate(requests=requests, seconds=seconds)), []
        for gap in gaps:
            clock.now += gap
            came = clock.now
            with gate.entered(clock.wait):
                begun.append(clock.now)
            recent = [one for one in begun[:-1] if one > came - seconds]
            assert begun[-1] == came or len(recent) >= requests, "waited without need"
        for first, later in zip(begun, begun[requests:], strict=False):
            assert later - first >= seconds


def test_bucket_gives_what_it_holds_at_once_and_then_as_fast_as_it_fills(clock: Clock) -> None:
    gate, begun = Gate(10, Bucket(requests=20, a_second=5)), []
    for _ in range(40):
        with gate.entered(clock.wait):
            begun.append(clock.now - 1000)
    assert begun[:20] == [0] * 20
    assert begun[-1] == pytest.approx(20 / 5)
    clock.now += 100
    with gate.entered(waited_for):
        pass


def test_first_request_goes_alone_and_those_after_it_together() -> None:
    gate, inside, lock = Gate(3, first_alone=True), [0], threading.Lock()
    together, first, most = threading.Barrier(3), threading.Event(), []

    def pass_through(number: int) -> None:
        with gate.entered(lambda _: None):
            with lock:
                inside[0] += 1
                most.append(inside[0])
                alone = not first.is_set()
                first.set()
            if alone:
                time.sleep(0.05)
            else:
                together.wait(PATIENCE)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pass_through, range(4)))
    assert most[0] == most[1] == 1
    assert max(most) == 3


@pytest.mark.parametrize(
    ("closed_by", "status", "closed"),
    [("waits", 503, True), ("throttling", 503, False), ("throttling", 429, True), ("nothing", 429, False)],
)
def test_gate_hears_what_is_meant_for_it(clock: Clock, closed_by: Any, status: int, closed: bool) -> None:
    gate = Gate(2, closed_by=closed_by)
    _, work = failing(1, again=True, after=7, attempts=1, status=status)
    with pytest.raises(Fault, match="attempt 1"):
        mannered(clock).carry_out(work, gate)
    with gate.entered(clock.wait):
        assert clock.now == (1007 if closed else 1000)


def test_proxy_that_refuses_is_asked_once(clock: Clock) -> None:
    calm = mannered(clock)
    left, work = failing(9, status=407)
    with pytest.raises(Fault, match="attempt 1"):
        calm.carry_out(work, Gate(1))
    with pytest.raises(Fault, match="attempt 1"):
        calm.carry_out(work, Gate(1))
    assert len(left) == 1


def test_rate_holds_for_all_threads_together() -> None:
    gate, span = Gate(10, Rate(requests=4, seconds=0.1)), 0.1

    def pass_through(_: int) -> None:
        with gate.entered(time.sleep):
            pass

    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pass_through, range(13)))
    assert time.monotonic() - start >= 3 * span


def test_closed_gate_lets_nobody_in_until_the_time_is_over(clock: Clock) -> None:
    gate = Gate(2)
    gate.close(30)
    gate.close(5)  # a shorter pause does not open it
    with gate.entered(clock.wait):
        assert clock.now == 1030
    with gate.entered(clock.wait):
        assert clock.now == 1030


def test_gate_closed_while_somebody_waits_for_the_rate_holds_him_too(clock: Clock) -> None:
    gate = Gate(2, Rate(requests=1, seconds=10))

    def wait(seconds: float) -> None:
        if not clock.waits:
            gate.close(60)
        clock.wait(seconds)

    with gate.entered(wait):
        pass
    with gate.entered(wait):
        assert clock.now == 1060


def test_service_that_asks_to_wait_closes_the_gate_for_everybody(clock: Clock) -> None:
    gate, calm = Gate(2), mannered(clock)
    _, work = failing(1, again=True, after=7, attempts=1)
    with pytest.raises(Fault, match="attempt 1"):
        calm.carry_out(work, gate)
    with gate.entered(clock.wait):
        assert clock.now == 1007


@pytest.mark.parametrize("fault", [{"again": False, "after": 7.0}, {"again": True}])
def test_other_faults_leave_the_gate_open(clock: Clock, fault: dict[str, Any]) -> None:
    gate, calm = Gate(2), mannered(clock)
    _, work = failing(1, attempts=1, **fault)
    with pytest.raises(Fault, match="attempt 1"):
        calm.carry_out(work, gate)
    with gate.entered(clock.wait):
        assert clock.now == 1000


# -- again ------------------------------------------------------------------------------------------------


def test_answer_comes_back_at_once(clock: Clock) -> None:
    left, work = failing(0)
    assert mannered(clock, query=600).carry_out(work, Gate(1)) == "answer"
    assert (left, clock.waits) == ([600], [])


def test_what_may_pass_is_tried_again_until_it_does(clock: Clock) -> None:
    left, work = failing(4, again=True)
    assert mannered(clock, attempts=6).carry_out(work, Gate(1)) == "answer"
    assert len(left) == 5


def test_what_cannot_pass_is_tried_once(clock: Clock) -> None:
    left, work = failing(9)
    with pytest.raises(Fault, match="attempt 1"):
        mannered(clock).carry_out(work)
    assert len(left) == 1


def test_error_of_our_own_is_not_tried_again(clock: Clock) -> None:
    calls: list[float] = []

    def work(left: float) -> None:
        calls.append(left)
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        mannered(clock).carry_out(work, Gate(1))
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("limit", "fault", "expected"), [(4, {}, 4), (4, {"attempts": 2}, 2), (4, {"attempts": 9}, 4)]
)
def test_attempts_are_counted_and_the_last_fault_is_told(
    clock: Clock, limit: int, fault: dict[str, Any], expected: int
) -> None:
    left, work = failing(99, again=True, **fault)
    with pytest.raises(Fault, match=f"attempt {expected} failed"):
        mannered(clock, attempts=limit).carry_out(work)
    assert len(left) == expected


def test_wait_is_at_least_what_the_service_asks_for_and_spread(clock: Clock) -> None:
    for _ in range(10):
        _, work = failing(5, again=True, after=20)
        mannered(clock, first_wait=2).carry_out(work, Gate(1))
    assert len(clock.waits) == 50
    assert all(20 <= seconds <= 22 for seconds in clock.waits)
    for attempt in range(5):
        assert len(set(clock.waits[attempt::5])) > 5, "everybody would come back in the same instant"


def test_wait_of_nothing_is_none(clock: Clock) -> None:
    _, work = failing(1, again=True, after=0, attempts=2)
    mannered(clock).carry_out(work, Gate(1))
    assert sum(clock.waits) == 0


def test_waits_are_spread_and_grow_up_to_the_longest(clock: Clock) -> None:
    for _ in range(30):
        _, work = failing(9, again=True)
        mannered(clock, attempts=10, first_wait=1, longest_wait=30, query=9999, report=99999).carry_out(work)
    for attempt in range(9):
        waits = clock.waits[attempt::9]
        assert all(0 <= seconds <= min(30, 2**attempt) for seconds in waits)
        assert len(set(waits)) > 20, "everybody would come back in the same instant"
    assert max(clock.waits[5::9]) > 8


# -- budgets ----------------------------------------------------------------------------------------------


def test_all_attempts_share_the_time_of_a_query(clock: Clock) -> None:
    left, work = failing(2, again=True, after=200)
    mannered(clock, query=600).carry_out(work, Gate(1))
    assert left[0] == 600
    assert all(200 <= more - less <= 201 for more, less in pairwise(left))


def test_wait_that_would_outlast_the_query_is_not_begun(clock: Clock) -> None:
    left, work = failing(9, again=True, after=700)
    with pytest.raises(Fault, match="attempt 1"):
        mannered(clock, query=600).carry_out(work, Gate(1))
    assert (len(left), clock.waits) == (1, [])


def test_attempt_that_used_up_the_time_is_the_last(clock: Clock) -> None:
    calls: list[float] = []

    def work(left: float) -> None:
        calls.append(left)
        clock.now += left
        raise Fault("did not answer in time", again=True)

    with pytest.raises(Fault, match="in time"):
        mannered(clock, query=600).carry_out(work)
    assert calls == [600]


def test_time_of_a_query_begins_with_its_first_attempt(clock: Clock) -> None:
    gate = Gate(1)
    gate.close(1000)
    left, work = failing(0)
    mannered(clock, query=600, report=3600).carry_out(work, gate)
    assert (left, clock.now) == ([600], 2000)


def test_waiting_for_others_before_a_later_attempt_counts(clock: Clock) -> None:
    gate, calls = Gate(1), []

    def work(left: float) -> None:
        calls.append(left)
        gate.close(5000)
        raise Fault("passing", again=True)

    with pytest.raises(Fault, match="no answer within 10 minutes, shorten lookback"):
        mannered(clock, query=600, report=36000).carry_out(work, gate)
    assert (len(calls), clock.now) == (1, 1600)


def test_time_of_the_report_bounds_every_query(clock: Clock) -> None:
    calm = mannered(clock, query=600, report=900)
    clock.now += 800
    left, work = failing(0)
    calm.carry_out(work)
    assert left == [100]


def test_nothing_is_sent_when_the_time_of_the_report_is_over(clock: Clock) -> None:
    calm = mannered(clock, report=900)
    clock.now += 900
    left, work = failing(0)
    with pytest.raises(Fault, match=r"the whole run \(15 minutes\) is used up, shorten lookback"):
        calm.carry_out(work, Gate(1))
    assert left == []


def test_closed_gate_is_waited_for_no_longer_than_the_report_may_take(clock: Clock) -> None:
    gate = Gate(1)
    gate.close(99999)
    left, work = failing(0)
    with pytest.raises(Fault, match="the whole run"):
        mannered(clock, report=900).carry_out(work, gate)
    assert (left, clock.now) == ([], 1900)


@pytest.mark.parametrize(("query", "seconds"), [(600, 120), (60, 60)])
def test_gate_is_closed_for_a_sensible_time_whatever_is_asked(
    clock: Clock, query: float, seconds: float
) -> None:
    gate = Gate(1)
    _, work = failing(1, again=True, after=99999)
    with pytest.raises(Fault, match="attempt 1"):
        mannered(clock, query=query).carry_out(work, gate)
    with gate.entered(clock.wait):
        assert clock.now == 1000 + seconds


@FIXED
@given(
    spent=st.lists(st.integers(0, 400), max_size=8),
    after=st.none() | st.integers(0, 900),
    query=st.integers(1, 700),
    report=st.integers(1, 900),
)
def test_no_attempt_begins_after_its_time(
    spent: list[int], after: int | None, query: int, report: int
) -> None:
    with ticking() as clock:
        calm, gate, begun = mannered(clock, query=query, report=report), Gate(1), []

        def work(left: float) -> str:
            begun.append((clock.now, left))
            assert left > 0
            if len(begun) > len(spent):
                return "answer"
            clock.now += spent[len(begun) - 1]
            raise Fault("passing", again=True, after=after)

        try:
            answer = calm.carry_out(work, gate)
        except Fault:
            answer = ""
        assert answer == "answer" or spent
        assert len(begun) <= calm.limits.attempts
        for moment, left in begun:
            assert moment + left == pytest.approx(1000 + min(query, report))


# -- stopping ---------------------------------------------------------------------------------------------


def stopped_while(calm: Manners, work: Callable[[float], Any], *gates: Gate, begun: threading.Event) -> Fault:
    """Return what a request in a thread of its own ends with when it is stopped while it waits."""
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(calm.carry_out, work, *gates)
        assert begun.wait(PATIENCE)
        assert not request.done()
        calm.stop()
        error = request.exception(PATIENCE)
    assert isinstance(error, Fault)
    assert not error.again
    return error


def noticed(begun: threading.Event, gate: Gate) -> Gate:
    """Make a gate tell that somebody stands before it."""
    entered = gate.entered

    def telling(wait: Callable[[float], None]) -> Any:
        begun.set()
        return entered(wait)

    gate.entered = telling  # type: ignore[method-assign]
    return gate


def test_stop_ends_the_wait_for_another_attempt() -> None:
    begun = threading.Event()

    def work(_: float) -> None:
        begun.set()
        raise Fault("passing", again=True, after=300)

    assert "interrupted" in stopped_while(Manners(Limits()), work, begun=begun).reason


def test_stop_ends_the_wait_before_a_closed_gate() -> None:
    begun, calls = threading.Event(), []
    gate = Gate(1)
    gate.close(300)
    fault = stopped_while(Manners(Limits()), calls.append, noticed(begun, gate), begun=begun)
    assert "interrupted" in fault.reason
    assert calls == []


def test_stop_ends_the_wait_before_a_full_gate() -> None:
    begun, calls = threading.Event(), []
    gate = Gate(1)
    with gate.entered(time.sleep):
        fault = stopped_while(Manners(Limits()), calls.append, noticed(begun, gate), begun=begun)
    assert "interrupted" in fault.reason
    assert calls == []


def test_stop_ends_the_wait_for_the_rate() -> None:
    begun, calls = threading.Event(), []
    gate = Gate(2, Rate(requests=1, seconds=300))
    with gate.entered(time.sleep):
        pass
    fault = stopped_while(Manners(Limits()), calls.append, noticed(begun, gate), begun=begun)
    assert "interrupted" in fault.reason
    assert calls == []


def test_nothing_is_sent_after_a_stop(clock: Clock) -> None:
    calm = mannered(clock)
    calm.stop()
    left, work = failing(0)
    with pytest.raises(Fault, match="interrupted"):
        calm.carry_out(work, Gate(1))
    assert left == []


def test_documented_limits_of_the_services_are_the_defaults() -> None:
    limits = Limits()
    assert limits.queries_per_workspace <= 5
    assert limits.log_rate == Rate(requests=200, seconds=30)
    assert limits.graph_rate == Rate(requests=15, seconds=5)
    assert limits.management_bucket.requests <= 250
    assert limits.management_bucket.a_second <= 25


def test_every_query_of_the_package_has_a_thread() -> None:
    """One that is filled from others holds its thread until they have answered."""
    assert len(kql.queries()) <= Limits().fetch_threads == Azure.parallel
