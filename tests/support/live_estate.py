"""A small estate on three workspaces in which much is wrong, and the kit opened on it live and offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from servers.azure import AzureStandIn
from support import snapshot_rows as rows
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Finding, Verdict
from umdiag.parameters import from_values
from umdiag.sources.live.gates import Bucket, Rate
from umdiag.sources.live.manners import Limits

WORKSPACES = ("law-a", "law-b", "law-c")
_SCAN = "Microsoft-Windows-WindowsUpdateClient"
_NEEDED = {"kb": 1, "title": "2024-03 Cumulative Update (KB1)", "published": "-10d"}
GIVEN: Mapping[str, Any] = {
    "workspaces": {"law-a": {}, "law-b": {"cap": 1, "status": "OverQuota"}, "law-c": {}},
    "operations": [{"at": "-6h", "says": "stopped", "workspace": "law-b"}],
    "usage": [
        {
            "table": table,
            "megabytes": 30,
            "span": f"-3d..{end}",
            "workspace": name,
            "billable": table != "Heartbeat",
        }
        for name, end in (("law-a", "+0m"), ("law-b", "-6h"), ("law-c", "+0m"))
        for table in ("Update", "Event", "Heartbeat")
    ],
    "linked": {"law-a": "aa"},
    "machines": {
        "a-fine": {"workspace": "law-a", "tags": {"env": "prod"}},
        "a-needs": {
            "workspace": "law-a",
            "tags": {"env": "prod"},
            "updates": [{**_NEEDED, "class": "Critical Updates"}],
        },
        "a-left": {"workspace": "law-a", "tags": {"env": "prod"}},
        "a-linux": {
            "workspace": "law-a",
            "os": "Linux",
            "updates": [{"product": "openssl", "class": "Security Updates"}],
        },
        "b-silent": {"workspace": "law-b", "heard": "-3d..-30h", "assessed": "-3d..-31h"},
        "b-fails": {"workspace": "law-b", "assessed": "-3d..-20h"},
        "b-failing": {"workspace": "law-b", "updates": [_NEEDED]},
        "b-fine": {"workspace": "law-b"},
        "c-one": {"workspace": "law-c", "agent": "shared"},
        "c-two": {"workspace": "law-c", "agent": "shared"},
        "c-new": {"workspace": "law-c", "heard": "-20h..+0m", "assessed": "never"},
        "c-fine": {"workspace": "law-c", "updates": [{"kb": 7, "state": "Installed"}]},
    },
    "deployments": {
        "by-tag": {
            "reboot": "Never",
            "groups": [{"tags": {"env": ["prod"]}}],
            "runs": [
                {"id": "run-1", "at": "-54h", "machines": ["a-fine", "a-needs", "a-left"]},
                {
                    "id": "run-2",
                    "at": "-20h",
                    "machines": {"a-fine": {"end": "-19h"}, "a-needs": {"end": "-19h"}},
                },
            ],
        },
        "by-name": {
            "machines": ["b-silent"],
            "runs": [
                {
                    "id": "run-3",
                    "at": "-20h",
                    "machines": {"b-silent": {"status": "FailedToStart", "end": "-19h"}},
                }
            ],
        },
        "long": {
            "machines": ["c-fine"],
            "runs": [
                {
                    "id": "run-4",
                    "at": "-30h",
                    "machines": {"c-fine": {"status": "MaintenanceWindowExceeded", "end": "-28h"}},
                }
            ],
        },
    },
    "events": [
        {
            "machine": "b-fails",
            "at": "-2h",
            "log": "System",
            "source": _SCAN,
            "id": 25,
            "text": "error 0x80070005",
        },
        {
            "machine": "a-fine",
            "at": "-18h",
            "source": "User32",
            "id": 1074,
            "text": "The process Explorer.EXE has initiated the restart of computer A-FINE on behalf of user "
            "CONTOSO\\alice for the following reason: Other (Unplanned) Shutdown Type: restart",
        },
    ],
    "installs": [
        {
            "machine": "b-failing",
            "run": "run-1",
            "kb": "KB1",
            "title": "Update (1)",
            "at": "-2d",
            "status": "Failed",
        },
        {
            "machine": "b-failing",
            "run": "run-2",
            "kb": "KB1",
            "title": "Update (1)",
            "at": "-1d",
            "status": "Failed",
            "error": "0x80070005",
        },
    ],
    "changes": [{"machine": "a-left", "at": "-40h", "type": "Update", "tags.note": ["a", "b"]}],
    "jobs": [{"from": "-20h", "to": "-19h", "count": 3}],
    "rows": {
        "permissions": [
            {
                "id": scope,
                "actions": json.dumps(["*/read", "Microsoft.OperationalInsights/*"]),
                "notActions": "[]",
            }
            for scope in (
                rows.account_id(),
                *(rows.workspace_id(name) for name in WORKSPACES),
                f"/subscriptions/{rows.identifier('main')}",
            )
        ]
    },
    "policies": [{"machine": "a-fine", "value": "AUOptions", "data": "3"}],
}
#: Found in this estate: what no fault of a service may turn into health.
WRONG = (
    "workspace_over_quota",
    "machine_non_compliant",
    "machine_disconnected",
    "assessment_failed",
    "update_not_installing",
    "machine_stuck_configuring",
    "scheduled_run_missed_machine",
    "run_failed_to_start",
    "maintenance_window_exceeded",
    "unexpected_reboot",
)
#: Waits of tests: everything in the same order as in earnest, and a thousand times faster.
_OFTEN = Rate(requests=10_000, seconds=1)
HASTY = Limits(
    first_wait=0.002,
    longest_wait=0.01,
    query=20,
    report=60,
    connect=5,
    log_rate=_OFTEN,
    graph_rate=_OFTEN,
    management_bucket=Bucket(requests=10_000, a_second=10_000),
)


def values(azure: AzureStandIn | None = None, **parameters: Any) -> dict[str, Any]:
    """Return the parameters of this estate, live if a stand-in is given."""
    given = {
        "workspaces": [rows.workspace_id(name) for name in WORKSPACES],
        "automation_account": rows.account_id(),
        "subscriptions": [rows.identifier("main")],
        "asked_at": rows.ASKED_AT.isoformat(),
        "lookback": rows.LOOKBACK,
    }
    if azure is not None:
        given |= {"source": "azure", "credential": "token", "endpoints": azure.endpoints}
    return given | parameters


def live(azure: AzureStandIn, **parameters: Any) -> Kit:
    """Open the kit on a stand-in."""
    return Kit(from_values(values(azure, **parameters), folder=None))


@contextmanager
def looked_at(azure: AzureStandIn, **parameters: Any) -> Iterator[Kit]:
    """Open the kit on a stand-in and fetch everything."""
    kit = live(azure, **parameters)
    try:
        kit.fetch()
        yield kit
    finally:
        kit.close()


def verdicts(kit: Kit) -> dict[str, Verdict]:
    """Return each scenario's verdict."""
    return {one.scenario: one.verdict for one in kit.diagnoses()}


def told(diagnoses: list[Diagnosis]) -> dict[str, tuple[Verdict, str, list[Finding]]]:
    """Return what a reader is told, by scenario, findings in a fixed order."""
    return {
        one.scenario: (
            one.verdict,
            one.reason,
            sorted(one.findings, key=lambda found: (found.subject.id, found.cause)),
        )
        for one in diagnoses
    }
