"""What frames say of machines of Update Manager: what blocks them, who patches them, which scope is near."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from umdiag.frames import (
    assessment_mode_changes,
    estate,
    extension_blocks,
    hardware_twins,
    near_scopes,
    patch_orchestration,
    reached_machines,
    unscheduled_machines,
)
from umdiag.frames.shared.near_words import near
from umdiag.queries.kql import empty, queries

SUBSCRIPTION = "/subscriptions/s/resourcegroups/rg/providers"
VM, ARC = "microsoft.compute/virtualmachines", "microsoft.hybridcompute/machines"


def machines_of(*said: dict[str, Any], kind: str = VM) -> pd.DataFrame:
    """Return the estate of machines that differ from an empty row in what is said of them."""
    place = {"subscription_id": "s", "resource_group": "rg", "machine_type": kind}
    rows = [
        {"id": f"{SUBSCRIPTION}/{kind}/vm{number}", "name": f"vm{number}"} | place | one
        for number, one in enumerate(said)
    ]
    columns = empty(queries()["azure_machines"])
    frame = pd.DataFrame(rows).reindex(columns=columns.columns)
    return estate.derive(frame.astype({name: columns[name].dtype for name in columns}))


def managed_of(machines: pd.DataFrame, reached: Sequence[bool | None]) -> pd.DataFrame:
    told = {"managed": True, "reached": pd.array(list(reached), dtype="boolean"), "blind": False}
    more = {"computer": machines["name"], "subject_id": machines["resource_id"], "state": "compliant"}
    return machines.assign(**told, **more, critical=0, security=0)


def scopes_of(*tags: dict[str, list[str]], operator: str = "all") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return assignments and configurations: a dynamic scope over everything for each of these tags."""
    lists = {name: [] for name in ("resource_groups", "resource_types", "operating_systems", "locations")}
    rows = [
        {"assignment_id": f"a{place:04}", "configuration_key": "c", "static": False, "machine_key": ""}
        | {"subscription": "s", "scope_group": "", "tags": wanted, "tag_operator": operator}
        | lists
        for place, wanted in enumerate(tags)
    ]
    configurations = pd.DataFrame({"configuration_key": ["c"], "name": ["weekly"], "living": [True]})
    return pd.DataFrame(rows), configurations


@pytest.mark.parametrize(
    ("word", "other", "is_near"),
    [
        ("weekly", "wekly", True),
        ("weekly", "weekyl", True),
        ("prod", "prod-eu", False),
        ("prod", "prod", False),
        ("ring1", "ring2", False),
        ("ring1", "rnig2", False),
        ("ring10", "ring", False),
        ("ab", "abc", False),
        ("abc", "abd", True),
    ],
)
def test_a_near_word_differs_by_two_letters_and_not_in_digits_alone(
    word: str, other: str, is_near: bool
) -> None:
    assert near(word, other) is is_near
    assert near(other, word) is is_near


@pytest.mark.parametrize(
    ("said", "kept_out"),
    [
        ({"extensions_blocked": ["Microsoft.CPlat.Core/WindowsPatchExtension"]}, ["windowspatchextension"]),
        (
            {"extensions_blocked": [{"Publisher": "p", "Type": "WINDOWSOSUPDATEEXTENSION"}]},
            ["windowsosupdateextension"],
        ),
        ({"extensions_allowed": ["Allow/None"]}, ["windowspatchextension", "windowsosupdateextension"]),
        ({"extensions_blocked": "not a list", "extensions_allowed": None}, None),
        ({"extensions_allowed": ["a/windowspatchextension", "windowsosupdateextension"]}, None),
        ({"extensions_blocked": ["x/linuxpatchextension"]}, None),
        ({"extensions_allowed": ["x/other"], "os_type": ""}, None),
    ],
)
def test_lists_of_an_arc_agent_keep_extensions_out(said: dict[str, Any], kept_out: list[str] | None) -> None:
    blocks = extension_blocks.derive(machines_of({"os_type": "windows"} | said, kind=ARC))
    assert list(blocks["blocked_extensions"]) == ([] if kept_out is None else [kept_out])


def test_a_null_setting_blocks_nothing() -> None:
    machines = machines_of({}, {"extension_operations": True, "vm_agent": True}, {"vm_agent": False})
    blocks = extension_blocks.derive(machines)
    assert list(blocks["machine_key"]) == list(machines["machine_key"][2:])


def test_who_patches_a_machine_follows_mode_flag_and_schedule() -> None:
    settings = [
        {"patch_mode": mode, "bypass_checks": bypass}
        for mode in ("AutomaticByPlatform", "AutomaticByOS")
        for bypass in (True, False)
        for _ in range(2)
    ]
    machines = machines_of(*settings, {"patch_mode": "Manual"})
    machines = managed_of(machines, [True, False] * 4 + [None])
    told = patch_orchestration.derive(machines)["patched_by"]
    assert list(told.fillna("?")) == [
        *("schedules", "nobody", "prerequisites_not_met", "platform"),
        *("prerequisites_not_met", "operating_system", "prerequisites_not_met", "operating_system", "?"),
    ]


def test_an_arc_machine_needs_no_setting_for_its_schedule() -> None:
    machines = managed_of(machines_of({}, {}, kind=ARC), [True, False])
    assert list(patch_orchestration.derive(machines)["patched_by"]) == ["schedules", "nobody"]


def test_a_schedule_that_cannot_be_read_reaches_its_machines() -> None:
    selections = pd.DataFrame(
        {
            "machine_key": ["read", "unread", "both", "both", "untold", "over"],
            "living": pd.array([True, None, True, None, None, False], dtype="boolean"),
            "readable": pd.array([True, False, True, False, None, True], dtype="boolean"),
        }
    )
    reached = reached_machines.derive(selections).set_index("machine_key")
    assert reached["reached"].astype(object).where(reached["reached"].notna(), None).to_dict() == {
        "read": True,
        "unread": True,
        "both": True,
        "untold": None,
    }
    assert reached["readable"].to_dict() == {"read": True, "unread": False, "both": True, "untold": False}


def test_a_change_of_all_settings_counts_as_a_change_of_the_setting() -> None:
    path = "properties.osProfile.windowsConfiguration.patchSettings"
    pair = {"previousValue": "null", "newValue": "AutomaticByPlatform"}
    rows = pd.DataFrame(
        {
            "target_id": ["/A", "/B", "/C", "/D"],
            "change_type": ["Update", "Update", "Create", "Update"],
            "changed": pd.to_datetime(["2026-01-01"] * 4, utc=True),
            "changes": [{f"{path}.assessmentMode": pair}, {path: pair}, None, {"tags.patchSettings": pair}],
        }
    )
    changes = assessment_mode_changes.derive(rows).set_index("machine_key")
    assert changes["after"].to_dict() == {"/a": "automaticbyplatform", "/b": None, "/c": None}
    assert changes["before"].to_dict() == {"/a": "", "/b": None, "/c": ""}


def test_one_mistyped_word_is_told_with_what_is_wanted() -> None:
    machines = managed_of(
        machines_of({"tags": {"Patch": "Wekly", "env": "prod"}}, {"tags": {"patch": "wekly", "env": "prd"}}),
        [False, False],
    )
    machines["on"] = True
    found = near_scopes.derive(machines, *scopes_of({"patch": ["weekly"], "env": ["prod"]}))
    assert found[["misspelt", "wanted", "actual"]].values.tolist() == [
        [True, "patch=weekly", "patch=wekly"],
        [False, "patch in (weekly) and env in (prod)", "env=prd, patch=wekly"],
    ]


def test_hardware_ids_are_the_same_with_bytes_swapped() -> None:
    virtual = machines_of({"vm_id": "03020100-0504-0706-0809-0a0b0c0d0e0f"})
    arc = machines_of({"vm_uuid": "00010203-0405-0607-0809-0A0B0C0D0E0F"}, {"vm_uuid": ""}, kind=ARC)
    twins = hardware_twins.derive(pd.concat([virtual, arc], ignore_index=True))
    assert list(twins["machine_key"]) == [arc["machine_key"][0]]
    assert list(twins["others"]) == [[virtual["resource_id"][0]]]


@pytest.mark.slow
def test_a_hundred_thousand_machines_cost_seconds() -> None:
    number = 100_000
    tags = [
        {"patch": f"ring{place % 40}", "env": ("prod", "prd", "test")[place % 3]} for place in range(number)
    ]
    said = [
        {"tags": tag, "vm_uuid": f"{place:08x}-0000-0000-0000-00000000000a"} for place, tag in enumerate(tags)
    ]
    machines = managed_of(machines_of(*said, kind=ARC), [False] * number)
    machines["on"] = True
    assignments, configurations = scopes_of(*[{"patch": [f"wave{n}"], "env": ["prod"]} for n in range(300)])
    start = time.process_time()
    scopes = near_scopes.derive(machines, assignments, configurations)
    unscheduled_machines.derive(machines, None, None, None, scopes, None)
    extension_blocks.derive(machines)
    hardware_twins.derive(machines)
    patch_orchestration.derive(machines)
    assert time.process_time() - start < 30
    assert len(scopes) == number
