"""What can go wrong with one request, worded once: what happened and what to do next."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from umdiag.model import State
from umdiag.queries import kql
from umdiag.sources.live.error_objects import (
    chained,
    code_and_message,
    is_too_heavy,
    is_too_large,
    shortened,
)
from umdiag.sources.live.waits import retry_after

#: HTTP statuses of which the same request may succeed a moment later.
_PASSING = (408, 429, 500, 502, 503, 504)
_SEMANTIC = re.compile(r"SEM0100|SEM0104|SEM0529|Failed to resolve|at least one operand", re.IGNORECASE)
_COLUMN = re.compile(r"Failed to resolve (?:scalar|column)|named column|column named", re.IGNORECASE)
_NAMED = re.compile(r"named '([^']{1,80})'")
_BASIC_PLAN = "UnsupportedApiQueryValidationError"
_UNKNOWN_VERSIONS = ("NoRegisteredProviderFound", "InvalidApiVersionParameter", "InvalidResourceType")
_PROXY = re.compile(r"\b407\b")


class Fault(Exception):
    """A request that brought no answer.

    `reason` is a clause that names what happened and what to do; `again`: the same request may succeed
    later, not before `after` seconds if that is known, and not more than `attempts` times in all. `status` is
    that of HTTP, 0 where there was none, `said` are the service's words. `everything`: the service refuses
    whoever asks, or cannot be reached, so that a smaller question fails just so.
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
        said: str = "",
        everything: bool = False,
    ) -> None:
        self.reason = " ".join(reason.replace(";", ",").split())
        self.state = state
        self.again = again
        self.after = after
        self.attempts = attempts
        self.status = status
        self.said = said
        self.everything = everything
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


class NoSuchColumn(Fault):
    """A table of the workspace never had the column `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no column {name}".rstrip() + ", check what its agents send")
        self.name = name


def too_heavy(said: str) -> Fault:
    """Word that a query used up the memory or the work that the service grants: no slice would be lighter."""
    return Fault(
        f"the query takes more than the service allows ({said}), shorten lookback or run again later"
    )


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
    code, message = code_and_message(body)
    said = shortened(" ".join(filter(None, (str(status), code, message))))
    if code == "InvalidAuthenticationTokenTenant":
        return _denied(f"it belongs to another tenant ({said}), leave it out or set tenant_id", status)
    if status == 401 or code in ("InvalidAuthenticationToken", "InvalidAuthenticationTokenAudience"):
        return Fault(
            f"the sign-in was not accepted ({said}), {advice}",
            state=State.DENIED,
            again=True,
            after=0,
            attempts=2,
            status=status,
            everything=True,
        )
    if status == 403:
        fix = f", have {role} assigned to you" if role else ", have a role that may read it assigned to you"
        return _denied(f"access was refused ({said}){fix}", status)
    if status == 407:
        return of_proxy(said)
    if fault := _of_query(status, code, message, said):
        return fault
    if status in _PASSING:
        again = "too many requests" if status == 429 else "the service has a problem"
        after = retry_after(headers) or None
        return Fault(f"{again} ({said}), run again later", again=True, after=after, status=status)
    return _of_place(status, code, said)


def _denied(reason: str, status: int) -> Fault:
    return Fault(reason, state=State.DENIED, status=status, everything=True)


def _of_query(status: int, code: str, message: str, said: str) -> Fault | None:
    """Word what a service says of the question itself, None where it says nothing of it."""
    words = f"{code} {message}"
    if is_too_large(words):
        return TooLarge(said)
    if is_too_heavy(words):
        return too_heavy(said)
    if code == _BASIC_PLAN:
        fix = "which umdiag cannot query, set the table's plan to Analytics in the workspace and run again"
        return Fault(f"the table is on the Basic plan ({said}), {fix}", status=status)
    if status == 400 and _SEMANTIC.search(words):
        return unresolved(message)
    if code in _UNKNOWN_VERSIONS:
        fix = "run again with the newest umdiag"
        return Fault(f"the service does not know the version that was asked for ({said}), {fix}", said=said)
    return None


def _of_place(status: int, code: str, said: str) -> Fault:
    """Word that nobody answers there as the service does."""
    if status == 404:
        reason = f"nothing is there ({said}), check the id in the parameters"
        return Fault(reason, status=status, said=said, everything=True)
    if status == 204:  # documented of a workspace without any data
        reason = "nothing was answered (204), the workspace may hold no data at all, check its agents"
        return Fault(reason, everything=True)
    if 300 <= status < 400:
        fix = "which is not followed, check the address in endpoints"
        return Fault(f"the answer redirects elsewhere ({said}), {fix}", everything=True)
    return strange(f"the request was refused ({said})", status=status, said=said)


def refused(message: str) -> Fault:
    """Word an error that came in the place of rows, where HTTP says success."""
    said = shortened(message)
    return _of_query(400, message.partition(" ")[0], message, said) or strange(
        f"the query was refused ({said})"
    )


def unresolved(message: str) -> Fault:
    """Word that a name in a query means nothing in this workspace: a table's or a column's."""
    found = _NAMED.search(message)
    name = found[1] if found else ""
    known = kql.tables()["workspace"]
    if not name or name in known:
        return NoSuchTable(f"there is no table {name}".rstrip())
    # The service may say "table or column or scalar expression" of either.
    if _COLUMN.search(message) or any(name in columns for columns in known.values()):
        return NoSuchColumn(name)
    if "scalar" not in message:
        return NoSuchTable(f"there is no table {name}")
    return strange(f"the query was refused ({shortened(message)})")


def of_proxy(said: str) -> Fault:
    """Word that a proxy wants to know who asks; it will say so to every request."""
    fix = "put its user and password into HTTPS_PROXY, or exempt the service in NO_PROXY"
    return Fault(f"the proxy requires a sign-in ({said}), {fix}", status=407, everything=True)


def of_network(error: BaseException, host: str) -> Fault:
    """Word what a socket, TLS or a broken body raised, out of the chain of what libraries made of it."""
    chain = list(chained(error))
    words = " ".join(str(link) for link in chain)
    if "proxy" in words.lower() and _PROXY.search(words):
        return of_proxy("407 Proxy Authentication Required")
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain) or "CERTIFICATE_VERIFY" in words:
        return Fault(
            f"the certificate of {host} is not trusted or is another host's, "
            "check endpoints and name your proxy's certificates in endpoints.ca_bundle",
            everything=True,
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
            f"the name {host} cannot be resolved, check the network and endpoints",
            again=True,
            attempts=2,
            everything=True,
        )
    return Fault(
        f"the connection to {host} broke before the answer was complete, check the network and run again",
        again=True,
        everything=True,
    )


def no_json(body: bytes, host: str) -> Fault:
    """Word an answer that is no JSON: mostly a proxy's page in its place."""
    what = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
    reason = f"{host} answered with {what}: a proxy or firewall may answer in its place, exempt {host}"
    return Fault(reason, again=True, everything=True)


def strange(what: str, *, again: bool = False, status: int = 0, said: str = "") -> Fault:
    """Word an answer that the service does not give: it is another version, or somebody else answers."""
    fix = "check that endpoints name the service itself, and run again with the newest umdiag"
    return Fault(f"{what}, {fix}", again=again, attempts=2, status=status, said=said)


def partly(why: str) -> str:
    """Word why rows that came are not all."""
    return f"only a part was answered ({why}), run again later or shorten lookback"
