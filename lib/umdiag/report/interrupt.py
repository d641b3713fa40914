"""Ctrl-C in the middle: the work runs in a thread, so that the main thread is always free to hear it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

#: Windows knows Ctrl-Break besides; SIGTERM is what a service manager or a CI system sends, SIGHUP a terminal
#: that is closed.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SECONDS_TO_END = 0.5


def interruptible(work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Do `work`; on Ctrl-C or SIGTERM call `stop` and raise KeyboardInterrupt instead.

    `stop` must be quick. The thread is not waited for: whoever calls this then ends the process.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: Future[T] = Future()

    def body() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            done.set_exception(error)

    thread = threading.Thread(target=body, name="report", daemon=True)
    with _heard() as interrupted:
        thread.start()
        # Woken often, since on Windows a waiting main thread hears nothing.
        while not done.done() and not interrupted.is_set():
            interrupted.wait(0.1)
        if interrupted.is_set():
            stop()
            thread.join(_SECONDS_TO_END)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return done.result()


@contextmanager
def _heard() -> Iterator[threading.Event]:
    """Note the signals instead of raising, so that none can break into the cleaning up or the way out.

    They are given back only to a run that was not interrupted.
    """
    interrupted = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        interrupted.set()

    known = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    # What whoever started the run lets it ignore (nohup) it goes on ignoring.
    numbers = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, hear)) for number in numbers]
    yield interrupted
    if not interrupted.is_set():
        for number, handler in before:
            signal.signal(number, handler)
