"""Two ways to speak: results go to standard output, progress and messages to standard error."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from umdiag.errors import CallError, is_full
from umdiag.words.shortening import harmless


def say(text: str) -> None:
    """Print a result; a reader who stopped reading stops nothing else.

    Raises CallError where nothing can be written, the OSError of a disk that is full.
    """
    try:
        print(harmless(text), flush=True)
    except OSError as error:
        close_output()
        if is_full(error):
            raise
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # EINVAL: a closed pipe on Windows
            raise CallError(f"standard output cannot be written ({error.strerror})") from None


def tell(text: str) -> None:
    """Print a message; that nobody can hear it stops nothing."""
    with contextlib.suppress(OSError):  # a terminal that was closed, a full disk
        print(harmless(text), file=sys.stderr, flush=True)


def close_output() -> None:
    """Send what is still buffered to nowhere, so that nothing complains at the end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
