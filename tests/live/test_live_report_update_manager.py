"""Update Manager live, alone and beside Update Management: reported as on the same snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from live.test_live_report import TOKEN, figures, findings, report, table
from servers.azure import AzureStandIn
from support import live_estate as estate
from support import snapshot_rows as rows
from support.estates import derived_once
from umdiag import charts
from umdiag.kit import Kit
from umdiag.model import Verdict
from umdiag.parameters import from_values
from umdiag.queries.belonging import telling_of_update_management

pytestmark = pytest.mark.xdist_group("live report")
MAIN = f"/subscriptions/{rows.identifier('main')}"
_PERIODIC = {"assessment": "AutomaticByPlatform", "mode": "AutomaticByPlatform", "bypass": True}
_UNLOGGED = {"heard": "never", "assessed": "never", "worker": "none"}
_VM = {**_UNLOGGED, "patch": _PERIODIC}
#: An estate of Update Manager in which much is wrong.
MANAGED: Mapping[str, Any] = {
    "machines": {
        "vm-fine": {**_VM, "tags": {"env": "prod"}},
        "vm-needs": {**_VM, "tags": {"env": "prod"}},
        "vm-left": {**_VM, "tags": {"env": "prod"}},
        "vm-failed": {**_VM, "power": "PowerState/running"},
        "vm-off": {**_VM, "power": "PowerState/deallocated"},
        "vm-linux": {**_VM, "os": "Linux"},
        "vm-gone": {**_VM, "resource": False},
        "arc-one": {**_UNLOGGED, "kind": "arc"},
        "arc-off": {**_UNLOGGED, "kind": "arc", "power": "Disconnected"},
    },
    "schedules": {
        "nightly": {"every": "Day", "scopes": [{"tags": {"env": ["prod"]}}], "reboot": "NeverReboot"},
        "weekly": {"machines": ["vm-failed", "vm-linux", "arc-one"], "duration": "01:30"},
        "unused": {"every": "Day", "starts": "2024-01-01 23:00"},
    },
    "schedule_runs": [
        {"schedule": "nightly", "at": "-36h", "machines": ["vm-fine", "vm-needs"]},
        {
            "schedule": "nightly",
            "at": "-12h",
            "machines": {"vm-fine": {"reboot": "Completed"}, "vm-needs": {}},
        },
        {
            "schedule": "weekly",
            "at": "-20h",
            "status": "Failed",
            "machines": {
                "vm-failed": {"status": "Failed", "code": "0x80072EE2", "message": "error 0x80072EE2"},
                "vm-linux": {"exceeded": True, "minutes": 88, "pending": 4, "os": "Linux"},
                "arc-one": {"status": "Failed", "installs": False, "error": "ShutdownOrUnresponsive"},
            },
        },
    ],
    "on_demand": [{"machine": "vm-fine", "at": "-1d", "by": "User"}],
    "manager_assessments": {
        "vm-fine": {},
        "vm-needs": {"counts": {"critical": 1}, "needs": [{"kb": 1, "class": "Critical"}]},
        "vm-left": {"reboot": True},
        "vm-failed": {"status": "Failed", "code": "0x8024402C", "message": "error 0x8024402C"},
        "vm-off": {"at": "-3d"},
        "arc-off": {"at": "-3d"},
        "vm-linux": {"counts": {"security": 2}, "needs": [{"name": "openssl", "version": "3"}]},
        "vm-gone": {},
    },
    "changes": [{"machine": "vm-gone", "at": "-8h", "type": "Delete"}],
}
ALONE: Mapping[str, Any] = {
    **MANAGED,
    "not_captured": sorted(telling_of_update_management()),
    "rows": {"permissions": [{"id": MAIN, "actions": json.dumps(["*/read"]), "notActions": "[]"}]},
}
BOTH: Mapping[str, Any] = {
    **estate.GIVEN,
    **MANAGED,
    "machines": {
        **estate.GIVEN["machines"],
        **MANAGED["machines"],
        # Of one machine there are rows of both services.
        "a-linux": {**estate.GIVEN["machines"]["a-linux"], "patch": _PERIODIC},
    },
    "changes": [*estate.GIVEN["changes"], *MANAGED["changes"]],
}
#: What is given → the parameters that name it.
ESTATES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "alone": (ALONE, {"workspaces": [], "automation_account": ""}),
    "both": (BOTH, {}),
}
#: Found in either: what a fault of the clients may not turn into health.
WRONG = (
    "assessment_failed",
    "machine_disconnected",
    "machine_non_compliant",
    "maintenance_window_exceeded",
    "reboot_pending",
    "run_failed_to_start",
    "schedule_reaches_no_machine",
    "scheduled_run_missed_machine",
    "unexpected_reboot",
    "windows_run_failed",
)


@pytest.fixture(scope="module", params=["alone", pytest.param("both", marks=pytest.mark.slow)])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[AzureStandIn, Path, Mapping[str, Any]]]:
    """A stand-in of an estate, the snapshot that it serves, and the parameters that name the estate."""
    given, named = ESTATES[request.param]
    folder = tmp_path_factory.mktemp("estate")
    rows.write_snapshot(folder / "snapshot", given)
    with AzureStandIn(folder / "snapshot", folder) as azure:
        azure.wire.token = TOKEN
        yield azure, folder / "snapshot", named


def told(kit: Kit) -> dict[str, tuple[Any, ...]]:
    """Return what a reader is told, but why a service is not looked at: that is the source's to say."""
    return {
        name: (verdict, "" if verdict is Verdict.NOT_ASKED else reason, found)
        for name, (verdict, reason, found) in estate.told(kit.diagnoses()).items()
    }


def reported(folder: Path) -> list[dict[str, Any]]:
    """Return the diagnoses of a report, likewise."""
    return [
        one | ({"reason": ""} if one["verdict"] == "NOT_ASKED" else {})
        for one in findings(folder)["diagnoses"]
    ]


def drawn(kit: Kit) -> dict[str, str | None]:
    """Return every figure, as it is stored."""
    extra = {"machine_timeline": {"computer": "vm-needs"}}
    made = {name: kit.call(getattr(charts, name), **extra.get(name, {})) for name in charts.__all__}
    return {name: None if figure is None else figure.to_json() for name, figure in made.items()}


def test_an_estate_is_judged_and_drawn_live_as_offline(
    served: tuple[AzureStandIn, Path, Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure, snapshot, named = served
    monkeypatch.setenv("UMDIAG_ACCESS_TOKEN", TOKEN)
    monkeypatch.setattr("umdiag.sources.live.azure.Limits", lambda: estate.HASTY)
    values = estate.values(source="snapshot", snapshot=str(snapshot), **named)
    offline = Kit(from_values(values, folder=None))
    with derived_once(), estate.looked_at(azure, **named) as live:
        assert live.not_asked.keys() == offline.not_asked.keys()
        judged = told(live)
        assert judged == told(offline)
        assert {name: judged[name][0] for name in WRONG} == dict.fromkeys(WRONG, Verdict.PROBLEM)
        assert live.machine_table().equals(offline.machine_table())
        assert set(live.machine_table()["computer"]) >= {"vm-needs", "vm-linux", "arc-one"}
        figures_live = drawn(live)
        assert figures_live == drawn(offline)
        assert all(figures_live[name] for name in ("funnel", "run_outcomes", "run_calendar", "coming_week"))
    offline.close()
    assert not azure.wire.refused


@pytest.mark.slow
def test_a_live_report_equals_the_report_on_the_same_snapshot_and_itself_made_again(
    served: tuple[AzureStandIn, Path, Mapping[str, Any]], tmp_path: Path
) -> None:
    azure, snapshot, named = served
    live = report(tmp_path, "live", estate.values(azure, **named))
    assert all(one["status"] == "succeeded" for one in findings(live)["notebooks"])
    for name, folder in (("offline", snapshot), ("again", live)):
        values = estate.values(source="snapshot", snapshot=str(folder), **named)
        other = report(tmp_path, name, values)
        assert reported(live) == reported(other)
        for csv in ("machines.csv", "findings.csv"):
            assert table(live / csv) == table(other / csv)
        assert figures(live) == figures(other)
