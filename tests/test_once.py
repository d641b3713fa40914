from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from umdiag.words.once import Once

PATIENCE = 10


def test_many_threads_share_one_piece_of_work() -> None:
    once, together, calls = Once(), threading.Barrier(16), []

    def ask(number: int) -> int:
        together.wait(PATIENCE)

        def work() -> int:
            calls.append(number)
            return number

        return once.do("key", work)

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(ask, range(16)))
    assert len(calls) == 1
    assert answers == set(calls)


def test_whoever_asks_meanwhile_waits_for_the_first() -> None:
    once, begun, goes_on = Once(), threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert goes_on.wait(PATIENCE)
        return "first"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.do, "key", work)
        assert begun.wait(PATIENCE)
        second = pool.submit(once.do, "key", lambda: "second")
        assert once.known() == {}
        assert not second.done()
        goes_on.set()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == ("first", "first")


def test_work_under_way_holds_up_no_other_key() -> None:
    once, goes_on = Once(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(once.do, "slow", lambda: goes_on.wait(PATIENCE))
        assert once.do("quick", lambda: 5) == 5
        goes_on.set()
        assert slow.result(PATIENCE)


def test_work_may_ask_for_other_work() -> None:
    once = Once()
    assert once.do("outer", lambda: once.do("inner", lambda: 2) + 1) == 3
    assert once.known() == {"inner": 2, "outer": 3}


def test_none_is_an_answer_too() -> None:
    once, calls = Once(), []
    for _ in range(3):
        assert once.do("key", lambda: calls.append(1)) is None
    assert calls == [1]


def test_interruption_is_not_remembered() -> None:
    once = Once()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once.do("key", interrupted)
    assert once.do("key", lambda: 1) == 1


def test_error_is_remembered_and_reaches_everybody() -> None:
    error = ValueError("no")
    once, calls = Once(), []

    def work() -> None:
        calls.append(1)
        raise error

    for _ in range(3):
        with pytest.raises(type(error)) as raised:
            once.do("key", work)
        assert raised.value is error
    assert calls == [1]


def test_known_is_what_succeeded() -> None:
    once = Once()
    once.do(("a", 1), lambda: "one")
    with pytest.raises(ZeroDivisionError):
        once.do(("b", 2), lambda: 1 // 0)
    assert once.known() == {("a", 1): "one"}
