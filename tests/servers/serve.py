"""Serve a stand-in in a process of its own, so that what it costs is not counted in the client.

    python serve.py FOLDER [SNAPSHOT]

One line of JSON says where it listens. Each line of standard input, an object, then sets `latency` (seconds
that an answer waits) and `rows` (of Resource Graph, made by number) and is answered by a line with what was
asked since the last one: method, path, first line of the query text, and when each request began and ended.
It serves until standard input ends. FOLDER gets the certificate; without SNAPSHOT there are made rows only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from servers.azure import AzureStandIn
from servers.wire import Request

_SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"


def serve(folder: Path, snapshot: Path | None) -> None:
    """Serve until standard input ends."""
    with AzureStandIn(snapshot or _nothing(folder), folder) as azure:
        if snapshot is None:
            _make(azure, 0)
        _say({"endpoints": azure.endpoints, "token": azure.wire.token, "asked_at": azure.now.isoformat()})
        for line in sys.stdin:
            told = json.loads(line)
            azure.wire._latency = told.get("latency", 0.0)
            if "rows" in told:
                _make(azure, told["rows"])
            asked = [_told(one) for one in azure.wire.requests]
            azure.wire.requests.clear()
            _say(asked)


def _make(azure: AzureStandIn, rows: int) -> None:
    azure.management.made["resources"] = (rows, _machine)
    azure.management.made["patchassessmentresources"] = (rows, _patch)


def _say(content: Any) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def _told(request: Request) -> Mapping[str, Any]:
    lines = [line for line in request.text.splitlines() if line.strip()]
    return {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "text": lines[0] if lines else "",
        "began": request.began,
        "ended": request.ended,
        "status": request.status,
    }


def _nothing(folder: Path) -> Path:
    empty = folder / "nothing"
    empty.mkdir()
    return empty


def _machine(number: int) -> Mapping[str, Any]:
    """Return what `azure_machines` projects of one machine, of the sizes that real ones have."""
    name = f"vm-{number:06d}"
    group = f"rg-application-{number % 400:03d}"
    place = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/{group}"
    arc = number % 3 == 0
    kind = "Microsoft.HybridCompute/machines" if arc else "Microsoft.Compute/virtualMachines"
    owner = f"team-{number % 50}@contoso.com"
    tags = {"env": ("prod", "test")[number % 2], "owner": owner, "costCenter": f"{10_000 + number % 300}"}
    return {
        "id": f"{place}/providers/{kind}/{name}",
        "name": name,
        "machine_type": kind.lower(),
        "location": ("westeurope", "northeurope", "eastus2")[number % 3],
        "resource_group": group,
        "subscription_id": _SUBSCRIPTION,
        "tags": tags | {"patchGroup": f"window-{number % 7}"},
        "os_type": ("Windows", "Linux")[number % 2],
        "power_state": "Connected" if arc else "PowerState/running",
        "vm_id": f"{number:08x}-aaaa-bbbb-cccc-{number:012x}",
        "created": f"2023-{number % 12 + 1:02d}-{number % 28 + 1:02d}T08:{number % 60:02d}:21.1234567Z",
    }


def _patch(number: int) -> Mapping[str, Any]:
    """Return what `needed_patches` projects of one of the thirty updates that each machine lacks."""
    machine = str(_machine(number // 30)["id"])
    windows = number // 30 % 2 == 0
    title = "Cumulative Update for Windows Server 2022 for x64-based Systems" if windows else "linux-image"
    result = f"{machine}/patchAssessmentResults/latest"
    return {
        "id": f"{result}/softwarePatches/{number:08x}-bbbb-cccc-dddd-0123456789ab",
        "machine_id": machine.lower(),
        "patch_name": f"2026-{number % 12 + 1:02d} {title} (KB{5_000_000 + number % 400})",
        "patch_id": f"{number % 400:08x}-1111-2222-3333-444444444444",
        "kb": f"{5_000_000 + number % 400}" if windows else None,
        "version": None if windows else f"5.15.0-{number % 120}.{number % 130}",
        "classifications": [("Critical", "Security")[number % 2]],
        "msrc_severity": "Critical" if windows else None,
        "published": f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}T07:00:00Z" if windows else None,
    }


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
