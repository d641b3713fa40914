"""How long a test waits for what should happen at once: longer where the machine has much else to do."""

from __future__ import annotations

import os
import signal

#: What a budget is stretched by even on an idle machine; a slow test tells less than a flaky one.
SLACK = 2.0


def patient(seconds: float) -> float:
    """Return the budget for what takes less than `seconds` on an idle machine."""
    waiting = os.getloadavg()[0] if hasattr(os, "getloadavg") else 1.0
    return seconds * SLACK * max(1.0, waiting / (os.cpu_count() or 1))


def heard() -> None:
    """Hear Ctrl-C and the end of a terminal in a process that is about to start: a shell's background job has
    been told not to hear the one, one that nohup started not the other.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
