"""A dry run prints every query as it would be sent and sends nothing; an estimate asks for volumes only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from servers.azure import AzureStandIn
from servers.wire import Reply
from support import live_estate as estate
from support import snapshot_rows as rows
from umdiag.__main__ import app, execute
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.report.notebooks import fetch_machine
from umdiag.report.plan import plan


def blocks(
    azure: AzureStandIn, *, estimate: bool = False, only: Any = (), **parameters: Any
) -> dict[str, str]:
    """Return what is printed of each query, by its name."""
    given = from_values(estate.values(azure, **parameters), folder=None)
    printed = list(plan(given, only=only, estimate=estimate))
    return {match[1]: block for block in printed if (match := re.match(r"\n// (\w+): ", block))}


def told(azure: AzureStandIn) -> list[str]:
    return [one.text for one in azure.wire.requests]


@pytest.mark.parametrize("api", [pytest.param(api, marks=pytest.mark.slow) for api in ("monitor", "kusto")])
def test_a_dry_run_prints_what_a_report_sends_and_sends_nothing(azure: AzureStandIn, api: str) -> None:
    printed = blocks(azure, workspace_api=api)
    assert set(printed) == {*kql.queries(), "volumes"}
    assert not azure.wire.requests
    with estate.looked_at(azure, workspace_api=api) as kit:
        kit.health()
        fetch_machine(kit)
    unfilled = {
        name for name, query in kql.queries().items()
        if not any(one.datum or one.name == "computer" for one in query.parameters.values())
    }  # fmt: skip
    texts = {one.text.strip() for one in azure.wire.requests if one.text}
    for name in {*unfilled, "volumes"}:
        query = kql.queries().get(name)
        if query is None or query.dialect != "arm":
            assert any(text in printed[name] for text in texts), name
    addresses = {line for block in printed.values() for line in block.splitlines() if "POST " in line}
    posted = {one.path for one in azure.wire.requests if one.method == "POST"}
    assert {re.sub(r"https://[^/]+|\?.*|// POST |<[^>]*>", "", line) for line in addresses} == {
        re.sub(r"(?<=/v1/workspaces/)[0-9a-f-]{36}", "", path) for path in posted
    }
    for one in azure.wire.requests:
        if one.method == "GET":
            path = re.sub(
                r"/(hybridRunbookWorkerGroups|softwareUpdateConfigurations)/[^/]+", r"/\1/<each>", one.path
            )
            assert any(
                f"{path}?api-version={one.query['api-version']}" in block for block in printed.values()
            ), path


def test_every_workspace_and_scope_that_is_asked_is_printed(azure: AzureStandIn) -> None:
    printed = blocks(azure)
    for name in estate.WORKSPACES:
        assert rows.workspace_id(name) in printed["heartbeats"]
    assert f"subscription {rows.identifier('main')}" in printed["azure_machines"]
    assert "$filter=properties/startTime ge 2024-03-11T10:00:00Z" in printed["update_runs"]
    assert "moments is filled from run_starts.start_time" in printed["heartbeats_around"]


def test_only_the_families_asked_for_are_printed(azure: AzureStandIn) -> None:
    printed = blocks(azure, only=["quota"])
    assert {"usage_hours", "heartbeat_hours"} <= set(printed)
    assert not {"update_runs", "machine_hours", "restarts"} & set(printed)


def test_an_estimate_asks_for_usage_and_nothing_else(azure: AzureStandIn) -> None:
    printed = blocks(azure, estimate=True)
    assert len(azure.wire.requests) == len(estate.WORKSPACES)
    for text in told(azure):
        assert text.splitlines()[0] == "Usage"
    # 30 MB an hour in 72 hours of two workspaces and 66 of the third
    assert "// reads at most 6.3 GB" in printed["assessments"]
    assert "// reads at most 0 MB" in printed["install_outcomes"]
    assert "reads at most" not in printed["azure_machines"]


def test_an_estimate_that_cannot_be_had_is_one_line(azure: AzureStandIn, tmp_path: Path) -> None:
    error = {"code": "InsufficientAccessError", "message": "no"}
    azure.fault("law-b", Reply(status=403, content={"error": error}))
    YAML().dump(estate.values(azure), tmp_path / "live.yml")
    done = CliRunner().invoke(app, ["report", str(tmp_path / "live.yml"), "--estimate"])
    assert done.exit_code != 0
    assert "law-b" in str(done.exception)


def test_a_dry_run_needs_no_sign_in_and_leaves_no_folder(
    azure: AzureStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UMDIAG_ACCESS_TOKEN")
    monkeypatch.chdir(tmp_path)
    YAML().dump(estate.values(azure), tmp_path / "live.yml")
    done = CliRunner().invoke(app, ["report", "live.yml", "--dry-run"])
    assert done.exit_code == 0
    assert "queries; nothing is sent." in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["live.yml"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- {scenario: machine_disconnected}", "why is missing"),
        ("- {scenario: machine_disconected, why: a}", "machine_disconected is not a scenario"),
        ("scenario: a", "not a list of entries"),
    ],
)
def test_a_broken_file_of_accepted_findings_is_told(
    azure: AzureStandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    (tmp_path / "accepted.yml").write_text(content, encoding="utf-8")
    YAML().dump(estate.values(azure) | {"accepted": "accepted.yml"}, tmp_path / "live.yml")
    assert execute(["report", str(tmp_path / "live.yml"), "--dry-run"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert not azure.wire.requests


def test_an_unknown_family_is_refused(azure: AzureStandIn) -> None:
    with pytest.raises(Exception, match="no such notebook"):
        blocks(azure, only=["nonsense"])
