"""Good manners towards the services: how many requests at once, how often, how long, and when again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random, wait_random_exponential

from umdiag.sources.live.faults import Fault
from umdiag.sources.live.gates import Bucket, Gate, Rate

T = TypeVar("T")
#: The status by which a proxy asks who one is; no request gets past it.
_PROXY = 407
_LOG_RATE = Rate(requests=200, seconds=30)
_GRAPH_RATE = Rate(requests=15, seconds=5)
_MANAGEMENT_BUCKET = Bucket(requests=200, a_second=24)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the services document (azure-monitor limits, Resource Graph throttling), and our own budgets.

    Log Analytics: 5 queries at a time, 200 requests in 30 seconds. Resource Graph: 15 in 5 seconds. Resource
    Manager: 250 reads of a subscription, and 25 more a second; a few are left to others.
    Times in seconds; a query's time holds all its attempts.

    Threads stand in four pools, each waiting only for pools below it, so that none waits for itself. The
    gates say what is asked at once; threads only have to be enough for that:

    48 fetch          every query of the package: one that is filled from others waits for their threads
    64 workspaces     all places of a dozen workspaces
    32 slices         two answers that are cut into sixteen
    48 management     Resource Manager is asked less at once: those of a throttled subscription wait here
    """

    queries_per_workspace: int = 5
    log_rate: Rate = _LOG_RATE
    graph_queries: int = 5
    graph_rate: Rate = _GRAPH_RATE
    management_requests: int = 16
    management_bucket: Bucket = _MANAGEMENT_BUCKET
    fetch_threads: int = 48
    workspace_threads: int = 64
    slice_threads: int = 32
    management_threads: int = 48
    attempts: int = 6
    first_wait: float = 1
    longest_wait: float = 60
    longest_pause: float = 120
    query: float = 600
    report: float = 3600
    connect: float = 15


class Manners:
    """Carries out requests within limits and budgets, again where that may help. Safe for several threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._stopped = threading.Event()
        self._ends = time.monotonic() + limits.report
        #: What every further request would run into.
        self._hopeless: Fault | None = None

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
                if self._hopeless is not None:
                    raise self._hopeless
                try:
                    return work(ends - time.monotonic())
                except Fault as fault:
                    self._heed(fault, gates, ends)
                    raise

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Fault) and error.again),
            stop=lambda state: self._is_last(state, ends),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once)

    def _heed(self, fault: Fault, gates: Sequence[Gate], ends: float) -> None:
        """Let nobody through who would only be told to wait as well, and for no longer than is sensible."""
        if fault.again and fault.after:
            seconds = min(fault.after, self.limits.longest_pause, max(0.0, ends - time.monotonic()))
            for gate in gates:
                gate.heed(fault.status, seconds)
        if fault.status == _PROXY:
            self._hopeless = fault

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
