"""All stand-ins together, on one port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from servers.logs import Logs
from servers.management import Management
from servers.rows import SnapshotRows
from servers.wire import Fault, Reply, Request, Wire


class AzureStandIn:
    """Azure as a snapshot knows it: Kusto, Log Analytics, Resource Graph and Resource Manager."""

    def __init__(
        self, snapshot: Path, folder: Path, *, latency: float = 0.0, host: str = "127.0.0.1"
    ) -> None:
        self._rows = SnapshotRows(snapshot)
        self.logs = Logs(self._rows)
        self.management = Management(self._rows)
        self.wire = Wire(folder, self._answer, latency=latency, host=host)
        self.management.address = self.wire.address
        self.now = self._rows.now

    def __enter__(self) -> AzureStandIn:
        self.wire.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wire.__exit__()
        self._rows.close()

    def restore(self) -> None:
        """Forget requests and faults: the services are well again."""
        self.logs.restore()
        self.management.restore()
        self.wire.restore()

    @property
    def endpoints(self) -> dict[str, str]:
        """What goes into the parameter `endpoints`."""
        addresses = dict.fromkeys(("kusto", "monitor", "management"), self.wire.address)
        return addresses | {"ca_bundle": str(self.wire.ca_bundle)}

    def fault(
        self,
        match: str | Callable[[Request], bool],
        answer: Reply | Callable[[Reply], Reply],
        *,
        times: int | None = None,
    ) -> None:
        """Answer otherwise where a path or query text holds `match` (or it says so)."""
        matches = match if callable(match) else lambda request: _holds(request, str(match))
        answers = answer if callable(answer) else lambda good: answer
        self.wire.faults.append(Fault(match=matches, answer=answers, times=times))

    def asked(self, part: str) -> list[Request]:
        """Return the requests whose path or query text holds a part."""
        return [one for one in self.wire.requests if _holds(one, part)]

    def _answer(self, request: Request) -> Reply | None:
        return self.logs.answer(request) or self.management.answer(request)


def _holds(request: Request, part: str) -> bool:
    return part.lower() in f"{request.path} {request.text}".lower()


def changed(change: Callable[[Any], Any]) -> Callable[[Reply], Reply]:
    """Return an answer that changes the JSON of a good one."""
    return lambda good: Reply(content=change(good.content), status=good.status, headers=good.headers)
