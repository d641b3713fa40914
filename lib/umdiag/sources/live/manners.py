"""Good manners towards the services: how many requests at once, how often, how long, and when again."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random, wait_random_exponential

from umdiag.sources.live.faults import Fault

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the services document (azure-monitor limits, Resource Graph throttling), and our own budgets.

    Log Analytics: 5 queries at a time, 200 requests in 30 seconds. Resource Graph: 15 in 5 seconds.
    Times in seconds; a query's time holds all its attempts.

    Threads stand in four pools, each waiting only for pools below it, so that none waits for itself. The
    gates say what is asked at once; threads only have to be enough for that:

    48 fetch          every query of the package: one that is filled from others waits for their threads
    64 workspaces     all places of a dozen workspaces
    32 slices         two answers that are cut into sixteen
    16 management     what Resource Manager is asked at once (`management_requests`)
    """

    queries_per_workspace: int = 5
    log_rate: Rate = Rate(requests=200, seconds=30)
    graph_queries: int = 5
    graph_rate: Rate = Rate(requests=15, seconds=5)
    management_requests: int = 16
    fetch_threads: int = 48
    workspace_threads: int = 64
    slice_threads: int = 32
    attempts: int = 6
    first_wait: float = 1
    longest_wait: float = 60
    query: float = 600
    report: float = 3600
    connect: float = 15


class Gate:
    """Lets so many requests through at a time and in a span; a service that is asked too often closes it."""

    def __init__(self, at_once: int, rate: Rate | None = None) -> None:
        self._places = threading.Semaphore(at_once)
        self._rate = rate
        self._lock = threading.Lock()
        self._begun: deque[float] = deque()
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
            self._places.release()

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
            if self._rate is not None:
                while self._begun and self._begun[0] <= now - self._rate.seconds:
                    self._begun.popleft()
                if len(self._begun) >= self._rate.requests:
                    return self._begun[0] + self._rate.seconds - now
            self._begun.append(now)
            if self._rate is None:
                self._begun.clear()
            return 0


class Manners:
    """Carries out requests within limits and budgets, again where that may help. Safe for several threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._stopped = threading.Event()
        self._ends = time.monotonic() + limits.report

    def stop(self) -> None:
        """End every wait now; whoever waits gets a Fault."""
        self._stopped.set()

    def carry_out(self, work: Callable[[float], T], *gates: Gate) -> T:
        """Return `work(seconds left)`, tried again after a Fault that may pass. Raises the last Fault.

        All attempts together stay within the budget of a query, counted from the first, and of the report.
        """
        ends = self._ends

        def once() -> T:
            nonlocal ends
            with ExitStack() as places:
                for gate in gates:
                    places.enter_context(gate.entered(lambda seconds: self._pause(seconds, ends)))
                ends = min(ends, time.monotonic() + self.limits.query)
                self._pause(0, ends)
                try:
                    return work(ends - time.monotonic())
                except Fault as fault:
                    if fault.again and fault.after:
                        for gate in gates:
                            gate.close(min(fault.after, max(0.0, ends - time.monotonic())))
                    raise

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Fault) and error.again),
            stop=lambda state: self._is_last(state, ends),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once)

    def _pause(self, seconds: float, ends: float) -> None:
        left = ends - time.monotonic()
        if left <= 0:
            raise Fault(self._over_budget())
        self._sleep(min(seconds, left))

    def _wait(self, state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.after if isinstance(fault, Fault) else None
        first, longest = self.limits.first_wait, self.limits.longest_wait
        if asked is None:
            return wait_random_exponential(multiplier=first, max=longest)(state)
        # Jitter also on top of what is asked for, else everybody comes back in the same instant.
        return asked + wait_random(0, first)(state) * (asked > 0)

    def _is_last(self, state: RetryCallState, deadline: float) -> bool:
        fault = state.outcome.exception() if state.outcome else None
        most = min(self.limits.attempts, fault.attempts if isinstance(fault, Fault) else 1)
        return state.attempt_number >= most or time.monotonic() + (state.upcoming_sleep or 0) >= deadline

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds) if seconds > 0 else self._stopped.is_set():
            raise Fault("the run was interrupted")

    def _over_budget(self) -> str:
        if time.monotonic() >= self._ends:
            minutes = f"{self.limits.report / 60:g} minutes"
            return f"the time of the whole run ({minutes}) is used up, shorten lookback"
        return f"no answer within {self.limits.query / 60:g} minutes, shorten lookback or run again later"
