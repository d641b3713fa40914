"""Gates before the services: how many requests at once and how often, and when nobody may go through."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

_THROTTLED = 429
#: What is left over of a request by rounding.
_NEARLY = 1e-6


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """At most `requests` at once; each leaves a place that is free again at so many `a_second`."""

    requests: int
    a_second: float


class Gate:
    """Lets so many requests through at a time and in a span; a service that is asked too often closes it.

    `closed_by`: any answer that asks to wait, only one that says the caller asks too often, or none, where
    the gate stands before what has other gates of its own. With `first_alone` the first request goes by
    itself: what every request would run into, it finds out for all.
    """

    def __init__(
        self,
        at_once: int,
        pace: Rate | Bucket | None = None,
        *,
        closed_by: Literal["waits", "throttling", "nothing"] = "waits",
        first_alone: bool = False,
    ) -> None:
        self._at_once = at_once
        self._places = threading.Semaphore(1 if first_alone else at_once)
        self._alone = first_alone
        self._pace = pace
        self._closed_by = closed_by
        self._lock = threading.Lock()
        self._begun: deque[float] = deque()
        self._full, self._counted = 0.0, 0.0
        self._closed_until = 0.0

    @contextmanager
    def entered(self, wait: Callable[[float], None]) -> Iterator[None]:
        """Hold a place for one request, waiting with `wait` for rate and pause."""
        while not self._places.acquire(timeout=0.2):
            wait(0)
        try:
            while (pause := self._pause()) > 0:
                wait(pause)
            yield
        finally:
            with self._lock:
                freed, self._alone = self._at_once if self._alone else 1, False
            self._places.release(freed)

    def heed(self, status: int, seconds: float) -> None:
        """Close for so long if an answer with this status, which asks to wait, is meant for this gate."""
        if self._closed_by == "waits" or (self._closed_by == "throttling" and status == _THROTTLED):
            self.close(seconds)

    def close(self, seconds: float) -> None:
        """Let nobody in for so long."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def _pause(self) -> float:
        """Return how long the caller must still wait; 0 counts the request as begun."""
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                return self._closed_until - now
            match self._pace:
                case Rate():
                    return self._rated(self._pace, now)
                case Bucket():
                    return self._poured(self._pace, now)
            return 0

    def _rated(self, rate: Rate, now: float) -> float:
        while self._begun and self._begun[0] <= now - rate.seconds:
            self._begun.popleft()
        if len(self._begun) >= rate.requests:
            return self._begun[0] + rate.seconds - now
        self._begun.append(now)
        return 0

    def _poured(self, bucket: Bucket, now: float) -> float:
        level = max(0.0, self._full - (now - self._counted) * bucket.a_second)
        if level + 1 > bucket.requests + _NEARLY:
            return (level + 1 - bucket.requests) / bucket.a_second
        self._full, self._counted = level + 1, now
        return 0
