"""Schedules of Azure Update Manager as frames: what is assigned, whom they select, when they start."""

from __future__ import annotations

from datetime import timedelta
from time import process_time
from typing import Any

import pandas as pd
import pytest

from support.estates import Estate, derived_once
from support.snapshot_rows import ASKED_AT, arm_id, identifier
from umdiag.frames import (
    assignments,
    configurations,
    estate,
    occurrences,
    schedule_conflicts,
    scope_funnels,
    selections,
)
from umdiag.queries import kql

MACHINES: dict[str, Any] = {
    "web01": {"tags": {"Env": "Prod", "team": "shop"}},
    "web02": {"tags": {"env": "test"}, "location": "northeurope", "group": "rg-other"},
    "db01": {"os": "Linux", "tags": {}, "subscription": "spoke"},
    "arc1": {"kind": "arc", "tags": {"env": "prod"}},
    "node": {"scale_set": "/subscriptions/x/virtualMachineScaleSets/nodes", "tags": {"env": "prod"}},
}
MAIN = {"web01", "web02", "arc1"}


def kit_of(**given: Any) -> Any:
    given = {"machines": MACHINES, "subscriptions": {"spoke": {}}} | given
    return Estate(given, services=["update_manager"]).kit()


def selected_by(*scopes: dict[str, Any]) -> set[str]:
    with derived_once():
        rows = kit_of(schedules={"weekly": {"scopes": list(scopes)}}).frame("selections")
    return {key.rpartition("/")[2] for key in rows["machine_key"]}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, MAIN),
        ({"scope": "spoke"}, {"db01"}),
        ({"scope": "main/RG-other"}, {"web02"}),
        ({"groups": ["RG-OTHER"]}, {"web02"}),
        ({"groups": [], "types": [], "systems": [], "locations": []}, MAIN),
        ({"types": ["Microsoft.HybridCompute/machines"]}, {"arc1"}),
        ({"scope": "spoke", "systems": ["linux"]}, {"db01"}),
        ({"systems": ["Linux"]}, set()),
        ({"locations": ["North Europe"]}, {"web02"}),
        ({"tags": {"ENV": ["PROD"]}}, {"web01", "arc1"}),
        ({"tags": {"env": []}}, MAIN),
        ({"tags": {"env": ["test"], "team": ["shop"]}, "operator": "Any"}, {"web01", "web02"}),
        ({"tags": {"env": ["test"], "team": ["shop"]}, "operator": None}, {"web01", "web02"}),
        ({"tags": {"env": ["prod", "test"], "team": []}, "operator": "All"}, {"web01"}),
        ({"tags": {}}, MAIN),
    ],
)
def test_a_scope_selects_what_passes_every_filter(scope, expected):
    assert selected_by(scope) == expected


def test_a_funnel_counts_what_each_filter_keeps_of_the_one_before():
    scope = {"locations": ["West Europe"], "systems": ["windows"], "tags": {"env": ["prod"]}}
    steps = kit_of(schedules={"weekly": {"scopes": [scope]}}).frame("scope_funnels")
    assert list(steps["predicate"]) == [
        "scope", "resource_group", "resource_type", "operating_system", "location", "tags",
    ]  # fmt: skip
    kept = list(zip(steps["of"], steps["kept"], strict=True))
    assert kept == [
        (4, 3),
        (3, 3),
        (3, 3),
        (3, 3),
        (3, 2),
        (2, 2),
    ]
    assert [key.rpartition("/")[2] for key in sorted(steps["machine_keys"].iloc[-1])] == ["web01", "arc1"]


def test_an_expired_schedule_selects_and_is_not_living():
    schedules = {"weekly": {"machines": ["web01"], "expires": "2024-03-15 09:59"}}
    rows = kit_of(schedules=schedules).frame("selections")
    assert list(rows["living"]) == [False]
    assert list(rows["readable"]) == [True]


@pytest.mark.parametrize(
    ("hub", "living", "readable"),
    [({"visible": False}, pd.NA, False), ({}, False, True)],
    ids=["cannot be seen", "was deleted"],
)
def test_a_schedule_that_is_not_shown_cannot_be_read_or_was_deleted(hub, living, readable):
    given = {"hub": hub, "spoke": {}}
    schedules = {"weekly": {"resource": False, "subscription": "hub", "machines": ["web01"]}}
    row = kit_of(subscriptions=given, schedules=schedules).frame("selections").iloc[0]
    assert row["living"] is living or row["living"] == living
    assert row["readable"] == readable


def test_whether_a_schedule_was_deleted_cannot_be_told_without_subscriptions():
    schedules = {"weekly": {"resource": False, "machines": ["web01"]}}
    row = kit_of(schedules=schedules, denied=["resourcecontainers"]).frame("selections").iloc[0]
    assert pd.isna(row["living"])
    assert pd.isna(row["readable"])


def test_other_kinds_of_maintenance_and_of_resources_are_left_out():
    place = f"/subscriptions/{identifier('main')}/resourceGroups/rg/providers"
    hosts = f"{place}/Microsoft.Compute/hostGroups/g"
    host = {
        "id": f"{hosts}/providers/Microsoft.Maintenance/configurationAssignments/a",
        "type": "microsoft.maintenance/configurationassignments",
        "properties": {
            "maintenanceConfigurationId": "/x",
            "resourceId": hosts,
        },
    }
    schedules = {"host": {"of": "Host", "machines": ["web01"]}, "weekly": {"machines": ["web02"]}}
    rows = kit_of(schedules=schedules, rows={"maintenanceresources": [host]}).frame("assignments")
    assert list(rows["machine_key"]) == [arm_id("web02", group="rg-other").lower()]


def test_starts_reach_from_the_window_to_31_days_ahead_and_end_at_the_expiry():
    schedules = {
        "daily": {"every": "Day", "starts": "2024-03-01 12:00", "expires": "2024-03-20 12:00"},
        "odd": {"every": "2Weeks Monday"},
        "lost": {"every": "Day", "zone": "Mars Standard Time"},
    }
    rows = kit_of(schedules=schedules).frame("occurrences")
    assert [f"{start:%m-%d %H}" for start in rows["start"]] == [f"03-{day} 12" for day in range(12, 20)]
    assert set(rows["end"] - rows["start"]) == {timedelta(hours=3)}


def test_settings_of_a_schedule_are_read_in_every_spelling():
    windows = {"ClassificationsToInclude": "Critical", "kbNumbersToExclude": ["KB5001", " 5002 "]}
    schedules = {"weekly": {"reboot": "NeverReboot", "windows": windows, "linux": None, "duration": "3:55"}}
    row = kit_of(schedules=schedules).frame("configurations").iloc[0]
    assert row["never_restarts"]
    assert row["windows_classes"] == ["critical"]
    assert row["linux_classes"] is None
    assert row["kb_excluded"] == ["5001", "5002"]
    assert row["minutes"] == 235


# -- many machines, many scopes ---------------------------------------------------------------------------

MANY, SCOPES = 100_000, 500


def _filled(query: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of a fact; what is not named is missing."""
    empty = kql.empty(kql.queries()[query])
    columns = {
        name: [row.get(name, "" if dtype == "str" else None) for row in rows]
        for name, dtype in empty.dtypes.items()
    }
    return pd.DataFrame(columns, dtype="object").astype(empty.dtypes.to_dict())


@pytest.mark.slow
def test_a_hundred_thousand_machines_and_five_hundred_scopes_cost_seconds():
    place = "/subscriptions/s{}/resourceGroups/rg{}/providers/Microsoft.Compute/virtualMachines/vm{}"
    kind = {
        "machine_type": "microsoft.compute/virtualmachines",
        "location": "westeurope",
        "os_type": "Windows",
    }
    machines = [
        {"id": place.format(n % 3, n % 50, n), "name": f"vm{n}", "subscription_id": f"s{n % 3}", **kind}
        | {"resource_group": f"rg{n % 50}", "tags": {f"k{m}": str(n * m % 7) for m in range(8)}}
        for n in range(MANY)
    ]
    hub = "/subscriptions/s0/resourceGroups/hub/providers/Microsoft.Maintenance/maintenanceConfigurations/c"
    window = {
        "start_date_time": "2024-01-01 22:00",
        "time_zone": "UTC",
        "recur_every": "Day",
        "duration": "03:00",
    }
    named = [
        {"id": f"{hub}{n}", "name": f"c{n}", "maintenance_scope": "InGuestPatch"} | window for n in range(50)
    ]
    tags = {"tags": {"k1": ["1", "2"], "k2": []}, "filterOperator": "All"}
    scopes = [
        {
            "id": f"/subscriptions/s{n % 3}/providers/Microsoft.Maintenance/configurationAssignments/a{n}",
            "configuration_id": f"{hub}{n % 50}",
            "resource_id": f"/subscriptions/s{n % 3}",
            "filters": {"resourceGroups": [f"rg{n % 50}", f"RG{n % 7}"], "tagSettings": tags},
        }
        for n in range(SCOPES)
    ]
    known = _filled("maintenance_configurations", named)
    shown = estate.derive(_filled("azure_machines", machines))
    assigned = assignments.derive(_filled("configuration_assignments", scopes), known, None)
    schedules = configurations.derive(known, asked_at=ASKED_AT)
    began = process_time()
    chosen = selections.derive(assigned, schedules, shown)
    starts = occurrences.derive(schedules, asked_at=ASKED_AT, lookback=timedelta(days=30))
    scope_funnels.derive(assigned, schedules, starts, shown, asked_at=ASKED_AT)
    schedule_conflicts.derive(schedules, chosen, starts, shown, asked_at=ASKED_AT)
    assert len(chosen) > 100_000
    assert process_time() - began < 30
