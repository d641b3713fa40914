"""Every error the kit raises on purpose, and the exit codes that errors lead to.

    UmdiagError                what happened, to what, what to do next
    ├── ParameterError         a parameter is wrong: key, value, what was expected
    ├── CallError              the command line asks for something that is not there
    ├── SourceError            a source cannot be opened at all
    ├── QueryError             a query file or its binding is at fault
    ├── Unavailable            data asked for by name could not be seen at all
    └── Inconclusive           raised by a judge: the symptom cannot be seen → UNKNOWN

Each ends a command with exit code 2. Nothing else leaves the package but the OSError of a full disk: what
clients and libraries raise is reworded where it is caught. That, and what leaves it all the same, which is an
internal error, ends a command with exit code 4.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

_WRONG, _FAILED = 2, 4

#: A disk without room, a quota that is used up, a file that may grow no further.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# A bearer token, a shared access signature, a password in an address: never repeated in a message.
_SECRET = re.compile(r"eyJ[\w-]{10,}|[?&;]?\bsig=|://[^/\s]*@")


class UmdiagError(Exception):
    """Base of all errors of the kit; the message is one line that a user can act on."""

    def _render_traceback_(self) -> list[str]:
        """Return the one line that a notebook shows: IPython asks for this before it draws a traceback."""
        return [f"{type(self).__name__}: {one_line(str(self))}"]


class ParameterError(UmdiagError):
    """A parameter is unknown, of the wrong type or out of range."""

    def __init__(self, key: str, value: object, expected: str) -> None:
        self.key = key
        self.value = value
        self.expected = expected
        super().__init__(f"{_shown(key)}: {_shown(value)} {expected}")


class CallError(UmdiagError):
    """The command was called for something that does not exist or cannot be written."""


class SourceError(UmdiagError):
    """A source cannot be opened: no such folder, not a snapshot, not readable."""


class QueryError(UmdiagError):
    """A query is malformed or refused, or a value does not fit its parameter.

    `line` and `column` say where in the text, counted from 1; 0 where that is not known.
    """

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        self.line = line
        self.column = column
        super().__init__(message)


class Unavailable(UmdiagError):
    """A fact or frame could not be seen; the message says which and why."""


class Inconclusive(UmdiagError):
    """A judge cannot see the symptom; its diagnosis becomes UNKNOWN with this reason."""


def is_full(error: BaseException) -> bool:
    """Tell whether an error says that a disk takes no more: not the fault of a call, nor of the kit."""
    return isinstance(error, OSError) and error.errno in _FULL


def ending(error: Exception) -> tuple[str, int]:
    """Return what to say of an error that ends a command, in words to act on, and the exit code."""
    if is_full(error):
        said = f"a disk is full ({os.strerror(getattr(error, 'errno', 0))})"
        return f"{said}: make room where reports and temporary files are written, and run it again", _FAILED
    if isinstance(error, FileNotFoundError) and "usable temporary directory" in str(error):
        # Python tried to write into each that there is.
        return "no temporary folder can be written: make room, or name a folder in TMPDIR", _FAILED
    if isinstance(error, (UmdiagError, FileNotFoundError)) and not _has_place():
        said = "the working folder is gone: change to one that is there, or give whole paths"
        return f"{said} ({error})" if isinstance(error, UmdiagError) else said, _WRONG
    if isinstance(error, UmdiagError):
        return str(error), _WRONG
    return f"internal error ({type(error).__name__}); run it again with --debug to see where", _FAILED


def _has_place() -> bool:
    try:
        return Path.cwd().exists()
    except OSError:
        return False


def one_line(text: str) -> str:
    """Put a text on one line that cannot steer a terminal: control characters are written as escapes."""
    joined = " ".join(text.split())
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in joined)


def _shown(value: object) -> str:
    """Put a value on one short line, without control characters, and without what looks like a secret."""
    text = one_line(str(value)) or "(empty)"
    if _SECRET.search(text):
        return "(hidden)"
    return text if len(text) <= 80 else text[:77] + "…"
