"""Every error the kit raises on purpose, and the exit code it leads to.

    UmdiagError                what happened, to what, what to do next
    ├── ParameterError         a parameter is wrong: key, value, what was expected      (exit 2)
    ├── CallError              the command line asks for something that is not there    (exit 2)
    ├── SourceError            a source cannot be opened at all                         (exit 2)
    ├── QueryError             a query file or its binding is at fault
    ├── Unavailable            data asked for by name could not be seen at all
    └── Inconclusive           raised by a judge: the symptom cannot be seen → UNKNOWN

Nothing else leaves the package: what clients and libraries raise is reworded where it is caught.
"""

from __future__ import annotations

import re

# A bearer token, a shared access signature, a password in an address: never repeated in a message.
_SECRET = re.compile(r"eyJ[\w-]{10,}|[?&;]?\bsig=|://[^/\s]*@")


class UmdiagError(Exception):
    """Base of all errors of the kit; the message is one line that a user can act on."""


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
    """A query file is malformed, or a value does not fit its parameter."""


class Unavailable(UmdiagError):
    """A fact or frame could not be seen; the message says which and why."""


class Inconclusive(UmdiagError):
    """A judge cannot see the symptom; its diagnosis becomes UNKNOWN with this reason."""


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
