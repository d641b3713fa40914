"""`umdiag doctor`: what can be reached, before any analysis, and which role is missing on which scope."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from servers.azure import AzureStandIn, changed
from servers.wire import Reply
from support import live_estate as estate
from support import snapshot_rows as rows
from support.thinning import one_in
from umdiag.__main__ import app
from umdiag.model import Reach
from umdiag.parameters import from_values
from umdiag.report.doctor import examine

MAIN = rows.identifier("main")


def examined(azure: AzureStandIn, **parameters: Any) -> dict[str, Reach]:
    lines = list(examine(from_values(estate.values(azure, **parameters), folder=None)))
    assert len({one.what for one in lines}) == len(lines)
    return {one.what: one for one in lines}


def lacking(azure: AzureStandIn, **parameters: Any) -> dict[str, str]:
    return {one.what: one.told for one in examined(azure, **parameters).values() if not one.ok}


def refused(role: str) -> Reply:
    error = {"code": "AuthorizationFailed", "message": f"no {role}"}
    return Reply(status=403, content={"error": error})


@pytest.mark.parametrize("api", one_in(2, ["monitor", "kusto"]))
def test_everything_that_is_read_has_a_line(azure: AzureStandIn, api: str) -> None:
    lines = examined(azure, workspace_api=api)
    assert all(one.ok for one in lines.values())
    assert "sign-in" in lines
    for name in estate.WORKSPACES:
        assert lines[f"workspace {name}"].told == f"answers through {api}"
        assert {f"table {table} of {name}" for table in ("Update", "Heartbeat", "Event", "Usage")} <= set(
            lines
        )
        assert f"permissions on workspace {name}" in lines
    assert lines["table Heartbeat of law-a"].told == "576 rows in the window, newest 2024-03-15 10:00 UTC"
    assert {"Resource Graph, table resources", "jobs of aa", "permissions on automation account aa"} <= set(
        lines
    )
    assert not azure.wire.refused


def test_a_workspace_that_refuses_is_one_line_with_the_role_and_the_scope(azure: AzureStandIn) -> None:
    azure.fault(lambda one: rows.identifier("law-b") in one.path, refused("workspace"))
    no = lacking(azure)
    assert list(no) == ["workspace law-b"]
    assert "have Log Analytics Reader on law-b assigned to you" in no["workspace law-b"]
    assert f"(scope {rows.workspace_id('law-b')})" in no["workspace law-b"]


def test_a_table_that_is_not_there_has_its_line(azure: AzureStandIn) -> None:
    azure.logs.never_existed["law-c"] = {"UpdateSummary"}
    no = lacking(azure)
    assert list(no) == ["table UpdateSummary of law-c"]
    assert "no such table" in no["table UpdateSummary of law-c"]


def test_a_collection_that_is_refused_names_role_and_scope(azure: AzureStandIn) -> None:
    azure.management.denied.append(f"{rows.account_id()}/jobs")
    no = lacking(azure)
    assert list(no) == ["jobs of aa"]
    assert f"have Reader on aa assigned to you (scope {rows.account_id()})" in no["jobs of aa"]


@pytest.mark.parametrize(
    ("scope", "what", "role"),
    [
        (rows.workspace_id("law-a"), "permissions on workspace law-a", "Log Analytics Reader"),
        (rows.account_id(), "permissions on automation account aa", "Reader"),
        (f"/subscriptions/{MAIN}", f"permissions on subscription {MAIN}", "Reader"),
    ],
)
@pytest.mark.parametrize(
    "granted",
    [
        [],
        [{"actions": ["Microsoft.Storage/*"], "notActions": []}],
        [{"actions": ["*"], "notActions": ["*/read"]}],
        [{"actions": None}],
    ],
)
def test_a_role_that_is_missing_is_named_with_its_scope(
    azure: AzureStandIn, scope: str, what: str, role: str, granted: list[Any]
) -> None:
    path = f"{scope}/providers/Microsoft.Authorization/permissions".lower()
    azure.fault(lambda one: one.path.lower() == path, changed(lambda good: {"value": granted}))
    no = lacking(azure)
    assert list(no) == [what]
    assert f"have {role} on {scope} assigned to you, you lack Microsoft." in no[what]


def test_rights_of_several_roles_add_up(azure: AzureStandIn) -> None:
    path = f"{rows.account_id()}/providers/Microsoft.Authorization/permissions".lower()
    sets = [
        {"actions": ["microsoft.automation/automationaccounts/*/READ"], "notActions": ["*/jobs/read"]},
        {"actions": ["Microsoft.Automation/automationAccounts/jobs/read"], "notActions": []},
    ]
    azure.fault(lambda one: one.path.lower() == path, changed(lambda good: {"value": sets}))
    assert not lacking(azure)


def test_a_subscription_that_resource_graph_does_not_show_is_named(azure: AzureStandIn) -> None:
    other = rows.identifier("other")
    no = lacking(azure, subscriptions=[MAIN, other])
    assert f"have Reader on /subscriptions/{other} assigned to you" in no[f"subscription {other}"]


def test_an_account_that_is_not_given_is_said(azure: AzureStandIn) -> None:
    assert list(lacking(azure, automation_account="")) == ["automation account"]


def test_a_failed_sign_in_is_one_line_that_names_what_to_run(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UMDIAG_ACCESS_TOKEN")
    assert list(lacking(azure)) == ["sign-in"]
    assert "UMDIAG_ACCESS_TOKEN" in lacking(azure)["sign-in"]
    assert not azure.wire.requests


def test_the_newest_row_is_the_clock_where_that_is_asked_for(azure: AzureStandIn) -> None:
    lines = examined(azure, asked_at="latest")
    assert lines["table Heartbeat of law-a"].told.startswith("576 rows")


@pytest.mark.parametrize(("denied", "code"), [("", 0), ("jobs", 3)])
def test_the_exit_code_says_whether_everything_can_be_reached(
    azure: AzureStandIn, tmp_path: Path, denied: str, code: int
) -> None:
    from ruamel.yaml import YAML

    if denied:
        azure.management.denied.append(f"{rows.account_id()}/{denied}")
    YAML().dump(estate.values(azure), tmp_path / "live.yml")
    done = CliRunner().invoke(app, ["doctor", str(tmp_path / "live.yml")])
    assert done.exit_code == code
    lines = done.stdout.splitlines()
    assert lines[:2] == ["Sign-in", "  ok  sign-in: signed in to AzureCloud"]
    assert sum(line.startswith("  NO  ") for line in lines) == bool(denied)
    groups = [line for line in lines[:-1] if line[:1].strip()]
    assert groups == list(dict.fromkeys(groups)), "each group once"
    assert {"Workspaces", "Tables of workspaces", "Resource Graph", "Automation account", "Permissions"} <= {
        *groups
    }
    assert lines[-1] == ("1 not reachable." if denied else "Everything can be reached.")


def test_a_table_that_every_workspace_answers_is_one_line(azure: AzureStandIn, tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    azure.logs.never_existed["law-c"] = {"UpdateSummary"}
    YAML().dump(estate.values(azure), tmp_path / "live.yml")
    told, each = (
        CliRunner().invoke(app, ["doctor", str(tmp_path / "live.yml"), *words]).stdout.splitlines()
        for words in ((), ("--verbose",))
    )
    rows_of = {
        line.split(":")[0].strip(): int(line.split(": ")[1].split()[0].replace(",", ""))
        for line in each
        if line.startswith("  ok  table Heartbeat of")
    }
    assert len(rows_of) == len(estate.WORKSPACES)
    heartbeats = [line for line in told if "table Heartbeat" in line]
    newest = "newest 2024-03-15 10:00 UTC"
    assert heartbeats == [
        f"  ok  table Heartbeat: {sum(rows_of.values()):,} rows of {len(rows_of)} workspaces, {newest}"
    ]
    summaries = [line for line in told if "table UpdateSummary" in line]
    assert len(summaries) == 2, summaries
    assert "of 2 workspaces" in summaries[0]
    assert summaries[1].startswith("  NO  table UpdateSummary of law-c: this workspace has no such table")


def test_a_snapshot_can_be_examined_too(estate_folder: Path) -> None:
    values = {"source": "snapshot", "snapshot": str(estate_folder)}
    lines = list(examine(from_values(values, folder=None)))
    assert all(one.ok for one in lines)
    assert any(one.what.startswith("table Heartbeat") for one in lines)
    groups = [group for group, _ in groupby(lines, key=lambda one: one.group)]
    assert groups == ["Tables of workspaces", "Resource Graph", "Azure Resource Manager"]
