"""What can go wrong with one request, worded once: what happened and what to do next."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from umdiag.model import State

#: HTTP statuses of which the same request may succeed a moment later.
_PASSING = (408, 429, 500, 502, 503, 504)
_TOO_LARGE = re.compile(
    r"E_QUERY_RESULT_SET_TOO_LARGE|result ?set (?:is |has )?(?:too large|exceeded)|record ?count ?limit|"
    r"(?:exceeds|exceeded|over) the (?:internal )?(?:data size|size|record|row)|"
    r"E_RUNAWAY_QUERY|80DA000[0-9]|allowed limits|\b64 ?MB\b|\b500,?000\b",
    re.IGNORECASE,
)
_NO_TABLE = re.compile(
    r"SEM0100|Failed to resolve (?:table|table or column expression)|SEM0104", re.IGNORECASE
)
_NAMED = re.compile(r"named '([^']{1,80})'")
_TOKEN = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*")
_MOST_WORDS = 240


class Fault(Exception):
    """A request that brought no answer.

    `reason` is a clause that names what happened and what to do; `again`: the same request may succeed
    later, not before `after` seconds if that is known, and not more than `attempts` times in all. `status` is
    that of HTTP, 0 where there was none.
    """

    def __init__(
        self,
        reason: str,
        *,
        state: State = State.MISSING,
        again: bool = False,
        after: float | None = None,
        attempts: int = 100,
        status: int = 0,
    ) -> None:
        self.reason = " ".join(reason.replace(";", ",").split())
        self.state = state
        self.again = again
        self.after = after
        self.attempts = attempts
        self.status = status
        super().__init__(self.reason)


class TooLarge(Fault):
    """The answer passes a limit of the service, as it `said`; `rows` are those that came."""

    def __init__(
        self, said: str, *, columns: Mapping[str, str] | None = None, rows: Sequence[Any] = ()
    ) -> None:
        super().__init__(f"the answer exceeds a limit of the service ({said}), shorten lookback")
        self.columns = columns or {}
        self.rows = rows


class NoSuchTable(Fault):
    """The workspace has no such table."""


def of_status(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    role: str = "",
    advice: str = "sign in again with az login and run again",
) -> Fault:
    """Word an answer that is no success.

    `role` is what a refused caller lacks, and where; `advice` how to sign in anew.
    """
    code, message = _error(body)
    said = shortened(" ".join(filter(None, (str(status), code, message))))
    if status == 401 or code in ("InvalidAuthenticationToken", "InvalidAuthenticationTokenAudience"):
        reason = f"the sign-in was not accepted ({said}), {advice}"
        return Fault(reason, state=State.DENIED, again=True, after=0, attempts=2)
    if status == 403:
        fix = f", have {role} assigned to you" if role else ", have a role that may read it assigned to you"
        return Fault(f"access was refused ({said}){fix}", state=State.DENIED)
    if _TOO_LARGE.search(f"{code} {message}"):
        return TooLarge(said)
    if status == 400 and _NO_TABLE.search(message):
        named = _NAMED.search(message)
        return NoSuchTable(f"there is no table {named[1] if named else ''}".rstrip())
    if status == 404:
        return Fault(f"nothing is there ({said}), check the id in the parameters", status=status)
    if status in _PASSING:
        again = "too many requests" if status == 429 else "the service has a problem"
        return Fault(f"{again} ({said}), run again later", again=True, after=retry_after(headers) or None)
    if status == 204:  # documented of a workspace without any data
        return Fault("nothing was answered (204), the workspace may hold no data at all, check its agents")
    if 300 <= status < 400:
        return Fault(
            f"the answer redirects elsewhere ({said}), which is not followed, check the address in endpoints"
        )
    return strange(f"the request was refused ({said})", status=status)


def of_network(error: BaseException, host: str) -> Fault:
    """Word what a socket, TLS or a broken body raised, out of the chain of what libraries made of it."""
    chain = list(_chain(error))
    words = " ".join(str(link) for link in chain)
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain) or "CERTIFICATE_VERIFY" in words:
        return Fault(
            f"the certificate of {host} is not trusted or is another host's, "
            "check endpoints and name your proxy's certificates in endpoints.ca_bundle"
        )
    if any(isinstance(link, TimeoutError) for link in chain) or "timed out" in words.lower():
        return Fault(f"{host} did not answer in time, run again later", again=True)
    if (
        any(isinstance(link, socket.gaierror) for link in chain)
        or "NameResolution" in words
        or "getaddrinfo" in words
        or "Name or service not known" in words
    ):
        return Fault(
            f"the name {host} is not known here, check the network and endpoints", again=True, attempts=2
        )
    return Fault(
        f"the connection to {host} broke before the answer was complete, check the network and run again",
        again=True,
    )


def no_json(body: bytes, host: str) -> Fault:
    """Word an answer that is no JSON: mostly a proxy's page in its place."""
    what = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
    return Fault(
        f"{host} answered with {what}: a proxy or firewall may answer in its place, exempt {host}", again=True
    )


def strange(what: str, *, again: bool = False, status: int = 0) -> Fault:
    """Word an answer that the service does not give: it is another version, or somebody else answers."""
    fix = "check that endpoints name the service itself, and run again with the newest umdiag"
    return Fault(f"{what}, {fix}", again=again, attempts=2, status=status)


def partly(why: str) -> str:
    """Word why rows that came are not all."""
    return f"only a part was answered ({why}), run again later or shorten lookback"


def told(error: Any) -> str:
    """Return the innermost message of an error object as the services nest them, on one short line."""
    return shortened(" ".join(filter(None, _inner(error))))


def is_too_large(text: str) -> bool:
    """Whether a message speaks of a limit on rows or size."""
    return _TOO_LARGE.search(text) is not None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to wait: by Retry-After, or by Resource Graph's quota."""
    folded = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000.0), ("x-ms-retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = folded.get(name, "").strip()
        if re.fullmatch(r"\d{1,7}(\.\d+)?", value):
            return float(value) / unit
        if value:
            try:
                return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
            except (TypeError, ValueError):
                continue
    clock = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", folded.get("x-ms-user-quota-resets-after", ""))
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3]) if clock else None


def _error(body: bytes) -> tuple[str, str]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    error = content.get("error", content) if isinstance(content, dict) else {}
    return _inner(error)


def _inner(error: Any) -> tuple[str, str]:
    """Return (code, message) of the innermost error: the outer ones only say that something was wrong."""
    if not isinstance(error, dict):
        return "", "" if error is None else str(error)
    code, message = "", ""
    for _ in range(8):
        code = str(error.get("code") or error.get("Code") or code)
        message = str(error.get("@message") or error.get("message") or error.get("Message") or message)
        details = error.get("details")
        listed = details[0] if isinstance(details, list) and details else None
        inner = error.get("innererror") or error.get("error") or listed
        if not isinstance(inner, dict):
            break
        error = inner
    return code, message


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        link = waiting.pop()
        if link in seen:
            continue
        seen.append(link)
        yield link
        named = [getattr(link, name, None) for name in ("reason", "inner_exception")]
        inner = [link.__cause__, link.__context__, *link.args, *named]
        waiting.extend(part for part in inner if isinstance(part, BaseException))


def shortened(text: str) -> str:
    """Return a service's words on one short line, without tokens and control characters."""
    text = _TOKEN.sub("…", " ".join("".join(sign if sign.isprintable() else " " for sign in text).split()))
    return text if len(text) <= _MOST_WORDS else text[: _MOST_WORDS - 1] + "…"
