"""Which machines the next run of a schedule takes, and why not another: frame, page, terminal and CSV."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.estates import Estate, derived_once
from support.snapshot_rows import arm_id, write_snapshot
from umdiag import show
from umdiag.__main__ import execute
from umdiag.frames.next_run_machines import PREREQUISITES
from umdiag.report.next_run import table
from umdiag.show.next_run import REASONS, named

FIT: dict[str, Any] = {"patch": {"mode": "AutomaticByPlatform", "bypass": True}, "tags": {"env": "prod"}}
CLIENT = "microsoftwindowsdesktop windows-11 win11-22h2-ent"
GIVEN: dict[str, Any] = {
    "machines": {
        "fit": FIT,
        "arc": {"kind": "arc", "tags": {"env": "prod"}},
        "off": FIT | {"power": "PowerState/deallocated"},
        "flagless": FIT | {"patch": {"mode": "AutomaticByPlatform"}},
        "client": FIT | {"image": CLIENT},
        "named client": FIT | {"image": CLIENT, "resource_name": "named-client"},
        "node": FIT | {"scale_set": "/subscriptions/x/virtualMachineScaleSets/nodes"},
        "blocked": FIT | {"agent_settings": {"allowExtensionOperations": False}},
        "twice": FIT | {"tags": {"env": "prod", "also": "daily"}},
        "test": FIT | {"tags": {"env": "test"}, "location": "northeurope"},
    },
    "schedules": {
        "weekly": {
            "machines": ["named client"],
            "scopes": [{"tags": {"env": ["prod"]}}, {"groups": ["none"], "tags": {"env": ["prod"]}}],
        },
        "daily": {"every": "Day", "starts": "2024-03-16 22:04", "scopes": [{"tags": {"also": ["daily"]}}]},
        "expired": {"expires": "2024-03-01 00:00", "scopes": [{}]},
    },
}


@cache
def estate(*suspects: str) -> Any:
    kit = Estate(GIVEN, suspects=list(suspects)).kit()
    with derived_once():
        return kit, kit.frame("next_runs"), kit.frame("next_run_machines")


def rows_of(schedule: str, *suspects: str) -> pd.DataFrame:
    _, runs, machines = estate(*suspects)
    key = named(runs, schedule)["configuration_key"].iloc[0]
    return machines[machines["configuration_key"] == key].set_index("computer")


def test_next_start_and_what_it_takes_stand_for_every_schedule_in_force():
    _, runs, _ = estate()
    told = {
        run.configuration: (f"{run.start:%m-%d %H:%M}", run.machines, run.taken) for run in runs.itertuples()
    }
    assert told == {"daily": ("03-16 22:04", 1, 1), "weekly": ("03-18 22:00", 8, 3)}


@pytest.mark.parametrize(
    ("computer", "failing"),
    [
        ("fit", []),
        ("arc", []),
        ("off", ["machine_off"]),
        ("flagless", ["not_customer_managed"]),
        ("client", ["workload_not_supported"]),
        ("named-client", []),
        ("blocked", ["extension_operations_blocked"]),
        ("twice", ["schedule_conflict"]),
    ],
)
def test_a_selected_machine_is_taken_unless_a_prerequisite_fails(computer, failing):
    machine = rows_of("weekly").loc[computer]
    assert [name for name in PREREQUISITES if machine[name]] == failing
    assert machine["selected"]
    assert machine["taken"] == (not failing)


def test_a_provider_that_is_not_registered_takes_no_machine():
    kit = Estate(GIVEN | {"subscriptions": {"main": {"maintenance": "NotRegistered"}}}).kit()
    machines = kit.frame("next_run_machines")
    assert machines["provider_not_registered"].all()
    assert not machines["taken"].any()


def test_where_registrations_were_not_seen_nothing_is_said_of_them():
    kit = Estate(GIVEN | {"denied": ["providers"]}).kit()
    machines = kit.frame("next_run_machines")
    assert machines["provider_not_registered"].isna().all()
    assert machines["taken"].any()


def test_a_scale_set_instance_is_selected_by_nothing():
    assert "node" not in rows_of("weekly").index


def test_the_nearest_scope_tells_what_drops_a_machine():
    machine = rows_of("weekly", "TEST").loc["test"]
    assert not machine["selected"]
    assert machine["dropped_by"] == [
        {"scope": 1, "predicate": "tags", "wanted": "env in (prod)", "actual": "env=test"}
    ]


@pytest.mark.parametrize("suspect", ["test", "Test ", arm_id("test"), arm_id("test").upper() + "/"])
def test_a_suspect_is_known_by_name_and_by_id(suspect):
    assert rows_of("daily", suspect).loc["test", "asked"]


def test_a_suspect_that_is_not_shown_is_told_once():
    kit, _, _ = estate("nobody")
    shown = str(kit.call(show.next_run, configuration=""))
    assert shown.count("nobody") == 1
    assert "Azure shows no machine of this name" in shown


def test_every_prerequisite_has_its_words():
    assert tuple(REASONS) == PREREQUISITES


def test_a_page_names_what_is_not_patched_and_why():
    kit, _, _ = estate("test")
    shown = str(kit.call(show.next_run, configuration="weekly"))
    assert "weekly | 2024-03-18 22:00 UTC | 1Week Monday (UTC) | 8 | 3" in shown
    assert "weekly | 1 machine | it is off now | off" in shown
    assert "test | weekly | no | scope 1, tags: wanted env in (prod), has env=test" in shown
    assert "daily" not in shown.replace("also=daily", "")


def test_without_schedules_a_page_says_so():
    kit = Estate({"machines": {"web01": {}}}).kit()
    assert "no schedule in force" in str(kit.call(show.next_run, configuration=""))


def test_where_schedules_were_not_seen_a_page_says_so():
    kit = Estate(GIVEN | {"denied": ["maintenanceresources"]}).kit()
    assert "could not be determined" in str(kit.call(show.next_run, configuration=""))


def test_rows_for_a_spreadsheet_name_every_reason():
    _, runs, machines = estate("test")
    rows = table(named(runs, "weekly"), machines).set_index("computer")
    assert rows["will_be_patched"].sum() == 3
    assert rows.loc["off", "why_not"] == REASONS["machine_off"]
    assert rows.loc["test", "why_not"].startswith("scope 1, tags")
    assert set(rows["schedule"]) == {"weekly"}


# -- the command ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parameters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("next run")
    machines = GIVEN["machines"] | {"formula": FIT | {"resource_name": "=1+1"}}
    write_snapshot(folder / "snapshot", GIVEN | {"machines": machines})
    file = folder / "estate.yml"
    file.write_text(
        "source: snapshot\nsnapshot: snapshot\nlookback: 3d\nsuspects: [test]\n", encoding="utf-8"
    )
    return file


def test_the_command_prints_and_writes_what_it_found(parameters, tmp_path, capsys):
    assert execute(["next-run", str(parameters), "WEEKLY", "--csv", str(tmp_path / "next.csv")]) == 0
    printed = capsys.readouterr().out
    assert "weekly | 2024-03-18 22:00 UTC" in printed
    assert "test | weekly | no | scope 1, tags" in printed
    written = (tmp_path / "next.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(written.splitlines()))
    assert {row["computer"]: row["will_be_patched"] for row in rows}["fit"] == "true"
    assert "'=1+1" in {row["computer"] for row in rows}


def test_a_schedule_that_is_not_there_is_refused_with_those_that_are(parameters, capsys):
    assert execute(["next-run", str(parameters), "monthly"]) == 2
    assert "there are daily, weekly" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_a_wrong_call(parameters, tmp_path, capsys):
    assert execute(["next-run", str(parameters), "--csv", str(tmp_path / "no" / "such" / "next.csv")]) == 2
    assert "--csv" in capsys.readouterr().err


def test_where_nothing_was_seen_the_command_says_why(tmp_path, capsys):
    write_snapshot(tmp_path / "snapshot", GIVEN | {"denied": ["maintenanceresources"]})
    file = Path(tmp_path / "estate.yml")
    file.write_text("source: snapshot\nsnapshot: snapshot\nlookback: 3d\n", encoding="utf-8")
    assert execute(["next-run", str(file)]) == 2
    assert "maintenanceresources" in capsys.readouterr().err
