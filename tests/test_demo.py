"""The demo tells a story: seven things happened, the rest follows from them, and the kit finds all of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "parameters" / "demo"
TRUTH = json.loads((DEMO / "planted.json").read_text(encoding="utf-8"))
#: What happened, and the least that follows from it: scenario and cause, and of how many subjects.
STORY: dict[str, dict[str, int]] = {
    "capped_workspace": {"workspace_over_quota/daily_cap_reached": 1, "assessment_stale/quota_reached": 20},
    "firewall_change": {"machine_disconnected/agent_stopped": 20},
    "tag_renamed": {
        "scheduled_run_missed_machine/changed_before_run": 40,
        "machine_without_schedule/scope_filter_excludes": 40,
        "machine_non_compliant/security_updates_missing": 40,
    },
    "provider_not_registered": {
        "provider_not_registered/provider_not_registered": 1,
        "scheduled_run_missed_machine/provider_not_registered": 40,
        "machine_non_compliant/security_updates_missing": 40,
    },
    "image_without_flag": {
        "patch_mode_not_schedulable/bypass_flag_off": 30,
        "scheduled_run_missed_machine/patch_mode_not_schedulable": 30,
    },
    "wsus_fails": {"assessment_failed/wsus_unreachable": 10, "assessment_failed/network_unreachable": 20},
    "update_fails_everywhere": {
        "update_not_installing/other_hresult": 60,
        "windows_run_failed/other_hresult": 60,
    },
}
#: What happened, by the incident that a reader is told of.
INCIDENTS = {
    "update_not_installing/other_hresult": "update_fails_everywhere",
    "provider_not_registered/provider_not_registered": "provider_not_registered",
    "patch_mode_not_schedulable/bypass_flag_off": "image_without_flag",
    "workspace_over_quota/daily_cap_reached": "capped_workspace",
    "scheduled_run_missed_machine/changed_before_run": "tag_renamed",
    "machine_disconnected/agent_stopped": "firewall_change",
    "assessment_failed/network_unreachable": "wsus_fails",
}
#: What happened as well to other machines, which tell of it in another way: incidents further down.
TOLD_APART = {
    "firewall_change": {"machine_disconnected/machine_off"},
    "wsus_fails": {"assessment_failed/wsus_unreachable"},
}


def rows(table: str, *columns: str) -> pd.DataFrame:
    return pd.read_parquet(DEMO / f"{table}.parquet", columns=list(columns) or None)


def test_seven_things_happened_and_much_follows_from_each() -> None:
    assert set(TRUTH["roots"]) == set(STORY)
    for name, least in STORY.items():
        follows = TRUTH["roots"][name]["follows"]
        assert {cause: min(follows.get(cause, 0), count) for cause, count in least.items()} == least, name


def test_no_machine_outside_the_story_lacks_a_critical_update() -> None:
    lacking = [one for one in TRUTH["planted"] if one["scenario"] == "machine_non_compliant"]
    critical = [one for one in lacking if one["severity"] == "high"]
    assert critical
    assert [one["name"] for one in critical if one["root"] is None] == []


def test_most_machines_are_well_and_noise_is_little() -> None:
    count = sum(TRUTH["states"].values())
    assert count >= 1950
    assert TRUTH["states"]["compliant"] > 0.8 * count
    noise = [one for one in TRUTH["planted"] if one["root"] is None and one["severity"] != "info"]
    assert 0 < len(noise) < 0.02 * count
    assert {one["severity"] for one in noise} <= {"low", "medium"}


def test_most_machines_are_of_azure_update_manager_and_a_part_has_rows_of_the_old_service() -> None:
    assessed = rows("patchassessmentresources", "type")["type"].str.endswith("patchassessmentresults").sum()
    heard = rows("Heartbeat", "SourceComputerId")["SourceComputerId"].nunique()
    assert assessed > 1300
    assert 400 < heard < 600


def test_a_whole_subnet_fell_silent_at_once_and_nothing_else_lies_in_it() -> None:
    beats = rows("Heartbeat", "TimeGenerated", "Computer", "ComputerPrivateIPs")
    inside = beats[beats["ComputerPrivateIPs"].str.contains('"10.20.30.', regex=False)]
    last = inside.groupby("Computer")["TimeGenerated"].max()
    asked = pd.Timestamp(json.loads((DEMO / "snapshot.json").read_text(encoding="utf-8"))["asked_at"])
    assert len(last) > 20
    assert last.max() <= asked - pd.Timedelta(hours=50)
    assert last.min() > asked - pd.Timedelta(hours=51)


@pytest.mark.xdist_group("three ways")
def test_the_report_on_the_demo_finds_the_story_and_nothing_else(demo_report: Path) -> None:
    found: dict[str, Any] = json.loads((demo_report / "findings.json").read_text(encoding="utf-8"))
    told = Counter(
        (
            diagnosis["scenario"],
            one["cause"],
            one["subject"]["kind"],
            one["subject"]["id"].lower(),
            one["severity"],
        )
        for diagnosis in found["diagnoses"]
        for one in diagnosis["findings"]
    )
    planted = Counter(
        (one["scenario"], one["cause"], one["kind"], one["id"].lower(), one["severity"])
        for one in TRUTH["planted"]
    )
    assert sorted((told - planted).elements()) == []
    assert sorted((planted - told).elements()) == []


@pytest.mark.xdist_group("three ways")
def test_the_first_incidents_are_what_happened_with_all_that_follows_from_each(demo_report: Path) -> None:
    found: dict[str, Any] = json.loads((demo_report / "findings.json").read_text(encoding="utf-8"))
    first = found["incidents"][: len(STORY)]
    assert [f"{one['scenario']}/{one['cause']}" for one in first] == list(INCIDENTS)
    reached = members_of_incidents(found["diagnoses"])
    for incident in first:
        name = f"{incident['scenario']}/{incident['cause']}"
        root, members = INCIDENTS[name], reached[name]
        assert incident["roots"] + incident["explains"] == len(members)
        planted = {
            (one["scenario"], one["cause"], one["id"].lower())
            for one in TRUTH["planted"]
            if one["root"] == root and f"{one['scenario']}/{one['cause']}" not in TOLD_APART.get(root, ())
        }
        assert members == planted, name


def members_of_incidents(diagnoses: list[dict[str, Any]]) -> dict[str, set[tuple[str, str, str]]]:
    """Return the findings of each incident, found by way of what explains them."""
    by = {
        (diagnosis["scenario"], one["cause"], one["subject"]["id"].lower()): [
            (reason["scenario"], reason["cause"], reason["subject_id"].lower())
            for reason in one["explained_by"]
        ]
        for diagnosis in diagnoses
        for one in diagnosis["findings"]
        if one["severity"] != "info"
    }
    members: dict[str, set[tuple[str, str, str]]] = {}
    for finding in by:
        above = {finding}
        while above:
            roots = {one for one in above if not by[one]}
            for scenario, cause, _ in roots:
                members.setdefault(f"{scenario}/{cause}", set()).add(finding)
            above = {reason for one in above for reason in by[one]}
    return members
