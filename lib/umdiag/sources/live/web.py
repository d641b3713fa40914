"""One way to send a REST request: azure-core's pipeline without its retries, its answers looked at."""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import certifi
import requests
from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import HeadersPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from umdiag._version import __version__
from umdiag.errors import ParameterError, SourceError
from umdiag.sources.live.faults import Fault, no_json, of_network, of_status
from umdiag.sources.live.signin import Authorization, SignIn
from umdiag.words.dynamic import read_json

#: Named in every request, and nothing else of who or what sends it.
APPLICATION = f"umdiag/{__version__}"
_CONNECTIONS = 64
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class Web:
    """Sends requests to one address in one identity's name; safe for several threads."""

    def __init__(
        self, address: str, audience: str, sign_in: SignIn, *, verify: ssl.SSLContext, connect: float
    ) -> None:
        self.address = address.rstrip("/")
        self.host = urlsplit(address).netloc
        self._audience = audience
        self._sign_in = sign_in
        self.session = session(verify)
        self.transport = RequestsTransport(
            session=self.session, session_owner=False, connection_timeout=connect
        )
        #: Neither retries nor parses: both hide what came back.
        self.policies = [
            HeadersPolicy({"Accept": "application/json"}),
            UserAgentPolicy(base_user_agent=APPLICATION, user_agent_overwrite=True),
            Authorization(sign_in, audience),
        ]
        self._client: PipelineClient[Any, Any] = PipelineClient(
            self.address, transport=self.transport, policies=self.policies
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        left: float,
        parameters: Mapping[str, str],
        content: Any = None,
        role: str = "",
    ) -> tuple[Any, Mapping[str, str]]:
        """Return an answer's JSON and headers. Raises Fault for everything else.

        `path` lies below the address; `left` are the seconds that an answer may take.
        """
        # Written out here: the client would send a page's token as it stands, + and & in it too.
        asked = "&".join(
            f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in parameters.items()
        )
        request = HttpRequest(method, f"{self.address}{path}?{asked}", json=content)
        return self.answer(self._client.send_request, request, left=left, role=role)

    def answer(
        self, send: Any, request: HttpRequest, *, left: float, role: str
    ) -> tuple[Any, Mapping[str, str]]:
        """Send a request by any azure-core client and look at what came back."""
        ends = time.monotonic() + left
        try:
            response = send(request, stream=True, read_timeout=left)
            body = _read(response, ends, self.host)
        except Fault:
            raise
        except (AzureError, requests.RequestException, OSError, ValueError) as error:
            raise of_network(error, self.host) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code != 200:
            advice = self._sign_in.advice()
            fault = of_status(response.status_code, headers, body, role=role, advice=advice)
            self._sign_in.refused(self._audience, fault, request.url)
            raise fault
        self._sign_in.accepted(self._audience, request.url)
        try:
            return read_json(body), headers
        except (ValueError, RecursionError):
            raise no_json(body, self.host) from None

    def close(self) -> None:
        """Let connections go; a request under way fails."""
        self.session.close()


def _read(response: Any, ends: float, host: str) -> bytes:
    """Read a body until the time is over: a server that trickles would never run into a socket's timeout."""
    with contextlib.closing(response):
        parts = []
        for part in response.iter_bytes():
            parts.append(part)
            if time.monotonic() > ends:
                raise Fault(f"{host} did not answer in time, run again later", again=True)
        return b"".join(parts)


def session(verify: ssl.SSLContext) -> requests.Session:
    """Return a session for many threads that trusts what `verify` trusts and retries nothing itself."""
    made = requests.Session()
    made.auth = lambda request: request  # else .netrc would replace the token by a password
    made.mount("https://", _Trusting(verify))
    return made


class _Trusting(HTTPAdapter):
    """Trusts the certificates of one context, whatever a session makes of REQUESTS_CA_BUNDLE.

    They are read once: read for each connection, as requests does, they cost more than the handshake.
    """

    def __init__(self, verify: ssl.SSLContext) -> None:
        self._context = verify
        super().__init__(pool_connections=8, pool_maxsize=_CONNECTIONS, max_retries=0)

    def build_connection_pool_key_attributes(self, request: Any, *rest: Any, **options: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, True)
        return host, pool | {"ssl_context": self._context}

    def cert_verify(self, *given: Any, **options: Any) -> None:
        """Leave certificates to the context."""


def trusted(ca_bundle: str) -> ssl.SSLContext:
    """Return what trusts the public certificates and those of `ca_bundle`.

    Raises ParameterError for a bundle that holds no certificate.
    """
    public = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        context.load_verify_locations(**{"capath" if Path(public).is_dir() else "cafile": public})
    except OSError:  # of ssl.SSLError too
        raise SourceError(
            f"{Path(public).name} holds no certificates that can be read: correct REQUESTS_CA_BUNDLE or"
            " CURL_CA_BUNDLE"
        ) from None
    if ca_bundle:
        name = Path(ca_bundle).name
        try:
            certificates = _CERTIFICATE.findall(Path(ca_bundle).read_text("latin-1"))
            context.load_verify_locations(cadata="\n".join(certificates))
        except ssl.SSLError:
            certificates = []
        except OSError as error:
            raise ParameterError("endpoints.ca_bundle", name, f"cannot be read ({error.strerror})") from None
        if not certificates:
            raise ParameterError("endpoints.ca_bundle", name, "holds no certificate in PEM")
    return context
