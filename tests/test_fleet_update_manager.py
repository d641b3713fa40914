"""The fleet maker's estates of Azure Update Manager: their rows, their truth, and those of both services."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fleet import DEMO_ASKED_AT, MANAGER_FAULTS, Fleet, make_fleet
from fleet.update_manager.expect.near import distance, is_near
from fleet.update_manager.faults import LOOKALIKES
from fleet.update_manager.model import Configuration
from fleet.update_manager.schedule import moment_of, occurrences

ROOT = Path(__file__).parents[1]
MACHINES = 700
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TABLES = {
    "resources", "resourcecontainers", "resourcechanges", "patchassessmentresources",
    "patchinstallationresources", "maintenanceresources", "policyresources", "providers",
}  # fmt: skip
_ERRORS = (
    "network_unreachable agent_shutting_down update_service_disabled timed_out access_denied sudo_denied "
    "package_manager_failure superseded_operation extension_timed_out platform_error other_hresult"
)
#: What the book says of the living service, by scenario; what needs thousands of machines stands below.
BOOK: dict[str, str] = {
    "machine_non_compliant": "security_updates_missing",
    "machine_not_assessed": "workload_not_supported extension_operations_blocked provider_not_registered "
    "extension_failed created_recently enabled_recently periodic_assessment_off unknown",
    "assessment_failed": f"{_ERRORS} stuck_in_progress unknown",
    "assessment_stale": "extension_operations_blocked provider_not_registered extension_failed "
    "enabled_recently periodic_assessment_off unknown",
    "machine_disconnected": "machine_deleted machine_off agent_error agent_expired agent_stopped",
    "reboot_pending": "reboot_setting_never reboot_failed window_had_no_room reboot_not_attempted "
    "outside_update_manager unknown",
    "updates_need_subscription": "ubuntu_pro_required esu_not_assigned",
    "defender_definition_missing": "definition_updates_daily",
    "machine_unmanaged": "not_enabled",
    "periodic_assessment_off": "settings_absent not_enabled",
    "patch_mode_not_schedulable": "settings_absent bypass_flag_off patch_mode_not_platform",
    "machine_without_schedule": "platform_patches_machine patched_on_demand only_expired_schedules "
    "scope_filter_excludes no_assignment",
    "workload_not_supported": "scale_set_instance windows_client",
    "extension_operations_blocked": "allow_extension_operations_false vm_agent_not_provisioned "
    "arc_extensions_disabled arc_extension_blocked",
    "patch_extension_not_healthy": "extension_failed",
    "provider_not_registered": "provider_not_registered",
    "duplicate_machine": "arc_and_azure same_hardware_id",
    "policy_disagrees": "policy_compliant_setting_wrong policy_never_compliant",
    "scheduled_run_missed_machine": "scope_not_visible provider_not_registered assignment_lost_by_move "
    "machine_deleted machine_recreated machine_unavailable patch_mode_not_schedulable changed_too_late "
    "changed_before_run schedule_conflict workload_not_supported filter_excludes_machine "
    "taken_by_other_runs never_taken unknown",
    "schedule_did_not_run": "took_no_machine provider_not_registered never_ran unknown expired",
    "schedule_reaches_no_machine": "no_assignments scope_matches_nothing",
    "schedule_conflict": "same_start overlapping_windows",
    "assignment_points_nowhere": "machine_moved machine_deleted configuration_deleted",
    "schedule_near_limits": "scopes_per_schedule filters_per_scope",
    "configuration_invalid": "classification_invalid window_below_minimum window_above_maximum "
    "recurs_too_often",
    "run_failed_to_start": "prerequisites_not_met machine_deleted machine_recreated machine_off "
    "shutdown_or_unresponsive waiting_for_other_update unknown",
    "maintenance_window_exceeded": "window_below_minimum started_late window_too_short "
    "reported_with_time_left",
    "windows_run_failed": "network_unreachable agent_shutting_down update_service_disabled timed_out "
    "access_denied superseded_operation extension_timed_out platform_error other_hresult reboot_failed "
    "update_failed assessment_in_run_failed unknown",
    "linux_run_failed": "dependencies_unresolved package_manager_unhealthy package_interferes sudo_denied "
    "reboot_failed all_installed_but_failed unknown",
    "update_not_installing": _ERRORS,
    "run_finished_with_warnings": "reboot_withheld esm_packages_skipped list_truncated unknown",
    "run_installed_nothing": "excluded_by_configuration classification_not_selected unknown",
    "security_updates_excluded": "kb_excluded package_mask_excludes class_not_included",
    "run_cancelled": "cancelled_by_api platform_failure unknown",
    "unexpected_reboot": "vm_setting_overrides unknown",
    "update_without_deployment": "platform_patching on_demand_by_user",
    "patched_outside_window": "late_start long_install",
}
OF_MANY_MACHINES = {
    ("scheduled_run_missed_machine", "scope_limit_reached"), ("schedule_near_limits", "machines_per_scope"),
    ("schedule_near_limits", "machines_per_schedule"),
}  # fmt: skip
CONFIGURATIONS = {
    "schedule_did_not_run", "schedule_reaches_no_machine", "schedule_conflict", "schedule_near_limits",
    "configuration_invalid", "security_updates_excluded", "run_cancelled",
}  # fmt: skip

#: All that is asked of one fleet is asked in the process that made it.
of_one_fleet = pytest.mark.xdist_group("fleet of update manager")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return make_fleet(tmp_path_factory.mktemp("estate"), machines=MACHINES, services="update_manager")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    faults = [
        "machine_non_compliant/security_updates_missing", "assessment_stale/unknown",
        "run_failed_to_start/unknown",
        "scheduled_run_missed_machine/machine_unavailable unheard",
    ]  # fmt: skip
    return make_fleet(
        tmp_path_factory.mktemp("both"), machines=300, days=12, services="both", faults=faults,
        lookalikes=["be_assessed_elsewhere"], faulty_share=0.1,
    )  # fmt: skip


def rows(fleet: Fleet, table: str, kind: str = "") -> pd.DataFrame:
    """Return the rows of a table whose type ends so, their properties read."""
    found = pd.read_parquet(fleet.folder / f"{table}.parquet")
    if kind:
        found = found[found["type"].str.endswith(kind)]
    return found.assign(properties=found["properties"].map(json.loads))


def machines(fleet: Fleet) -> pd.DataFrame:
    """Return the machines of ``resources``, by their folded ids."""
    found = rows(fleet, "resources")
    kinds = ("microsoft.compute/virtualmachines", "microsoft.hybridcompute/machines")
    found = found[found["type"].isin(kinds)]
    return found.set_index(found["id"].str.lower())


def owners(ids: pd.Series, part: str) -> pd.Series:
    """Return the machines that rows belong to."""
    return ids.str.lower().str.split(part.lower()).str[0]


def when(text: str) -> datetime:
    """Read a moment as Azure writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@of_one_fleet
def test_the_truth_names_every_scenario_and_cause_of_the_book(made: Fleet) -> None:
    named = {(scenario, cause) for scenario, causes in BOOK.items() for cause in causes.split()}
    assert {(one.scenario, one.cause) for one in made.planted} == named


@pytest.mark.slow
def test_what_needs_thousands_of_machines_is_planted_where_there_are_so_many(tmp_path: Path) -> None:
    faults = [name for name in MANAGER_FAULTS if tuple(name.split("/")) in OF_MANY_MACHINES]
    fleet = make_fleet(tmp_path, machines=6000, services="update_manager", faults=faults, lookalikes=False)
    assert {(one.scenario, one.cause) for one in fleet.planted} == OF_MANY_MACHINES


@of_one_fleet
def test_a_subject_has_one_finding_per_scenario(made: Fleet) -> None:
    findings = Counter((one.scenario, one.id.lower()) for one in made.planted)
    assert set(findings.values()) == {1}


@of_one_fleet
def test_subjects_are_machines_configurations_and_subscriptions_of_the_rows(made: Fleet) -> None:
    there = rows(made, "resources")
    ids = {
        *there["id"].str.lower(),
        *owners(rows(made, "patchassessmentresources")["id"], "/patchAssessment"),
    }
    changed = {one["targetResourceId"].lower() for one in rows(made, "resourcechanges")["properties"]}
    assigned = rows(made, "maintenanceresources", "/configurationassignments")["properties"]
    gone = {one["maintenanceConfigurationId"].lower() for one in assigned}
    for one in made.planted:
        where = "configuration" if one.scenario in CONFIGURATIONS else "machine"
        if one.kind == "subscription":
            assert one.id == f"/subscriptions/{one.name}"
        elif one.kind == "maintenance_configuration":
            assert one.id.lower() in ids | gone
            assert where == "configuration" or one.cause == "configuration_deleted"
        else:
            assert (one.kind, where) == ("machine", "machine")
            assert one.id.lower() in ids | changed
            assert one.name == one.id.rsplit("/", 1)[1]


@of_one_fleet
def test_tables_and_columns_are_those_of_the_service(made: Fleet) -> None:
    known = json.loads((ROOT / "lib/umdiag/queries/tables.json").read_text(encoding="utf-8"))
    tables = {name: set(columns) for kind in known.values() for name, columns in kind.items()}
    said = json.loads((made.folder / "snapshot.json").read_text(encoding="utf-8"))["tables"]
    assert set(said) == set(made.rows) == TABLES
    for name in TABLES:
        file = made.folder / f"{name}.parquet"
        assert set(pq.read_schema(file).names) <= tables[name], name
        assert said[name] == {"rows": pq.read_metadata(file).num_rows, "complete": True}


@of_one_fleet
def test_assessments_are_the_newest_alone_and_no_older_than_a_week(made: Fleet) -> None:
    summary = rows(made, "patchassessmentresources", "/patchassessmentresults")
    summary = summary[~summary["type"].str.contains("vmware")]
    assert summary["id"].str.lower().str.endswith("/patchassessmentresults/latest").all()
    assert not owners(summary["id"], "/patchAssessment").duplicated().any()
    for told in summary["properties"]:
        assert DEMO_ASKED_AT - 7 * DAY < when(told["lastModifiedDateTime"]) <= DEMO_ASKED_AT
        assert when(told["startDateTime"]) < when(told["lastModifiedDateTime"])


@of_one_fleet
def test_counts_are_those_of_the_needed_updates(made: Fleet) -> None:
    summary = rows(made, "patchassessmentresources", "/patchassessmentresults")
    children = rows(made, "patchassessmentresources", "/softwarepatches")
    assert not children["id"].str.lower().duplicated().any()
    children = children[
        children["properties"].map(lambda told: told["patchName"]) != "Truncated_patch_list_id"
    ]
    counted = owners(children["id"], "/softwarePatches").value_counts().to_dict()
    compared = 0
    for key, told in zip(summary["id"].str.lower(), summary["properties"], strict=True):
        counts = told.get("availablePatchCountByClassification")
        if counts and told["status"] in ("Succeeded", "CompletedWithWarnings"):
            assert sum(map(int, counts.values())) == counted.get(key, 0), key
            compared += 1
    assert compared > MACHINES / 2


@of_one_fleet
def test_states_follow_from_the_rows(made: Fleet) -> None:
    known = machines(made)
    summary = rows(made, "patchassessmentresources", "/patchassessmentresults")
    told = dict(zip(owners(summary["id"], "/patchAssessment"), summary["properties"], strict=True))
    assert set(known.index) <= set(made.states)
    for machine, state in made.states.items():
        one = told.get(machine)
        if state == "not_assessed":
            assert one is None
        elif state == "assessment_failed":
            assert one["status"] in ("Failed", "InProgress")
        elif state in ("compliant", "non_compliant", "assessment_stale"):
            assert one["status"] in ("Succeeded", "CompletedWithWarnings")
            old = DEMO_ASKED_AT - when(one["lastModifiedDateTime"]) > 48 * HOUR
            assert old == (state == "assessment_stale")
            counts = one.get("availablePatchCountByClassification")
            if counts and not old:
                lacking = int(counts["critical"]) + int(counts["security"]) > 0
                assert lacking == (state == "non_compliant")
        elif state == "disconnected":
            assert machine not in known.index or not is_on(known.loc[machine, "properties"])


def is_on(properties: dict[str, Any]) -> bool:
    """Tell whether a machine is on."""
    view = properties.get("extended", {}).get("instanceView", {})
    return "PowerState/running" in view.get("powerState", {}).get("code", properties.get("status")) or (
        properties.get("status") == "Connected"
    )


@of_one_fleet
def test_machine_runs_and_installations_belong_to_runs_of_configurations(made: Fleet) -> None:
    runs = rows(made, "maintenanceresources", "/maintenanceconfigurations/applyupdates")
    runs = runs[runs["properties"].map(lambda told: told["maintenanceConfiguration"]["name"] != "mc-hosts")]
    known = set(runs["id"].str.lower())
    for key, told in zip(runs["id"], runs["properties"], strict=True):
        assert told["correlationId"].lower() == key.lower()
        stamp = datetime.strptime(key.rsplit("/", 1)[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        assert stamp == when(told["startDateTime"])
        assert DEMO_ASKED_AT - 30 * DAY < stamp <= DEMO_ASKED_AT
    on_machines = rows(made, "maintenanceresources", "microsoft.maintenance/applyupdates")
    assert len(on_machines)
    for key, told in zip(on_machines["id"], on_machines["properties"], strict=True):
        assert told["correlationId"].lower() in known or "mc-hub" in told["correlationId"].lower()
        assert told.get("resourceId", key).lower() == key.lower().split("/providers/microsoft.maintenance/")[
            0
        ] or ("resourceId" not in told)
    done = rows(made, "patchinstallationresources", "/patchinstallationresults")
    scheduled = [told["maintenanceRunId"].lower() for told in done["properties"]
                 if "/applyupdates/" in told.get("maintenanceRunId", "").lower()]  # fmt: skip
    assert len(scheduled) > MACHINES
    assert all(one in known or "mc-hub" in one for one in scheduled)


@of_one_fleet
def test_a_run_counts_the_machines_that_it_took(made: Fleet) -> None:
    runs = rows(made, "maintenanceresources", "/maintenanceconfigurations/applyupdates")
    took = rows(made, "maintenanceresources", "microsoft.maintenance/applyupdates")["properties"]
    counted = Counter(told["correlationId"].lower() for told in took)
    differs = set()
    for key, told in zip(runs["id"].str.lower(), runs["properties"], strict=True):
        total = int((told.get("resourceUpdateSummary") or {}).get("total", 0))
        if total != counted[key]:
            differs.add(told["maintenanceConfiguration"]["name"])
    # the schedule that also reaches the subscription whose runs nobody may read
    assert differs == {"mc-lab"}


@of_one_fleet
def test_installations_count_their_updates(made: Fleet) -> None:
    summary = rows(made, "patchinstallationresources", "/patchinstallationresults")
    children = rows(made, "patchinstallationresources", "/softwarepatches")
    states = children["properties"].map(lambda told: told["installationState"])
    counted = Counter(zip(owners(children["id"], "/softwarePatches"), states, strict=True))
    for key, told in zip(summary["id"].str.lower(), summary["properties"], strict=True):
        for state in ("installed", "failed", "pending", "excluded", "notSelected"):
            word = state[0].upper() + state[1:]
            assert int(told[f"{state}PatchCount"]) == counted[key, word]
        assert when(told["startDateTime"]) <= when(told["lastModifiedDateTime"]) <= DEMO_ASKED_AT


@of_one_fleet
def test_two_spellings_of_everything_are_written(made: Fleet) -> None:
    configurations = rows(made, "resources", "/maintenanceconfigurations")["properties"]
    words = {one["installPatches"]["rebootSetting"] for one in configurations if "installPatches" in one}
    assert words >= {"Never", "NeverReboot", "AlwaysReboot", "IfRequired"}
    runs = rows(made, "maintenanceresources", "/maintenanceconfigurations/applyupdates")["properties"]
    assert {one["status"] for one in runs} >= {"Cancelled", "Canceled", "Cancel", "Completed", "InProgress"}
    told = rows(made, "patchassessmentresources", "/patchassessmentresults")["properties"]
    assert {one.get("patchServiceUsed") for one in told} >= {"WU_WSUS", "WU-WSUS", "WU", "APT", "Zypper"}
    assert {type(one["rebootPending"]) for one in told} == {bool, str}
    needed = rows(made, "patchassessmentresources", "/softwarepatches")
    classes = {one["classifications"][0] for one in needed["properties"]}
    assert classes >= {"UpdateRollup", "Update Rollups", "Other", "Others", "Definition", "Security-ESM"}
    numbers = [one["kbId"] for one in needed["properties"] if one.get("kbId")]
    assert {number.startswith("KB") for number in numbers} == {True, False}
    ids = needed["id"]
    assert {(one == one.lower(), one == one.upper()) for one in ids} == {
        (True, False),
        (False, True),
        (False, False),
    }
    assigned = rows(made, "maintenanceresources", "/configurationassignments")["properties"]
    filters = [one["filter"] for one in assigned if one.get("filter")]
    assert {None, 0, 3} <= {len(one["locations"]) if "locations" in one else None for one in filters}
    operators = {one.get("tagSettings", {}).get("filterOperator") for one in filters}
    assert operators == {"All", "Any", None}


@of_one_fleet
def test_policies_tell_of_the_setting(made: Fleet) -> None:
    told = rows(made, "policyresources")["properties"]
    assert {one["complianceState"] for one in told} == {"Compliant", "NonCompliant", "Exempt"}
    assert all(one["policyDefinitionId"].endswith("bd876905-5b84-4f73-ab2d-2e7a7c4568d9") for one in told)


def digests(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def test_equal_arguments_write_equal_bytes_and_another_seed_others(tmp_path: Path) -> None:
    made = [
        make_fleet(
            tmp_path / str(turn), machines=120, services="update_manager", seed=seed,
            lookalikes=["cut_the_list"],
            faults=["reboot_pending/reboot_failed", "assessment_failed/timed_out"],
        )
        for turn, seed in enumerate((7, 7, 8))
    ]  # fmt: skip
    assert digests(made[0].folder) == digests(made[1].folder)
    assert made[0].planted != made[2].planted


def test_drift_spells_every_machine_otherwise_and_changes_no_truth(tmp_path: Path) -> None:
    faults = ["patch_mode_not_schedulable/bypass_flag_off", "update_not_installing/timed_out"]
    plain, odd = (
        make_fleet(
            tmp_path / str(drift), machines=120, services="update_manager", faults=faults, lookalikes=False,
            drift=drift,
        )
        for drift in (False, True)
    )  # fmt: skip
    assert plain.planted == odd.planted
    done = rows(odd, "patchinstallationresources", "/patchinstallationresults")["properties"]
    assert {type(one["maintenanceWindowExceeded"]) for one in done} == {str}


@pytest.mark.parametrize("lookalikes", [False, True])
def test_a_healthy_estate_plants_nothing(tmp_path: Path, lookalikes: bool) -> None:
    fleet = make_fleet(
        tmp_path, machines=300, faults=[], lookalikes=lookalikes, services="update_manager"
    )  # fmt: skip
    assert fleet.planted == ()
    counted = Counter(fleet.states.values())
    odd = {"unknown": 17, "not_managed": 6} if lookalikes else {}
    assert counted == {"compliant": len(fleet.states) - sum(odd.values()), **odd}


@pytest.mark.slow
@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_lookalike_alone_is_quiet(tmp_path: Path, name: str) -> None:
    fleet = make_fleet(tmp_path, machines=120, faults=[], lookalikes=[name], services="update_manager")
    assert fleet.planted == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days_later", [0, 1, 5, 17, 40])
def test_a_healthy_estate_is_quiet_at_any_time(tmp_path: Path, seed: int, days_later: int) -> None:
    fleet = make_fleet(
        tmp_path, machines=300, faults=[], services="update_manager", seed=seed,
        asked_at=DEMO_ASKED_AT + days_later * DAY + seed * 5 * HOUR,
    )  # fmt: skip
    assert fleet.planted == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [one for one in MANAGER_FAULTS if tuple(one.split("/")) not in OF_MANY_MACHINES and "unheard" not in one],
)
def test_a_fault_alone_plants_itself(tmp_path: Path, name: str) -> None:
    # A run that takes nobody is another fault: some machines are taken beside those that it leaves out.
    beside = "maintenance_window_exceeded/started_late"
    fleet = make_fleet(
        tmp_path, machines=350, faults=[*{name, beside}], lookalikes=False, services="update_manager"
    )  # fmt: skip
    assert name.partition(" ")[0] in {f"{one.scenario}/{one.cause}" for one in fleet.planted}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"services": "wsus"}, "no such services: wsus"),
        ({"faults": ["workspace_over_quota/daily_cap_reached"]}, "no such fault"),
        ({"machines": 60}, "60 machines are too few"),
    ],
)
def test_what_cannot_be_made_is_refused(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_fleet(tmp_path / "none", **({"services": "update_manager", "machines": 200} | wrong))
    assert not (tmp_path / "none").exists()


def written(fleet: Fleet) -> Iterator[str]:
    """Yield the ids of machines that have rows of both services."""
    beats = set(rows_of_logs(fleet)["ResourceId"].dropna().str.lower())
    yield from beats & set(owners(rows(fleet, "patchassessmentresources")["id"], "/patchAssessment"))


def rows_of_logs(fleet: Fleet) -> pd.DataFrame:
    return pd.read_parquet(fleet.folder / "Heartbeat.parquet")


def test_machines_of_both_services_are_there_once_and_judged_by_the_living_one(both: Fleet) -> None:
    shared = set(written(both))
    assert len(shared) >= 8
    known = machines(both)
    assert not known.index.duplicated().any()
    of_both = [one for one in both.planted if one.id.lower() in shared]
    assert {one.scenario for one in of_both} >= {"run_failed_to_start", "scheduled_run_missed_machine"}
    assert "machine_non_compliant" not in {one.scenario for one in of_both}
    # of those that only somebody's view in Update Manager tells, one failed and one is five days old
    told = {(one.scenario, one.cause) for one in of_both}
    assert {("assessment_failed", "unknown"), ("assessment_stale", "periodic_assessment_off")} <= told
    names = dict(
        zip(rows_of_logs(both)["ResourceId"].str.lower(), rows_of_logs(both)["Computer"], strict=True)
    )
    assert all(one.name == names[one.id.lower()] for one in of_both)
    assert {both.states[one] for one in shared} == {"compliant", "assessment_failed", "assessment_stale"}


def test_an_unheard_machine_was_silent_around_the_run_that_missed_it(both: Fleet) -> None:
    (missed,) = [one for one in both.planted if one.cause == "machine_unavailable"]
    assert missed.severity == "medium"
    beats = rows_of_logs(both)
    mine = beats.loc[beats["ResourceId"].fillna("").str.lower() == missed.id.lower(), "TimeGenerated"]
    run = pd.Timestamp(DEMO_ASKED_AT - 34 * HOUR)
    assert (mine < run).any()
    assert (mine > run).any()
    assert not mine.between(run - HOUR, run + HOUR).any()


def test_both_services_write_every_table(both: Fleet) -> None:
    known = json.loads((ROOT / "lib/umdiag/queries/tables.json").read_text(encoding="utf-8"))
    assert set(both.rows) == {name for kind in known.values() for name in kind}
    ids = rows(both, "resourcecontainers")["id"].str.lower()
    assert not ids.duplicated().any()


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("2Days", [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29]),
        ("Week Tue,Saturday", [2, 6, 9, 13, 16, 20, 23, 27, 30]),
        ("1Month day5,day-1", [5, 30]),
        ("Month Second Tuesday Offset6", [19]),
        ("1Month Last Friday Offset-2", [25]),
        ("1Month Fourth Monday", [25]),
    ],
)
def test_a_rhythm_falls_on_these_days_of_a_month(every: str, days: list[int]) -> None:
    one = Configuration(
        name="x",
        subscription=0,
        starts=datetime(2026, 5, 30, 22),
        every=every,
        zone="W. Europe Standard Time",
    )
    month = [int(datetime(2026, 6, day, tzinfo=UTC).timestamp()) for day in (1, 30)]
    found = occurrences(one, month[0], month[1] + 86400)
    expected = {
        "Month Second Tuesday Offset6": [15],
        "1Month Last Friday Offset-2": [24],
        "1Month Fourth Monday": [22],
    }
    days = expected.get(every, days)
    assert [datetime.fromtimestamp(at, UTC).day for at in found if at] == days


def test_hours_step_in_elapsed_time_and_days_in_wall_time() -> None:
    zone = "W. Europe Standard Time"
    before = moment_of(datetime(2026, 10, 23, 12), zone)
    for every, apart in (("12Hours", {12}), ("1Day", {24, 25})):
        one = Configuration(
            name="x", subscription=0, starts=datetime(2026, 10, 20, 3), every=every, zone=zone
        )
        found = occurrences(one, before, before + 4 * 86400)
        assert set(np.diff(found) // 3600) == apart


def test_words_are_near_by_two_letters_and_not_by_digits() -> None:
    assert distance("prdo", "prod") == 2
    assert is_near("wekly", "weekly")
    assert not is_near("ring1", "ring2")
    assert not is_near("db", "dc")
    assert not is_near("preprod", "prod")
