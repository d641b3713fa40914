"""How a process ends that is told to from outside: at once, and with one line."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End at once, with what was told as the last line, after removing what lies in temporary folders.

    Threads in the midst of a query would be waited for, minutes on a large fleet; and a thread that wakes up
    in an interpreter that goes makes the libraries' native code write and abort.
    """
    with contextlib.suppress(OSError, ValueError):  # a terminal that was closed
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    atexit._run_exitfuncs()
    os._exit(code)


def hear_endings() -> None:
    """Let what ends a process from outside end it as Ctrl-C does, unless whoever started it ignores that."""
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
