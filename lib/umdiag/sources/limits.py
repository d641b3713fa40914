"""What ends a question before it is answered: its time is over, somebody pressed Ctrl-C, the disk is full."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import duckdb

from umdiag.errors import QueryError
from umdiag.words.durations import write_duration

T = TypeVar("T")


def in_time(
    work: Callable[[], T], time_limit: timedelta | None, stop: Callable[[int], None] = lambda thread: None
) -> T:
    """Return what `work` returns, done in a thread of its own: who waits here can be interrupted at once.

    Then, and when the time is over (None: never), `stop` is told the thread's number; nobody waits for it.
    Raises QueryError once the time is over.
    """
    done: Future[T] = Future()
    thread = threading.Thread(target=_settle, args=[done, work], name="question", daemon=True)
    thread.start()
    try:
        return done.result(None if time_limit is None else time_limit.total_seconds())
    except TimeoutError:
        stop(thread.ident or 0)
        limit = write_duration(time_limit or timedelta())
        said = f"query: no answer within {limit}; shorten the window or set a longer limit"
        raise QueryError(said) from None
    except KeyboardInterrupt:
        stop(thread.ident or 0)
        raise


def _settle(done: Future[T], work: Callable[[], T]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again by who waits
        done.set_exception(error)


@contextmanager
def endings_named() -> Iterator[None]:
    """Raise a full disk and Ctrl-C as Python does; the engine has an error of its own for each."""
    try:
        yield
    except duckdb.IOException as error:
        if "No space left" in str(error):  # no error number comes along
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
