"""Sign in once, by azure-identity, for every service: one credential, one token for each audience."""

from __future__ import annotations

import base64
import json
import logging
import math
import os
import re
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.identity import (
    CredentialUnavailableError,
    DefaultAzureCredential,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
)

from umdiag.errors import SourceError
from umdiag.model import State
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.target import Target

TOKEN_VARIABLE = "UMDIAG_ACCESS_TOKEN"  # noqa: S105 - its name, not a token
_SPARE = 300
_WORKSPACE = re.compile(r"/workspaces/[^/?]+", re.IGNORECASE)
_SUBSCRIPTION = re.compile(r"/subscriptions/[^/?]+", re.IGNORECASE)
_UNTIL_TOLD = 3600
#: Seconds for which a failed sign-in is not tried again: who was refused must do something first, a service
#: that cannot be reached may be back soon; a notebook may be open for days.
_REFUSED_FOR, _UNREACHED_FOR = 300, 15
_SCHEME = re.compile(r"^Bearer(?:\s+|$)", re.IGNORECASE)
_USER_NAME = re.compile(r"[^\s'\"]+@[^\s'\"]+")

# These log what they tried on standard error, where one line of ours says it.
for _name in ("azure", "msal", "urllib3"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Credential(Protocol):
    """What azure-identity's credentials share."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token for one scope."""
        ...


class SignIn:
    """Tokens of one identity, one for each audience, renewed five minutes before they end. Thread-safe."""

    def __init__(self, target: Target, environment: Mapping[str, str] = os.environ) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._tokens: dict[str, AccessToken] = {}
        self._credential = _credential(target, environment)
        self._given = isinstance(self._credential, _GivenToken)
        #: Audience and scope → how the given token was refused there, where it is not sent again; the scope
        #: is "" where it had worked and does no more.
        self._refused: dict[tuple[str, str], str] = {}
        self._worked: set[tuple[str, str]] = set()
        #: Audience → why no token came for it, and until when that counts.
        self._failed: dict[str, tuple[str, float]] = {}
        self._options = {"tenant_id": target.tenant_id} if target.tenant_id else {}

    def token(self, audience: str, url: str = "") -> str:
        """Return a token for an audience (an address), to be sent to `url`. Raises Fault where the identity
        gets none.
        """
        with self._lock:
            for scope in ("", scope_of(url)):
                if reason := self._refused.get((audience, scope)):
                    raise Fault(reason, state=State.DENIED, everything=True)
            known = self._tokens.get(audience)
            if known is None or known.expires_on - _SPARE < time.time():
                known = self._tokens[audience] = self._fetch(audience)
            return known.token

    def accepted(self, audience: str, url: str) -> None:
        """Hear that a service took the token for what `url` asks for."""
        if self._given:
            with self._lock:
                self._worked.add((audience, scope_of(url)))

    def refused(self, audience: str, fault: Fault, url: str) -> None:
        """Hear how a service answered; a token that it did not accept there is not sent there again.

        One that worked there before is of no more use anywhere.
        """
        if fault.state is not State.DENIED or not fault.again:
            return
        with self._lock:
            self._tokens.pop(audience, None)
            if self._given:
                scope = scope_of(url)
                self._refused[audience, "" if (audience, scope) in self._worked else scope] = fault.reason

    def check(self, audience: str) -> None:
        """Sign in now, whatever failed before. Raises SourceError, one line that names the command to run."""
        with self._lock:
            self._failed.pop(audience, None)
        try:
            self.token(audience)
        except Fault as fault:
            raise SourceError(fault.reason) from None

    def _fetch(self, audience: str) -> AccessToken:
        reason, until = self._failed.get(audience, ("", 0.0))
        if until <= time.time():
            scope = f"{audience.rstrip('/')}/.default"
            seconds = _REFUSED_FOR
            try:
                return self._credential.get_token(scope, **self._options)
            except CredentialUnavailableError:
                problem = "nobody is signed in"
            except ClientAuthenticationError as error:
                problem = _first_words(error)
            except (AzureError, OSError, ValueError) as error:
                problem = f"the sign-in service cannot be reached ({type(error).__name__})"
                seconds = _UNREACHED_FOR
            reason = f"sign-in failed: {problem}, {self.advice()}"
            self._failed[audience] = (reason, time.time() + seconds)
        raise Fault(reason, state=State.DENIED, everything=True)

    def advice(self) -> str:
        """Return what to run so that the next sign-in succeeds."""
        if self._target.credential == "token":
            return f"put a fresh token for {self._target.management} into {TOKEN_VARIABLE}"
        tenant = f" --tenant {self._target.tenant_id}" if self._target.tenant_id else ""
        cloud = self._target.cloud.name
        first = "" if cloud == "AzureCloud" else f"az cloud set --name {cloud} && "
        return (
            f"run {first}az login{tenant} (or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET)"
        )


def scope_of(url: str) -> str:
    """Return the workspace or subscription that an address names, "whole" where it names none."""
    found = _WORKSPACE.search(url) or _SUBSCRIPTION.search(url)
    return found[0].lower() if found else "whole"


class Authorization(SansIOHTTPPolicy[Any, Any]):
    """Put the token of one audience on every request, https only."""

    def __init__(self, sign_in: SignIn, audience: str) -> None:
        self._sign_in = sign_in
        self._audience = audience

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Add the header."""
        if not request.http_request.url.lower().startswith("https://"):
            raise Fault("tokens travel over https only, check the address in endpoints")
        token = self._sign_in.token(self._audience, request.http_request.url)
        request.http_request.headers["Authorization"] = f"Bearer {token}"


class _GivenToken:
    """A bearer token from the environment: the same for every audience, and for as long as it lasts."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        ends = _end_of(self._token)
        if ends <= time.time():
            raise ClientAuthenticationError(message=f"the token in {TOKEN_VARIABLE} has expired")
        return AccessToken(self._token, int(ends) + _SPARE)


def _credential(target: Target, environment: Mapping[str, str]) -> Credential:
    authority = target.cloud.authority
    match target.credential:
        case "token":
            given = environment.get(TOKEN_VARIABLE, "").strip()
            given = _SCHEME.sub("", given)
            if not given or not given.isascii() or any(sign.isspace() for sign in given):
                what = "is not set" if not given else "holds no token"
                raise SourceError(f"credential token: the environment variable {TOKEN_VARIABLE} {what}")
            return _GivenToken(given)
        case "browser":
            return InteractiveBrowserCredential(authority=authority, tenant_id=target.tenant_id or None)
        case "device_code":
            return DeviceCodeCredential(authority=authority, tenant_id=target.tenant_id or None)
    return DefaultAzureCredential(
        authority=authority,
        additionally_allowed_tenants=["*"] if target.tenant_id else [],
        # What may ask somebody, or takes whoever happened to sign in to an editor.
        exclude_interactive_browser_credential=True,
        exclude_broker_credential=True,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_environment_credential=False,
        exclude_workload_identity_credential=False,
        exclude_managed_identity_credential=False,
        exclude_cli_credential=False,
        exclude_powershell_credential=False,
        exclude_developer_cli_credential=False,
    )


def _end_of(token: str) -> float:
    """Return when a token ends, as far as it says so itself (a JWT's `exp`)."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        ends = float(claims["exp"])
        return ends if math.isfinite(ends) else time.time() + _UNTIL_TOLD
    except (IndexError, KeyError, TypeError, ValueError):
        return time.time() + _UNTIL_TOLD


def _first_words(error: ClientAuthenticationError) -> str:
    """Return the sentence that tells what went wrong, without the page of attempts around it."""
    text = str(error.message or "")
    if (
        "failed to retrieve a token" in text
    ):  # the chain lists all it tried; none was there, or one was refused
        refused = [line for line in text.splitlines() if "AADSTS" in line]
        if not refused:
            return "nobody is signed in"
        text = refused[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _USER_NAME.sub("…", lines[0] if lines else type(error).__name__)[:200]
