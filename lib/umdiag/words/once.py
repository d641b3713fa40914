"""Do a thing once, whoever asks first; the others wait for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """Remembers what was done, by key; an error is remembered too, an interruption is not."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._done: dict[Hashable, Future[Any]] = {}

    def known(self) -> dict[Hashable, Any]:
        """Return what was done so far, by key, without what is under way or failed."""
        with self._lock:
            done = {key: future for key, future in self._done.items() if future.done()}
        return {key: future.result() for key, future in done.items() if future.exception() is None}

    def do(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return what `work` returned to the first who asked with this key."""
        with self._lock:
            known = self._done.get(key)
            done: Future[T] = Future() if known is None else known
            self._done[key] = done
        if known is None:
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever asked
                if not isinstance(error, Exception):
                    with self._lock:
                        del self._done[key]
                done.set_exception(error)
        return done.result()
