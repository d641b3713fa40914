"""An HTTPS server on 127.0.0.1 that records requests, refuses what is no reading, and can misbehave."""

from __future__ import annotations

import gzip
import json
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

_CHUNK = 4096


@dataclass(kw_only=True)
class Request:
    """One request as it came; `content` is its JSON, None where it has none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: Any
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    status: int = 0

    @property
    def text(self) -> str:
        """The query text that it carries, "" for none."""
        content = self.content if isinstance(self.content, dict) else {}
        return str(content.get("query") or content.get("csl") or "")


@dataclass(kw_only=True)
class Reply:
    """What is sent back: JSON, or `body` as it is; after `close_after` bytes, if given, an end or a reset."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    close_after: int | None = None
    reset: bool = False
    seconds: float = 0.0
    trickle: float = 0.0
    zipped: bool = False

    @property
    def sent(self) -> bytes:
        """The body as bytes."""
        return json.dumps(self.content).encode() if self.body is None else self.body


@dataclass(kw_only=True)
class Fault:
    """Replaces the answers to requests that `match`, `times` times (None: always)."""

    match: Callable[[Request], bool]
    answer: Callable[[Reply], Reply]
    times: int | None = None


class Wire:
    """The server; `answer` makes the reply to a request, None where there is nothing of the kind."""

    def __init__(
        self,
        folder: Path,
        answer: Callable[[Request], Reply | None],
        *,
        latency: float = 0.0,
        host: str = "127.0.0.1",
    ) -> None:
        self.requests: list[Request] = []
        self.refused: list[Request] = []
        self.faults: list[Fault] = []
        self.token = "a-token"
        self._answer = answer
        self._latency = latency
        self._lock = threading.Lock()
        self.most_at_once: dict[str, int] = {}
        self._now: dict[str, int] = {}
        authority = trustme.CA()
        self.ca_bundle = folder / "stand-in-ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_bundle))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host, *(["localhost"] if host == "127.0.0.1" else [])).configure_cert(context)
        self._server = _Server(("127.0.0.1", 0), self, context)
        self.address = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def restore(self) -> None:
        """Forget requests and faults."""
        with self._lock:
            for seen in (self.requests, self.refused, self.faults, self.most_at_once):
                seen.clear()
        self.token = "a-token"

    def reply(self, request: Request) -> Reply:
        """Answer one request, or misbehave as told."""
        with self._lock:
            self.requests.append(request)
            key = request.path if request.text else "management"
            self._now[key] = self._now.get(key, 0) + 1
            self.most_at_once[key] = max(self.most_at_once.get(key, 0), self._now[key])
        try:
            time.sleep(self._latency)
            return self._misbehaved(request, self._good(request))
        finally:
            with self._lock:
                self._now[key] -= 1

    def _good(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            error = {"code": "InvalidAuthenticationToken", "message": "The access token is invalid."}
            return Reply(status=401, content={"error": error})
        reply = self._answer(request)
        if reply is not None:
            return reply
        with self._lock:
            self.refused.append(request)
        return Reply(status=405, content={"error": {"code": "MethodNotAllowed", "message": "reading only"}})

    def _misbehaved(self, request: Request, reply: Reply) -> Reply:
        with self._lock:
            for fault in self.faults:
                if fault.times != 0 and fault.match(request):
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault.answer(reply)
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], wire: Wire, context: ssl.SSLContext) -> None:
        self.wire = wire
        self.context = context
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake belongs to the connection's own thread: a client that refuses it delays nobody.
        try:
            request.settimeout(60)
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except (OSError, ValueError):
            pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            content=_json(body),
        )
        reply = self.server.wire.reply(request)
        time.sleep(reply.seconds)
        request.status, request.ended = reply.status, time.monotonic()
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve  # noqa: N815 - as http.server calls them

    def _send(self, reply: Reply) -> None:
        sent = reply.sent
        self.send_response(reply.status)
        if reply.zipped and "gzip" in self.headers.get("Accept-Encoding", ""):
            self._send_zipped(reply)
            return
        headers = {"Content-Type": "application/json; charset=utf-8", **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        if reply.close_after is None:
            self._write(sent, reply.trickle)
            return
        self.wfile.write(sent[: reply.close_after])
        self.wfile.flush()
        self.close_connection = True
        if reply.reset:  # an RST in place of a FIN
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _send_zipped(self, reply: Reply) -> None:
        """Send as the query API does: zipped and in chunks."""
        for name, value in {"Content-Type": "application/json; charset=utf-8", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = gzip.compress(reply.sent, compresslevel=1)
        for place in range(0, len(sent), _CHUNK):
            part = sent[place : place + _CHUNK]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def _write(self, sent: bytes, trickle: float) -> None:
        if not trickle:
            self.wfile.write(sent)
            return
        for place in range(0, len(sent), 64):
            self.wfile.write(sent[place : place + 64])
            self.wfile.flush()
            time.sleep(trickle)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
