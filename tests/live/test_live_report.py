"""A whole report on live Azure: equal to that on the same snapshot, and to the one made again from it."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ruamel.yaml import YAML

from fleet import make_fleet
from servers.azure import AzureStandIn
from servers.wire import Reply
from support import live_estate as estate
from support import snapshot_rows as rows
from umdiag.kit import Kit
from umdiag.parameters import from_values

pytestmark = pytest.mark.xdist_group("live report")
ROOT = Path(__file__).parents[2]
TOKEN = "eyJhbGciOiJub25lIn0.a-secret-token.sig"


@dataclass(frozen=True)
class Made:
    """Reports of the same estate: live, on the snapshot, and again from the live one's folder."""

    live: Path
    offline: Path
    again: Path
    azure: AzureStandIn


#: That live is judged as offline is shown by test_faults; whole reports and fleets take minutes.
APIS = [pytest.param(api, marks=pytest.mark.slow) for api in ("monitor", "kusto")]


@pytest.fixture(scope="module", params=APIS)
def made(
    request: pytest.FixtureRequest, estate_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("reports")
    with AzureStandIn(estate_folder, folder) as azure:
        azure.wire.token = TOKEN
        live = report(folder, "live", estate.values(azure, workspace_api=request.param))
        offline = report(folder, "offline", offline_values(estate_folder, request.param))
        again = report(folder, "again", offline_values(live, request.param))
        yield Made(live, offline, again, azure)


def offline_values(folder: Path, api: str) -> dict[str, Any]:
    return estate.values(source="snapshot", snapshot=str(folder), workspace_api=api)


def report(folder: Path, name: str, values: dict[str, Any]) -> Path:
    YAML().dump(values, folder / f"{name}.yml")
    command = [sys.executable, "-m", "umdiag", "report", f"{name}.yml", "-o", name, "--fail-on", "never"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"UMDIAG_ACCESS_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder / name


def findings(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    return read


def figures(folder: Path) -> dict[str, list[Any]]:
    kind = "application/vnd.plotly.v1+json"
    return {
        path.name: [
            output.data[kind]
            for cell in nbformat.read(path, as_version=4).cells
            for output in cell.get("outputs", ())
            if kind in output.get("data", {})
        ]
        for path in sorted(folder.glob("*.ipynb"))
    }


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_live_report_equals_the_report_on_the_same_snapshot(made: Made) -> None:
    assert findings(made.live)["diagnoses"] == findings(made.offline)["diagnoses"]
    told = {one["verdict"] for one in findings(made.live)["diagnoses"]}
    assert told == {"HEALTHY", "PROBLEM", "NOT_ASKED"}
    for name in ("machines.csv", "findings.csv"):
        assert table(made.live / name) == table(made.offline / name)
    assert figures(made.live) == figures(made.offline)
    assert all(one["status"] == "succeeded" for one in findings(made.live)["notebooks"])


def test_a_live_report_made_again_offline_is_equal(made: Made) -> None:
    live, again = findings(made.live), findings(made.again)
    assert live["diagnoses"] == again["diagnoses"]
    assert live["data_health"] == again["data_health"]
    for name in ("machines.csv", "findings.csv"):
        assert table(made.live / name) == table(made.again / name)
    assert figures(made.live) == figures(made.again)


def test_every_answer_lies_in_the_folder_for_its_owner_only(made: Made) -> None:
    facts = json.loads((made.live / "snapshot.json").read_text(encoding="utf-8"))["facts"]
    assert len(facts) > 30
    for name, fact in facts.items():
        assert (made.live / "facts" / f"{name}.parquet").is_file() == (
            fact["state"] in ("complete", "partial")
        )
    if os.name == "posix":
        for path in made.live.rglob("*"):
            assert not path.stat().st_mode & 0o077, path


def test_nothing_but_queries_and_reading_was_sent(made: Made) -> None:
    assert made.azure.wire.requests
    assert not made.azure.wire.refused
    for one in made.azure.wire.requests:
        assert one.method == "GET" or (one.method == "POST" and one.path.endswith(("/query", "/resources")))


def test_a_report_gives_no_token_user_or_path_away(made: Made) -> None:
    secrets = re.compile("|".join(map(re.escape, (TOKEN, TOKEN.split(".")[1], str(made.live.parent)))))
    read = [path for path in made.live.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    assert {path.name for path in read} >= {"index.html", "findings.json", "snapshot.json", "run.log"}
    for path in read:
        assert not secrets.search(path.read_text(encoding="utf-8")), path
    assert made.azure.wire.requests
    for one in made.azure.wire.requests:
        sent = {name: text for name, text in one.headers.items() if name != "authorization"}
        assert not secrets.search(str(sent))
        assert re.fullmatch(r"umdiag/[\w.]+", sent.get("x-ms-app", sent["user-agent"])), sent
        assert sent.get("x-ms-user", "umdiag") == "umdiag"


@pytest.mark.xdist_group("live fleet")
@pytest.mark.parametrize("api", APIS)
def test_a_fleet_with_every_fault_is_judged_live_as_offline(
    fleet_stand_in: tuple[AzureStandIn, dict[str, Any], Kit], api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure, values, offline = fleet_stand_in
    patient = replace(estate.HASTY, query=600, report=3600)
    monkeypatch.setattr("umdiag.sources.live.azure.Limits", lambda: patient)
    monkeypatch.setenv("UMDIAG_ACCESS_TOKEN", azure.wire.token)
    live = {"source": "azure", "credential": "token", "workspace_api": api, "endpoints": azure.endpoints}
    kit = Kit(from_values(values | live, folder=None))
    try:
        kit.fetch()
        assert estate.told(kit.diagnoses()) == estate.told(offline.diagnoses())
        assert kit.machine_table().equals(offline.machine_table())
        assert sum(one.verdict.value == "PROBLEM" for one in kit.diagnoses()) > 20
    finally:
        kit.close()


@pytest.fixture(scope="module")
def fleet_stand_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[AzureStandIn, dict[str, Any], Kit]]:
    folder = tmp_path_factory.mktemp("fleet")
    fleet = make_fleet(folder / "snapshot", machines=450, seed=1)
    values = {
        "lookback": fleet.lookback,
        "workspaces": list(fleet.workspaces),
        "automation_account": fleet.automation_account,
        "subscriptions": list(fleet.subscriptions),
        "suspects": list(fleet.suspects),
        "services": ["update_management"],
    }
    offline = Kit(
        from_values(values | {"source": "snapshot", "snapshot": str(folder / "snapshot")}, folder=None)
    )
    with AzureStandIn(folder / "snapshot", folder) as azure:
        yield azure, values | {"asked_at": azure.now.isoformat()}, offline
    offline.close()


def test_a_clock_taken_from_the_rows_says_how_old_it_is(azure: AzureStandIn) -> None:
    kit = estate.live(azure, asked_at="latest")
    assert kit.asked_at.isoformat() == "2024-03-15T10:00:00+00:00"
    assert not any("looked for without" in note for note in kit.notes)
    assert any(
        "newest row found: 2024-03-15 10:00 UTC, " in note and "days ago" in note for note in kit.notes
    )
    kit.close()


@pytest.mark.parametrize("api", ["monitor", "kusto"])
def test_a_workspace_that_refuses_is_named_where_rows_of_all_are_meant(azure: AzureStandIn, api: str) -> None:
    azure.fault(
        lambda one: rows.identifier("law-b") in one.path or "/law-b/v2" in one.path,
        Reply(status=403, content={"error": {"code": "InsufficientAccessError", "message": "no"}}),
    )
    kit = estate.live(azure, workspace_api=api, asked_at="latest")
    try:
        assert any("looked for without the query of law-b: access was refused" in note for note in kit.notes)
        with pytest.warns(UserWarning, match="not all rows are here: the query of law-b"):
            counted = kit.kql("Heartbeat | summarize beats = count() by TenantId | project TenantId, beats")
        assert set(counted["TenantId"]) == {rows.identifier("law-a"), rows.identifier("law-c")}
    finally:
        kit.close()
